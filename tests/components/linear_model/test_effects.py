import numpy as np
import pytest

from components.linear_model.absorbed_covariance import AbsorbedCovariance
from components.linear_model.absorbed_factor import AbsorbedFactor, Levels
from components.linear_model.effects import contrast_variance, variance_shares
from components.linear_model.factors import TriangularFactor

ROWS, LEVELS = 500, 7


def table(seed):
    random = np.random.default_rng(seed)
    x = random.normal(size=(ROWS, 3)) @ random.normal(size=(3, 3)) + [5.0, 0.0, -2.0]
    ids = random.integers(0, LEVELS, ROWS)
    x[:, 0] += ids
    return x, ids, random.normal(size=ROWS), random.uniform(0.5, 2.0, ROWS), random.normal(size=1 + LEVELS + 3)


def by_definition(design, weights, coefficients):
    """Cov(x_j·b_j, η)/Var(η) of rows that weigh so much."""
    eta = design @ coefficients
    eta -= np.average(eta, weights=weights)
    parts = [(weights * values * eta).sum() for values in (design * coefficients).T]
    return np.array([0.0, *(np.array(parts) / (weights * eta**2).sum())[1:]])


@pytest.mark.parametrize("seed", range(3))
def test_shares_are_covariances_with_the_linear_predictor(seed):
    x, ids, y, weights, coefficients = table(seed)
    dense = np.column_stack([np.ones(ROWS), np.eye(LEVELS)[ids], x])
    names = [f"c{place}" for place in range(dense.shape[1])]
    factor = TriangularFactor(names, intercept=True)
    factor.add(dense[:, 1:], y, weights)
    expected = by_definition(dense, weights, coefficients)
    np.testing.assert_allclose(variance_shares(factor, coefficients), expected, rtol=1e-9, atol=1e-12)
    assert variance_shares(factor, coefficients).sum() == pytest.approx(1.0)
    absorbed = AbsorbedFactor(names, Levels("level", 1, LEVELS)).add(ids, x, y, weights)
    np.testing.assert_allclose(variance_shares(absorbed, coefficients), expected, rtol=1e-9, atol=1e-12)


def test_no_variance_has_no_shares():
    x, _, y, _, _ = table(0)
    factor = TriangularFactor(["(intercept)", "a", "b", "c"], intercept=True)
    factor.add(x, y)
    assert np.isnan(variance_shares(factor, np.zeros(4))).all()


def test_the_variance_of_a_difference():
    random = np.random.default_rng(1)
    rows, inner = random.normal(size=(5, 2)), np.diag([2.0, 3.0])
    absorbed = AbsorbedCovariance(np.array([0.0, 1.0, 2.0, 3.0, 0.0]), rows, inner)
    for one, other in ((1, 2), (1, 4), (3, 2)):
        apart = np.eye(5)[one] - np.eye(5)[other]
        expected = apart @ absorbed.dense() @ apart
        assert contrast_variance(absorbed, one, other) == pytest.approx(expected)
        assert contrast_variance(absorbed.dense(), one, other) == pytest.approx(expected)
