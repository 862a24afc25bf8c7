"""Quantiles and ends of many columns by one analyzer, each column's own, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.numeric import Numeric
from components.preprocessing.kinds.polynomial import Polynomial
from components.preprocessing.kinds.spline import Spline
from tests.components.transform import analyse

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

RNG = np.random.default_rng(5)
COUNT = 301
COLUMNS = {
    "low": RNG.normal(-50, 1, COUNT),
    "high": np.where(RNG.random(COUNT) < 0.3, np.nan, RNG.gamma(2, 100, COUNT)),
    "gone": np.full(COUNT, np.nan),
}
FEATURES = {
    f"{name} {kind}": made
    for name in COLUMNS
    for kind, made in {
        "curve": Spline(column=name, knots=5),
        "median": Numeric(column=name, impute="median"),
        "tenth": Buckets(column=name, quantiles=10),
        "powers": Polynomial(column=name, degree=2, orthogonal=True),
    }.items()
}


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    from components.preprocessing.transform_graph import learned_of

    rows = [
        {**{name: [] if np.isnan(x[i]) else [float(x[i])] for name, x in COLUMNS.items()}, "y": [1.0]}
        for i in range(COUNT)
    ]
    return learned_of(analyse(rows, FEATURES, "y", tmp_path_factory.mktemp("transform")), FEATURES)


@pytest.mark.parametrize("name", ["low", "high"])
def test_each_column_has_its_own(learned, name):
    x = COLUMNS[name].astype(np.float32).astype(np.float64)
    there, filled = x[~np.isnan(x)], np.where(np.isnan(x), np.nanmean(x), x)
    knots = learned[f"{name} curve"]["learned"]["knots"]
    assert [knots[0], knots[-1]] == [there.min(), there.max()]
    assert np.abs([(there <= knot).mean() for knot in knots[1:-1]] - np.array([0.25, 0.5, 0.75])).max() < 0.01
    assert abs((there <= learned[f"{name} median"]["fill"]).mean() - 0.5) < 0.01
    boundaries = learned[f"{name} tenth"]["learned"]["boundaries"]
    assert np.abs([(there < end).mean() for end in boundaries] - np.arange(0.1, 1, 0.1)).max() < 0.01
    basis = learned[f"{name} powers"]["learned"]
    z = (filled - basis["centre"]) / basis["spread"]
    orthonormal = np.vander(z, 3, increasing=True) @ np.array(basis["basis"]).T
    np.testing.assert_allclose(orthonormal.T @ orthonormal / COUNT, np.eye(3), atol=1e-6)


def test_a_column_without_values_does_not_touch_the_others(learned):
    assert learned["gone tenth"]["learned"]["boundaries"] == []
    assert learned["gone median"]["fill"] == learned["gone curve"]["fill"] == 0
    assert np.isfinite(learned["gone powers"]["learned"]["basis"]).all()
