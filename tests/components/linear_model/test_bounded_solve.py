"""Bounded fits from factors beside scipy on the rows, and beside statsmodels with what is held taken as known."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import lsq_linear
from sklearn.isotonic import IsotonicRegression

from components.errors import DataError
from components.linear_model.bounded import Bounds
from components.linear_model.bounded_solve import BoundedProblem
from components.linear_model.factors import TriangularFactor
from components.linear_model.inference import LeastSquaresFit
from components.linear_model.solve import Problem, Settings
from tests.components.bounded_fits import PATHS, Rowwise, certificate, fit_within

INF = np.inf
G = np.random.default_rng(5)
X = np.column_stack([np.ones(300), G.normal(size=(300, 5)) @ (np.eye(5) + 0.3)])
Y = X @ [1.0, 2.0, -0.3, 0.1, 0.5, 0.0] + G.normal(size=300)
FOLD = np.arange(300) % 5
BOUNDS = Bounds.simple(np.array([-INF, 0.0, 0.0, -INF, -INF, -INF]), np.array([INF, INF, INF, INF, 0.2, INF]))
HELD, FREE = [2, 4], [0, 1, 3, 5]


def by_scipy(x, y, bounds=BOUNDS):
    return lsq_linear(x, y, (bounds.low, bounds.high), method="bvls", tol=1e-15).x


def test_the_fit_is_statsmodels_with_what_is_held_taken_as_known():
    weights = np.random.default_rng(6).uniform(0.2, 3.0, 300)
    found = fit_within(Rowwise(X, Y, weights), BOUNDS)
    oracle = sm.WLS(Y - X[:, HELD] @ [0.0, 0.2], X[:, FREE], weights).fit()
    assert found.bounds.columns == HELD and found.coefficients[HELD].tolist() == [0.0, 0.2]
    assert found.coefficients[FREE] == pytest.approx(oracle.params, rel=1e-11)
    assert found.standard_errors[FREE] == pytest.approx(oracle.bse, rel=1e-11)
    assert np.isnan(found.covariance[HELD]).all() and np.isnan(found.p_values[HELD]).all()
    assert found.confidence_intervals()[FREE] == pytest.approx(oracle.conf_int(), rel=1e-10)
    assert (found.rank, found.degrees_of_freedom) == (4, oracle.df_resid)
    assert found.residual_sum_of_squares == pytest.approx(oracle.ssr, rel=1e-12)
    assert found.bounds.kkt < 1e-15
    again = LeastSquaresFit.from_json(found.to_json(), found.covariance)
    assert again.bounds == found.bounds


def test_bounds_that_hold_nothing_change_nothing():
    wide = Bounds.simple(np.full(6, -50.0), np.full(6, 50.0))
    found = fit_within(Rowwise(X, Y, fold=FOLD), wide, l2=2.0)
    factors = [TriangularFactor(found.names, intercept=True).add(X[FOLD == at], Y[FOLD == at]) for at in range(5)]
    plain = Problem(factors, Settings(l2=2.0)).fit()
    assert found.bounds.held == []
    assert found.coefficients == pytest.approx(plain.coefficients, rel=1e-12)
    assert found.covariance == pytest.approx(plain.covariance, rel=1e-11, abs=1e-16)
    assert [found.degrees_of_freedom, found.cv_error] == pytest.approx(
        [plain.degrees_of_freedom, plain.cv_error], rel=1e-12
    )
    assert found.rank == plain.rank


@pytest.mark.parametrize("l2", [0.0, 30.0])
def test_every_fold_is_solved_within_the_bounds(l2):
    found = fit_within(Rowwise(X, Y, fold=FOLD), BOUNDS, l2=l2)
    below = np.sqrt(l2) * np.diag([0.0, *[1.0] * 5])
    error = 0.0
    for at in range(5):
        train, test = at != FOLD, at == FOLD
        beta = by_scipy(np.vstack([X[train], below]), np.append(Y[train], np.zeros(6)))
        error += float(np.sum((Y[test] - X[test] @ beta) ** 2))
    assert found.cv_error == pytest.approx(error / 300, rel=1e-12)
    assert found.coefficients == pytest.approx(
        by_scipy(np.vstack([X, below]), np.append(Y, np.zeros(6))), rel=1e-10, abs=1e-14
    )
    assert len(found.ridge_path) == 1


def test_auto_takes_the_penalty_of_the_least_held_out_error():
    g = np.random.default_rng(8)
    x = np.column_stack([np.ones(60), g.normal(size=(60, 25))])
    y = x[:, 1:4].sum(axis=1) + 3 * g.normal(size=60)
    bounds = Bounds.simple(np.array([-INF, *[0.0] * 25]), np.full(26, INF))
    found = fit_within(Rowwise(x, y, fold=np.arange(60) % 4), bounds, l2="auto")
    assert len(found.ridge_path) == 50 and found.penalty_rule.startswith("of 49 penalties the best lowers")
    at = next(entry for entry in found.ridge_path if entry["l2"] == found.penalty)
    assert at["cv_error"] == min(entry["cv_error"] for entry in found.ridge_path) == found.cv_error
    below = np.sqrt(found.penalty) * np.diag([0.0, *[1.0] * 25])
    error = 0.0
    for fold in range(4):
        train, test = np.arange(60) % 4 != fold, np.arange(60) % 4 == fold
        beta = by_scipy(np.vstack([x[train], below]), np.append(y[train], np.zeros(26)), bounds)
        error += float(np.sum((y[test] - x[test] @ beta) ** 2))
    assert found.cv_error == pytest.approx(error / 60, rel=1e-10)
    assert found.degrees_of_freedom > 60 - found.rank


def test_levels_in_order_alone_are_isotonic_regression():
    g = np.random.default_rng(9)
    level, weights = g.integers(0, 12, 400), g.uniform(0.1, 4, 400)
    y = np.sqrt(level) + 2 * g.normal(size=400)
    x = np.column_stack([np.ones(400), *(level == index for index in range(1, 12))]).astype(float)
    bounds = Bounds(np.array([-INF, *[0.0] * 11]), np.full(12, INF), np.array([-1, -1, *range(1, 11)]))
    found = fit_within(Rowwise(x, y, weights), bounds)
    by = IsotonicRegression().fit(level, y, sample_weight=weights).predict(np.arange(12))
    assert found.coefficients[0] + np.append(0.0, found.coefficients[1:]) == pytest.approx(by, rel=1e-12)
    assert found.bounds.held
    assert found.rank == len(np.unique(by.round(10)))


def test_a_level_that_a_fold_alone_has_does_not_disturb_the_others():
    """Its column is empty in that fold's training rows; what it would be there is any number between its neighbours."""
    level = np.repeat([0, 1, 2, 3], 25)
    fold = np.where(level == 2, 0, np.arange(100) % 4)
    y = np.array([0.0, 2.0, 1.0, 3.0])[level] + np.random.default_rng(10).normal(size=100)
    x = np.column_stack([np.ones(100), level == 1, level == 2, level == 3]).astype(float)
    bounds = Bounds(np.array([-INF, 0.0, 0.0, 0.0]), np.full(4, INF), np.array([-1, -1, 1, 2]))
    found = fit_within(Rowwise(x, y, fold=fold), bounds)
    factors = [TriangularFactor(list("icde"), intercept=True).add(x[fold == at], y[fold == at]) for at in range(4)]
    without = BoundedProblem(factors, Settings(bounds=bounds)).without_folds()
    train = (fold != 0) & (level != 2)
    by = IsotonicRegression().fit(level[train], y[train]).predict([0, 1, 3])
    assert without[0, 0] + np.array([0.0, without[0, 1], without[0, 3]]) == pytest.approx(by, rel=1e-12)
    assert without[0, 1] <= without[0, 2] <= without[0, 3]
    assert found.cv_error is not None and found.bounds.columns == [2]


