"""Maximum likelihood within bounds, beside statsmodels of the active set, L-BFGS-B, and every set tried for every fold."""

import itertools

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from sklearn.metrics import f1_score

from components.errors import DataError
from components.linear_model.arrays import Rows
from components.linear_model.bounded import Bounds
from components.linear_model.factors import TriangularFactor
from components.linear_model.likelihood import Likelihood
from components.linear_model.newton import NoMaximum
from components.linear_model.solve import Settings
from tests.components.bounded_fits import Rowwise, fit_within
from tests.components.fits import ORACLES

INF = np.inf
G = np.random.default_rng(7)
X = np.column_stack([np.ones(900), G.normal(size=(900, 3)), G.normal(size=900)])
ETA = -0.5 + X[:, 1:] @ [0.6, -0.1, 0.3, 0.1]
FOLD = np.arange(900) % 3
LABELS = {
    "binomial": (G.random(900) < 1 / (1 + np.exp(-ETA))) * 1.0,
    "binomial(link=probit)": (ETA > G.normal(size=900)) * 1.0,
    "binomial(link=cloglog)": (G.random(900) < -np.expm1(-np.exp(ETA))) * 1.0,
    "poisson": G.poisson(np.exp(ETA)) * 1.0,
    "gamma": np.exp(ETA) * G.gamma(2.0, 0.5, 900),
    "tweedie": np.exp(ETA) * np.where(G.random(900) < 0.4, 0.0, G.gamma(2.0, 0.5, 900)),
}
BOUNDS = Bounds.simple(np.array([-INF, 0.0, 0.0, -INF, -INF]), np.array([INF, INF, INF, 0.125, INF]))
HELD, FREE, VALUES = [2, 3], [0, 1, 4], [0.0, 0.125]
SIDES = {2: 0.0, 3: 0.125}


def of_set(family, rows, held):
    """statsmodels' fit of some rows, some columns held."""
    free = [column for column in range(5) if column not in held]
    offset = X[rows][:, held] @ [SIDES[column] for column in held] if held else None
    found = sm.GLM(LABELS[family][rows], X[rows][:, free], ORACLES[family], offset=offset).fit(tol=1e-14, maxiter=200)
    beta = np.zeros(5)
    beta[free], beta[held] = found.params, [SIDES[column] for column in held]
    return beta, found


@pytest.mark.parametrize("family", LABELS)
def test_the_fit_is_statsmodels_with_what_is_held_taken_as_known(family):
    found = fit_within(Rowwise(X, LABELS[family]), BOUNDS, family)
    beta, oracle = of_set(family, slice(None), HELD)
    assert found.bounds.columns == HELD and found.coefficients[HELD].tolist() == VALUES
    assert found.coefficients[FREE] == pytest.approx(beta[FREE], rel=1e-8, abs=1e-9)
    assert found.standard_errors[FREE] == pytest.approx(oracle.bse, rel=1e-6)
    assert np.isnan(found.standard_errors[HELD]).all()
    assert [found.deviance, found.degrees_of_freedom] == pytest.approx([oracle.deviance, oracle.df_resid], rel=1e-10)
    assert found.dispersion == pytest.approx(oracle.scale, rel=1e-8)
    assert found.bounds.kkt < 1e-12 and found.decrement < 1e-9
    assert found.rank == 3


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_no_other_coefficients_within_the_bounds_are_likelier(family):
    y = LABELS[family]

    def loss(beta):
        eta = X @ beta
        terms = np.logaddexp(0, eta) - y * eta if family == "binomial" else np.exp(eta) - y * eta
        mean = 1 / (1 + np.exp(-eta)) if family == "binomial" else np.exp(eta)
        return terms.sum(), X.T @ (mean - y)

    pairs = list(zip(BOUNDS.low, BOUNDS.high, strict=True))
    by = minimize(loss, np.zeros(5), jac=True, method="L-BFGS-B", bounds=pairs, options={"ftol": 1e-16, "gtol": 1e-10})
    found = fit_within(Rowwise(X, y), BOUNDS, family)
    assert found.coefficients == pytest.approx(by.x, rel=1e-5, abs=1e-6)
    assert loss(found.coefficients)[0] <= by.fun + 1e-12 * abs(by.fun)


def likeliest(family, rows):
    """Of all sets of bounds that may hold the likeliest coefficients that keep the others, by statsmodels."""
    sets = [
        [column for column, on in zip(SIDES, which, strict=True) if on] for which in itertools.product((0, 1), repeat=2)
    ]
    fits = [of_set(family, rows, held) for held in sets]
    kept = [(fit.deviance, beta) for beta, fit in fits if (BOUNDS.low <= beta).all() and (beta <= BOUNDS.high).all()]
    return min(kept, key=lambda pair: pair[0])[1]


@pytest.mark.parametrize("family", ["binomial", "poisson", "gamma"])
def test_every_fold_is_solved_within_the_bounds(family):
    found = fit_within(Rowwise(X, LABELS[family], fold=FOLD), BOUNDS, family)
    deviance = 0.0
    for fold in range(3):
        test = fold == FOLD
        mean = ORACLES[family].link.inverse(X[test] @ likeliest(family, ~test))
        deviance += ORACLES[family].deviance(LABELS[family][test], mean)
    assert found.remaining_step <= 1e-3
    assert found.cv_error == pytest.approx(deviance / 900, rel=1e-5)


