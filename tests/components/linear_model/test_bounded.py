"""Bounded least squares beside scipy's and scikit-learn's, whose methods are others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import lsq_linear, nnls
from sklearn.isotonic import IsotonicRegression

from components.linear_model.bounded import NONE, Bounds, bounded_step, kkt_residual, solve_bounded

INF = np.inf


def drawn(seed):
    """A matrix of columns of very different sizes, a label, and bounds of which about half hold."""
    g = np.random.default_rng(seed)
    columns = int(g.integers(1, 12))
    matrix = g.normal(size=(columns + int(g.integers(1, 30)), columns)) * 10.0 ** g.uniform(-3, 3, columns)
    label = g.normal(size=len(matrix))
    free = np.linalg.lstsq(matrix, label, rcond=None)[0]
    low = np.where(g.random(columns) < 0.6, free + g.normal(size=columns) * np.abs(free), -INF)
    high = np.where(g.random(columns) < 0.6, np.maximum(low, free) + np.abs(g.normal(size=columns) * free), INF)
    return matrix, label, Bounds.simple(low, high)


def squares(matrix, label, beta):
    return float(np.sum((label - matrix @ beta) ** 2))


def chain(length):
    """β₀ free, each other at least the one before it."""
    return Bounds(np.array([-INF, *[0.0] * (length - 1)]), np.full(length, INF), np.arange(length) - 1)


@given(st.integers(0, 10**6))
def test_the_error_is_scipys_and_the_certificate_says_so(seed):
    matrix, label, bounds = drawn(seed)
    sizes = np.linalg.norm(matrix, axis=0)
    by = lsq_linear(
        matrix / sizes, label, (bounds.low * sizes, bounds.high * sizes), method="bvls", tol=1e-15, max_iter=999
    )
    for start in (None, np.zeros(len(sizes)), by.x / sizes):
        found = solve_bounded(matrix, label, bounds, start)
        assert (found.beta >= bounds.low).all() and (found.beta <= bounds.high).all()
        assert squares(matrix, label, found.beta) <= squares(matrix, label, by.x / sizes) * (1 + 1e-12) + 1e-14
        assert (
            kkt_residual(matrix, label, 0.0, bounds, found.beta) < 1e-7
        )  # of labels that are nearly fitted; else 1e-15
        assert found.held.tolist() == bounds.held(found.beta).tolist()


def test_coefficients_are_those_of_non_negative_least_squares():
    g = np.random.default_rng(1)
    matrix, label = g.normal(size=(80, 9)), g.normal(size=80)
    found = solve_bounded(matrix, label, Bounds.simple(np.zeros(9), np.full(9, INF)))
    assert found.beta == pytest.approx(nnls(matrix, label)[0], rel=1e-12, abs=1e-14)
    assert 0 < found.held.sum() < 9
    assert kkt_residual(matrix, label, 0.0, Bounds.simple(np.zeros(9), np.full(9, INF)), found.beta) < 1e-15


@pytest.mark.parametrize("start", [None, np.zeros(40), np.arange(40.0)])
def test_levels_in_order_are_isotonic_regression(start):
    g = np.random.default_rng(2)
    label, weight = np.sort(g.normal(size=40)) + g.normal(size=40), g.uniform(0.1, 5, 40)
    matrix = np.diag(np.sqrt(weight))
    found = solve_bounded(matrix, np.sqrt(weight) * label, chain(40), start)
    by = IsotonicRegression().fit_transform(np.arange(40), label, sample_weight=weight)
    assert found.beta == pytest.approx(by, rel=1e-13, abs=1e-14)
    assert (np.diff(found.beta)[found.held[1:]] == 0).all()  # to the last bit
    assert kkt_residual(matrix, np.sqrt(weight) * label, 0.0, chain(40), found.beta) < 1e-15


def test_the_certificate_tells_what_is_no_optimum():
    matrix, label, bounds = np.eye(3), np.array([3.0, -1.0, 4.0]), Bounds.simple(np.zeros(3), np.full(3, INF))
    assert kkt_residual(matrix, label, 0.0, bounds, np.array([3.0, 0.0, 4.0])) == 0
    assert kkt_residual(matrix, label, 0.0, bounds, np.array([3.0, 0.0, 0.0])) == pytest.approx(
        4 / np.sqrt(17)
    )  # held in vain
    assert kkt_residual(matrix, label, 0.0, bounds, np.array([2.0, 0.0, 4.0])) == pytest.approx(1 / np.sqrt(2))
    assert kkt_residual(matrix, label, 7.0, bounds, np.array([2.0, 0.0, 4.0])) == pytest.approx(1 / np.sqrt(51))
    upper = Bounds.simple(np.full(3, -INF), np.array([9.0, -1.0, 2.0]))
    assert kkt_residual(matrix, label, 0.0, upper, np.array([3.0, -1.0, 2.0])) == 0
    assert kkt_residual(matrix, label, 0.0, upper, np.array([3.0, -2.0, 2.0])) > 0.4


def test_two_equal_columns_have_the_least_error_whatever_either_may_be():
    """What one column is not allowed, its twin takes: that it depends on the other is no reason to leave it where it is."""
    column = np.arange(1.0, 7.0)
    matrix, label = np.column_stack([column, column, np.zeros(6)]), 2.5 * column
    bounds = Bounds.simple(np.array([0.0, 0.0, -INF]), np.array([1.0, 2.0, INF]))
    for start in (None, np.zeros(3), np.array([0.5, 1.0, 7.0])):
        found = solve_bounded(matrix, label, bounds, start)
        assert found.beta[:2].sum() == pytest.approx(2.5, rel=1e-14)
        assert kkt_residual(matrix, label, 0.0, bounds, found.beta) < 1e-15
    free = Bounds.simple(np.array([-INF, 3.0, -INF]), np.full(3, INF))
    assert solve_bounded(matrix, label, free).beta.tolist() == pytest.approx([-0.5, 3.0, 0.0])


def test_one_number_is_all_that_equal_bounds_allow():
    matrix, label, _ = drawn(3)
    width = matrix.shape[1]
    bounds = Bounds.simple(np.full(width, 0.25), np.full(width, 0.25))
    found = solve_bounded(matrix, label, bounds)
    assert (found.beta == 0.25).all() and found.held.all()
    assert kkt_residual(matrix, label, 0.0, bounds, found.beta) == 0


def test_differences_are_of_columns_in_any_order():
    """Columns 2 and 0 come after 1, and 3 after 0."""
    bounds = Bounds(np.array([-1.0, -INF, 0.0, 0.5]), np.array([0.0, INF, INF, 0.5]), np.array([1, NONE, 1, 0]))
    gamma = np.array([-0.5, 2.0, 1.0, 0.5])
    assert bounds.beta(gamma).tolist() == [1.5, 2.0, 3.0, 2.0]
    assert bounds.gamma(bounds.beta(gamma)).tolist() == gamma.tolist()
    assert bounds.of([1, 3, 0]).after.tolist() == [NONE, 2, 0]
    assert bounds.constrained.tolist() == [True, False, True, True]
    with pytest.raises(ValueError, match=r"columns \[0\] are left out, and others are counted from them"):
        bounds.of([1, 3])
    g = np.random.default_rng(4)
    matrix, label = g.normal(size=(30, 4)), g.normal(size=30)
    found = solve_bounded(matrix, label, bounds)
    summed = np.column_stack([matrix[:, 0] + matrix[:, 3], matrix.sum(axis=1), matrix[:, 2], matrix[:, 3]])
    high = np.where(bounds.low == bounds.high, bounds.high + 1e-13, bounds.high)  # scipy's must be apart
    by = lsq_linear(summed, label, (bounds.low, high), method="bvls", tol=1e-15)
    assert found.gamma == pytest.approx(by.x, rel=1e-10, abs=1e-12)


def test_a_step_ends_exactly_on_the_bound_from_anywhere():
    bounds = Bounds.simple(np.array([0.1, -INF]), np.array([INF, 0.3]))
    leads = bounded_step(np.eye(2), np.array([-5.0, 5.0]), bounds, np.array([0.7, -0.1]))
    assert leads.tolist() == [0.1, 0.3]
    assert bounded_step(np.eye(2), np.array([-0.25, 0.0]), bounds, np.array([0.75, -0.1])).tolist() == [0.5, -0.1]


def test_any_coefficients_are_brought_within_bounds():
    bounds = chain(4)
    assert bounds.feasible(np.array([1.0, 0.0, 2.0, 1.5])).tolist() == [1.0, 1.0, 3.0, 3.0]
    assert bounds.feasible(np.arange(4.0)).tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_direction_without_end_leaves_no_bound():
    bounds = Bounds(np.array([-INF, 0.0, -INF]), np.array([INF, INF, 1.0]), np.array([NONE, 0, NONE]))
    assert bounds.recedes(np.array([-1.0, -1.0, 0.0]))
    assert bounds.recedes(np.array([1.0, 2.0, -3.0]))
    assert not bounds.recedes(np.array([1.0, 0.0, 0.0]))
    assert not bounds.recedes(np.array([0.0, 0.0, 1e-9]))
