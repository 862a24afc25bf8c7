"""Elastic nets on a triangular factor: beside scikit-learn's coordinate descent, and their conditions in 60 digits."""

import mpmath
import numpy as np
import pytest
from sklearn.linear_model import enet_path

from components.linear_model.elastic_net_path import LENGTH, SPAN, PathSolver, default_path, greatest


def _set(rows, columns, seed, twice=0):
    """z-scored columns with some in common, the last ones copies of the first, and a label of which a third of them know."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns)) @ (np.eye(columns) + 0.3 * rng.normal(size=(columns, columns)) / columns**0.5)
    if twice:
        x[:, -twice:] = x[:, :twice]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = x @ np.where(rng.random(columns) < 0.3, rng.normal(size=columns), 0) + 2 * rng.normal(size=rows)
    return x, y - y.mean()


def _path(x, y, ratio):
    """Penalties [m], coefficients [q, m], and the largest residual of the conditions."""
    factor = np.linalg.qr(np.column_stack([x, y]))[1]
    columns, label = factor[:, :-1], factor[:, -1]
    solver = PathSolver(columns, label, float(len(y)), ratio)
    alphas = default_path(greatest(columns, label, float(len(y)), ratio))
    found, kkt = [], []
    for alpha in alphas:
        found.append(solver.solve(alpha))
        kkt.append(solver.kkt)
    return alphas, np.array(found).T, max(kkt)


def _peer(x, y, ratio, alphas):
    return enet_path(x, y, l1_ratio=ratio, alphas=alphas, tol=1e-15, max_iter=1_000_000)[1]


@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.05])
@pytest.mark.parametrize(("rows", "columns"), [(200, 20), (200, 60), (40, 40), (30, 60), (50, 1)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_path_is_that_of_coordinate_descent(rows, columns, ratio):
    x, y = _set(rows, columns, seed=rows + columns)
    alphas, found, kkt = _path(x, y, ratio)
    assert kkt < 1e-11
    np.testing.assert_allclose(found, _peer(x, y, ratio, alphas), rtol=0, atol=1e-10)
    assert len(alphas) == LENGTH
    assert alphas[-1] == pytest.approx(SPAN * alphas[0], rel=1e-12)
    assert not found[:, 0].any()
    assert found[:, 1].any()


def test_equal_columns_share_a_coefficient_unless_it_is_a_lasso():
    x, y = _set(200, 30, seed=1, twice=10)
    _, found, kkt = _path(x, y, 0.5)
    assert kkt < 1e-11
    np.testing.assert_allclose(found[-10:], found[:10], rtol=0, atol=1e-12)
    _, found, kkt = _path(x, y, 1.0)
    assert kkt < 1e-11
    together = np.concatenate([found[:10] + found[-10:], found[10:-10]])
    np.testing.assert_allclose(together, _path(x[:, :-10], y, 1.0)[1], rtol=0, atol=1e-12)
    assert not (found[-10:] * found[:10]).any()


def test_a_lasso_exchanges_columns_where_no_more_are_independent():
    """Sets of 8 rows: columns enter while 7 have a coefficient, and each must leave for another one."""
    exchanged = 0
    for seed in range(20):
        x, y = _set(8, 40, seed)
        _, found, kkt = _path(x, y, 1.0)
        assert kkt < 1e-10
        there = found != 0
        assert there.sum(axis=0).max() <= 7
        full = there[:, there.sum(axis=0) == 7]
        exchanged += int((full[:, 1:] != full[:, :-1]).any(axis=0).sum())
    assert exchanged > 5


def test_the_conditions_hold_in_sixty_digits():
    """α times the sign where there is a coefficient, and no more elsewhere, in exact arithmetic on the stored doubles."""
    x, y = _set(60, 12, seed=3)
    factor = np.linalg.qr(np.column_stack([x, y]))[1]
    columns, label = factor[:, :-1], factor[:, -1]
    with mpmath.workdps(60):
        exact, z = mpmath.matrix(columns.tolist()), mpmath.matrix(label.tolist())
        for ratio in (1.0, 0.3):
            solver = PathSolver(columns, label, 60.0, ratio)
            for alpha in (0.5, 0.1, 0.01):
                beta = mpmath.matrix(solver.solve(alpha).tolist())
                bound, ridge = mpmath.mpf(60 * alpha * ratio), mpmath.mpf(60 * alpha * (1 - ratio))
                gradient = exact.T * (z - exact * beta) - ridge * beta
                off = [
                    abs(g - bound * mpmath.sign(b)) if b else max(abs(g) - bound, 0)
                    for g, b in zip(gradient, beta, strict=True)
                ]
                assert max(off) / bound < 1e-12
                assert float(max(off) / bound) == pytest.approx(solver.kkt, abs=1e-12)


def test_nearly_dependent_columns_keep_their_digits():
    """Of a condition number of 10⁷ the normal equations leave 2 digits; solved in 60 digits for the columns and signs found."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(100, 3))
    x = np.column_stack([x, x[:, 0] + 1e-7 * rng.normal(size=100)])
    y = x[:, 0] * 1e7 - x[:, 3] * 1e7 + x[:, 1] + 0.1 * rng.normal(size=100)
    x, y = x - x.mean(axis=0), y - y.mean()
    factor = np.linalg.qr(np.column_stack([x, y]))[1]
    columns, label = factor[:, :-1], factor[:, -1]
    alpha = 1e-12 * greatest(columns, label, 100.0, 1.0)
    solver = PathSolver(columns, label, 100.0, 1.0)
    for step in np.geomspace(greatest(columns, label, 100.0, 1.0), alpha, 40):
        found = solver.solve(step)
    assert (found != 0).all()
    with mpmath.workdps(60):
        exact, z = mpmath.matrix(columns.tolist()), mpmath.matrix(label.tolist())
        signs = mpmath.matrix(np.sign(found).tolist())
        beta = mpmath.lu_solve(exact.T * exact, exact.T * z - mpmath.mpf(100 * alpha) * signs)
        assert max(abs((b - f) / b) for b, f in zip(beta, found.tolist(), strict=True)) < 1e-7


def test_nothing_to_fit_is_a_path_of_one():
    assert default_path(0.0).tolist() == [1.0]
    solver = PathSolver(np.zeros((3, 2)), np.zeros(3), 3.0, 0.5)
    assert solver.solve(1.0).tolist() == [0.0, 0.0]
    assert solver.kkt == 0.0
    assert PathSolver(np.zeros((3, 0)), np.ones(3), 3.0, 0.5).solve(1.0).tolist() == []
    assert greatest(np.zeros((3, 0)), np.ones(3), 3.0, 0.5) == 0.0
