"""The test that some coefficients are all 0, by F or by χ²: a feature's, all, or those that one model has beside another's."""

from __future__ import annotations

import dataclasses
import math

from scipy.special import chdtrc, fdtrc


@dataclasses.dataclass(frozen=True)
class JointTest:
    """Of the hypothesis that some coefficients are all 0.

    Attributes:
      statistic: F, or χ² where the dispersion is known (`statistic_name`).
      degrees_of_freedom: how many coefficients.
      p: of a statistic at least as great.
    """

    statistic: float
    degrees_of_freedom: int
    p: float


def statistic_name(residual: float) -> str:
    """What the statistic is called, by the residuals' degrees of freedom (`Fitted.test_degrees_of_freedom`)."""
    return "χ²" if math.isinf(residual) else "F"


def joint_test(explained: float, variance: float, degrees_of_freedom: int, residual: float) -> JointTest:
    """That some coefficients are all 0.

    Args:
      explained: what they take from the residual sum of squares, or from the deviance.
      variance: of the residuals, or the dispersion.
      degrees_of_freedom: how many coefficients.
      residual: degrees of freedom of the variance's estimate; infinite where it is known.
    """
    statistic = quotient(explained, variance)
    if math.isinf(residual):
        return JointTest(statistic, degrees_of_freedom, float(chdtrc(degrees_of_freedom, statistic)))
    if residual <= 0:
        return JointTest(math.nan, degrees_of_freedom, math.nan)
    statistic /= degrees_of_freedom
    return JointTest(statistic, degrees_of_freedom, float(fdtrc(degrees_of_freedom, residual, statistic)))


def quotient(part: float, whole: float) -> float:
    """Part by whole: infinite or NaN where a fit without residuals leaves nothing to divide by."""
    if whole:
        return part / whole
    return math.inf if part > 0 else math.nan
