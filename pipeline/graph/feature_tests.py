"""Tests of whole features as a run's summary keeps them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import BaseModel

if TYPE_CHECKING:
    from components.linear_model.joint_test import JointTest
    from components.linear_model.linear_fit import LinearFit


class Joint(BaseModel):
    """That some coefficients are all 0.

    Attributes:
      statistic: F or χ² (`FeatureTests.statistic`); None where there is no finite one.
      degrees_of_freedom: how many coefficients.
      p: None where there is none.
    """

    statistic: float | None
    degrees_of_freedom: int
    p: float | None


class WholeFeature(BaseModel):
    """All columns of a feature together; figures as of `components.linear_model.feature_tests.FeatureTest`."""

    feature: str
    test: Joint | None
    partial_r_squared: float | None
    gvif: float | None
    gvif_root: float | None


class FeatureTests(BaseModel):
    """The tests of a regression.

    Attributes:
      statistic: what it is called: `F`, or `χ²` where the dispersion is known.
      residual: degrees of freedom of the residuals, by which F is tested; None of χ².
      features: in the configuration's order.
      overall: of all coefficients but the intercept; None without any.
      because: why there are no tests; None where there are.
    """

    statistic: str
    residual: float | None
    features: list[WholeFeature]
    overall: Joint | None
    because: str | None


def read_tests(found: LinearFit) -> FeatureTests:
    """The tests of a fit."""
    from components.linear_model.feature_tests import feature_tests
    from components.linear_model.joint_test import statistic_name

    tests = feature_tests(found)
    residual = found.fit.test_degrees_of_freedom
    return FeatureTests(
        statistic=statistic_name(residual),
        residual=finite(residual),
        features=[
            WholeFeature(
                feature=one.feature,
                test=None if one.test is None else joint(one.test),
                partial_r_squared=finite(one.partial_r_squared),
                gvif=finite(one.gvif),
                gvif_root=finite(one.gvif_root),
            )
            for one in tests.features
        ],
        overall=None if tests.overall is None else joint(tests.overall),
        because=tests.because,
    )


def finite(value: float | None) -> float | None:
    """None for what JSON has no number for."""
    return None if value is None or not math.isfinite(value) else float(value)


def joint(test: JointTest) -> Joint:
    """A test as it is kept."""
    return Joint(statistic=finite(test.statistic), degrees_of_freedom=test.degrees_of_freedom, p=finite(test.p))
