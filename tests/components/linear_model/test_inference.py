import numpy as np
import pytest

from components.linear_model import LeastSquaresFit, fit

X = np.random.default_rng(0).normal(size=(30, 2))
FOUND = fit(X, X @ [1.0, -2.0] + 0.1 * X[:, 0] ** 2, names=["a", "b"], folds=3)


def test_json_round_trip():
    again = LeastSquaresFit.from_json(FOUND.to_json(), FOUND.covariance)
    assert again.to_json() == FOUND.to_json()
    assert again.covariance is FOUND.covariance


def test_as_many_rows_as_coefficients_leave_no_freedom():
    found = fit(X[:3], X[:3] @ [1.0, -2.0])
    assert found.degrees_of_freedom == 0
    assert np.isnan(found.sigma)
    assert np.isnan(found.adjusted_r_squared)
    assert np.isnan(found.standard_errors).all()
    assert found.coefficients == pytest.approx([0.0, 1.0, -2.0], abs=1e-12)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_is_between_0_and_1(level):
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        FOUND.confidence_intervals(level)