def test_the_threshold_is_of_held_out_answers_within_the_bounds():
    """No other threshold has a better F1, by scikit-learn, on the rows that each fold's fit has not seen."""
    y = LABELS["binomial"]
    factors = [TriangularFactor(list("iabcd"), intercept=True).add(X[FOLD == at], y[FOLD == at]) for at in range(3)]
    rows = Rows(X, y, np.ones(900), np.zeros(900), FOLD, 64)
    found = Likelihood("binomial", factors, Settings(bounds=BOUNDS), rows.passes)
    threshold = found.best_threshold("f1", (1.0, 1.0), 0.0)
    answers = np.zeros(900)
    for fold in range(3):
        test = fold == FOLD
        answers[test] = 1 / (1 + np.exp(-X[test] @ likeliest("binomial", ~test)))
    best = max(f1_score(y, answers >= value) for value in answers)
    assert f1_score(y, answers >= threshold) == pytest.approx(best, abs=2e-3)


def test_auto_solves_the_path_within_the_bounds():
    found = fit_within(Rowwise(X, LABELS["binomial"], fold=FOLD), BOUNDS, "binomial", l2="auto")
    assert len(found.ridge_path) == 21
    at = next(entry for entry in found.ridge_path if entry["l2"] == found.penalty)
    assert at["cv_error"] == found.cv_error
    ridge = fit_within(Rowwise(X, LABELS["binomial"], fold=FOLD), BOUNDS, "binomial", l2=20.0)
    y = LABELS["binomial"]

    def loss(beta):
        eta = X @ beta
        drawn = np.append(0.0, beta[1:])
        return np.sum(np.logaddexp(0, eta) - y * eta) + 10 * drawn @ drawn, X.T @ (
            1 / (1 + np.exp(-eta)) - y
        ) + 20 * drawn

    pairs = list(zip(BOUNDS.low, BOUNDS.high, strict=True))
    by = minimize(loss, np.zeros(5), jac=True, method="L-BFGS-B", bounds=pairs, options={"ftol": 1e-16, "gtol": 1e-10})
    assert ridge.coefficients == pytest.approx(by.x, rel=1e-5, abs=1e-6)
    assert ridge.bounds.columns == HELD and ridge.bounds.kkt < 1e-12
    assert 900 - 3 < ridge.degrees_of_freedom < 900


def test_separated_labels_have_a_fit_where_a_bound_ends_the_way_and_none_where_it_does_not():
    g = np.random.default_rng(3)
    x = np.column_stack([np.ones(200), g.normal(size=(200, 2))])
    y = (x[:, 1] > 0.2) * 1.0
    ended = Bounds.simple(np.array([-INF, 0.0, 0.0]), np.array([INF, 8.0, INF]))
    found = fit_within(Rowwise(x, y), ended, "binomial")
    assert found.coefficients[1] == 8.0 and found.bounds.kkt < 1e-12
    with pytest.raises(NoMaximum, match="the labels are separated: x1 tells the classes apart"):
        fit_within(Rowwise(x, y), Bounds.simple(np.array([-INF, 0.0, 0.0]), np.full(3, INF)), "binomial")
    negative = Bounds.simple(np.full(3, -INF), np.array([INF, 0.0, INF]))
    assert fit_within(Rowwise(x, y), negative, "binomial").coefficients[1] == 0.0


def test_levels_in_order_whose_ends_are_all_of_one_class_settle_where_the_order_holds_them():
    """The middle level's rows are all 1, the last one's are mixed: in order both have the share of ones that they have together."""
    level = np.repeat([0, 1, 2], [60, 20, 40])
    y = np.concatenate([np.arange(60) % 3 == 0, np.ones(20), np.arange(40) % 2 == 0]).astype(float)
    x = np.column_stack([np.ones(120), level == 1, level == 2]).astype(float)
    bounds = Bounds(np.array([-INF, 0.0, 0.0]), np.full(3, INF), np.array([-1, -1, 1]))
    found = fit_within(Rowwise(x, y), bounds, "binomial")
    share = 1 / (1 + np.exp(-found.coefficients[0] - np.append(0.0, found.coefficients[1:])))
    assert share == pytest.approx([1 / 3, 40 / 60, 40 / 60], rel=1e-12)
    assert [(held.column, held.like) for held in found.bounds.held] == [(2, 1)]


def test_a_start_far_outside_of_the_bounds_is_brought_within():
    far = Bounds.simple(np.array([-INF, 3.0, -INF, -INF, -4.0]), np.array([INF, 3.5, -2.0, INF, -3.0]))
    found = fit_within(Rowwise(X, LABELS["poisson"]), far, "poisson")
    assert found.coefficients[[1, 2, 4]].tolist() == [3.0, -2.0, -3.0]
    assert found.bounds.kkt < 1e-12


def test_bounds_that_no_label_can_follow_are_said():
    """Rates of e^±900 are no numbers; a rate of e^30 a unit is far, but is fitted, and a gamma's that can't be is not called so."""
    for low, error in (
        (300.0, "within the bounds, means of some rows are beyond the range"),
        (30.0, "did not settle in 60 passes"),
    ):
        bounds = Bounds.simple(np.array([-INF, low, -INF, -INF, -INF]), np.full(5, INF))
        with pytest.raises(DataError, match=f"{error}.*Set bounds nearer to what the labels say"):
            fit_within(Rowwise(X, LABELS["gamma"]), bounds, "gamma")
    assert fit_within(Rowwise(X, LABELS["poisson"]), bounds, "poisson").bounds.kkt < 1e-12