def test_a_column_that_others_give_can_have_no_bound_without_a_penalty():
    x = np.column_stack([X, X[:, 1] - X[:, 2]])
    bounds = Bounds.simple(np.append(BOUNDS.low, 0.0), np.append(BOUNDS.high, INF))
    for l2 in (0.0, "auto"):
        with pytest.raises(
            DataError, match=r"model\.constraints: x6 = x1 − x2, so that it has no coefficient of its own"
        ):
            fit_within(Rowwise(x, Y, fold=FOLD), bounds, l2=l2)
    found = fit_within(Rowwise(x, Y), bounds, l2=1.0)
    below = np.diag([0.0, *[1.0] * 6])
    assert found.coefficients == pytest.approx(
        by_scipy(np.vstack([x, below]), np.append(Y, np.zeros(7)), bounds), rel=1e-8, abs=1e-12
    )
    flat = np.column_stack([X, np.zeros(300)])
    with pytest.raises(DataError, match="x6 is 0 in every training row, so that it has no coefficient"):
        fit_within(Rowwise(flat, Y), bounds, l2=1.0)


def test_there_are_sets_of_60_digits():
    assert len(PATHS) == 9
    assert {certificate(name).family for name in PATHS} >= {"gaussian", "binomial", "poisson", "gamma"}


@pytest.mark.parametrize("name", PATHS)
def test_digits_are_those_of_60_digit_solutions(name):
    """Of least squares and of Newton's families, levels in order among them; a collinear set (10⁻⁶) and one of years too."""
    data = certificate(name)
    found = fit_within(data.rows, data.bounds, data.family)
    assert found.bounds.columns == data.held
    free = ~np.isnan(data.errors)
    apart = np.abs(found.coefficients - data.coefficients)[free] / data.errors[free]
    assert apart.max() < 1e-12
    assert found.coefficients == pytest.approx(data.coefficients, rel=1e-12)
    assert found.standard_errors[free] == pytest.approx(data.errors[free], rel=1e-12)
    assert np.isnan(found.standard_errors[~free]).all()
    assert found.bounds.kkt < 1e-10


@pytest.mark.parametrize("name", ["longley", "monotone_weights", "logit", "poisson_monotone"])
def test_the_certificates_are_what_their_script_makes_of_the_stored_values(name):
    from tests.data.bounded import make

    data = certificate(name)
    given = make.Given(
        data.family, data.rows.x, data.rows.y, data.bounds.low.tolist(), data.bounds.high.tolist(),
        data.bounds.after.tolist(), data.rows.weights, data.rows.offset,
    )  # fmt: skip
    solved = make.solve(given)
    assert [float(value) for value in solved.beta] == data.coefficients.tolist()
    assert np.flatnonzero(solved.sides).tolist() == data.held
    assert [value is None for value in solved.errors] == np.isnan(data.errors).tolist()
