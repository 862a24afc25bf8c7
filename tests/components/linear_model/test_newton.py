"""Properties that every fit by Newton's steps has: of rows, weights, offsets, units, and of the start."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import xlogy
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor, TweedieRegressor

from components.errors import DataError
from components.linear_model import array_functions, fit
from components.linear_model.families import named

FAMILIES = ("binomial", "binomial(link=probit)", "binomial(link=cloglog)", "poisson", "gamma", "tweedie(power=1.3)")
N = 300
GENERATOR = np.random.default_rng(7)
X = GENERATOR.normal(size=(N, 3))
ETA = -0.2 + X @ [0.5, -0.4, 0.1]
LABELS = {
    "binomial": (GENERATOR.random(N) < 1 / (1 + np.exp(-ETA))) * 1.0,
    "poisson": GENERATOR.poisson(np.exp(ETA)) * 1.0,
    "gamma": np.exp(ETA) * GENERATOR.gamma(2.0, 0.5, N),
    "tweedie": np.array([GENERATOR.gamma(2.0, 0.5, count).sum() for count in GENERATOR.poisson(np.exp(ETA))]),
}
WEIGHTS = GENERATOR.integers(0, 4, N) * 1.0
OFFSET = GENERATOR.normal(size=N) / 2


def labels(family):
    return LABELS[family.split("(")[0]]


def oracle(family, x, y, **more):
    kinds = {
        "binomial": sm.families.Binomial(),
        "binomial(link=probit)": sm.families.Binomial(sm.families.links.Probit()),
        "binomial(link=cloglog)": sm.families.Binomial(sm.families.links.CLogLog()),
        "poisson": sm.families.Poisson(),
        "gamma": sm.families.Gamma(sm.families.links.Log()),
        "tweedie(power=1.3)": sm.families.Tweedie(var_power=1.3),
    }
    return sm.GLM(y, x, family=kinds[family], **more).fit(tol=1e-14, maxiter=200, tol_criterion="params")


def same(found, other, rel=1e-12):
    """Coefficients in standard errors, all else relative."""
    assert found.coefficients / other.standard_errors == pytest.approx(
        other.coefficients / other.standard_errors, rel=rel, abs=rel
    )
    assert found.standard_errors == pytest.approx(other.standard_errors, rel=10 * rel)
    for figure in ("deviance", "null_deviance", "dispersion"):
        assert getattr(found, figure) == pytest.approx(getattr(other, figure), rel=10 * rel)


@pytest.mark.parametrize("family", FAMILIES)
def test_equals_statsmodels_with_weights_and_an_offset(family):
    y, kept = labels(family), WEIGHTS > 0
    found = fit(X, y, family=family, weights=WEIGHTS, offset=OFFSET)
    expected = oracle(family, sm.add_constant(X[kept]), y[kept], var_weights=WEIGHTS[kept], offset=OFFSET[kept])
    assert found.coefficients == pytest.approx(expected.params, rel=1e-9)
    assert found.standard_errors == pytest.approx(expected.bse, rel=1e-8)
    assert found.deviance == pytest.approx(expected.deviance, rel=1e-10)
    assert found.pearson == pytest.approx(expected.pearson_chi2 / expected.df_resid, rel=1e-9)
    assert found.t_values == pytest.approx(expected.tvalues, rel=1e-8)
    assert found.confidence_intervals(0.9) / expected.bse[:, None] == pytest.approx(
        _intervals(found, expected, 0.9) / expected.bse[:, None], rel=1e-7
    )
    assert (found.rows, found.degrees_of_freedom, found.rank) == (kept.sum(), kept.sum() - 4, 4)
    assert found.decrement < 1e-6


def _intervals(found, expected, level):
    """statsmodels' are of the normal law where R's and ours are of Student's: for an estimated dispersion."""
    from scipy import stats

    half = stats.t.ppf(0.5 + level / 2, found.test_degrees_of_freedom) * expected.bse
    return np.column_stack([expected.params - half, expected.params + half])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_null_model_is_the_fit_of_the_intercept_alone(family):
    y = labels(family)
    found = fit(X, y, family=family, offset=OFFSET)
    expected = oracle(family, np.ones((N, 1)), y, offset=OFFSET)
    assert found.null_deviance == pytest.approx(expected.deviance, rel=1e-9)
    assert found.deviance_explained == pytest.approx(1 - found.deviance / expected.deviance, rel=1e-9)


def test_the_null_model_of_more_rows_than_a_sample_holds_is_of_all_rows():
    g = np.random.default_rng(8)
    x = g.normal(size=(50_000, 1))
    y = g.poisson(np.exp(1 + x[:, 0])) * 1.0
    expected = 2 * np.sum(xlogy(y, y / y.mean()))
    assert fit(x, y, family="poisson").null_deviance == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), block_rows=st.integers(1, 400))
def test_neither_blocks_nor_the_order_of_rows_matter(family, seed, block_rows):
    y, order = labels(family), np.random.default_rng(seed).permutation(N)
    same(fit(X[order], y[order], family=family, block_rows=block_rows), fit(X, y, family=family))


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_are_repeated_rows(family):
    y, times = labels(family), WEIGHTS.astype(int)
    weighted = fit(X, y, family=family, weights=WEIGHTS)
    repeated = fit(np.repeat(X, times, axis=0), np.repeat(y, times), family=family)
    assert weighted.coefficients == pytest.approx(repeated.coefficients, rel=1e-11)
    assert weighted.deviance == pytest.approx(repeated.deviance, rel=1e-12)
    assert (weighted.rows, repeated.rows) == (np.count_nonzero(times), times.sum())
    unscaled = (weighted.standard_errors, repeated.standard_errors) / np.sqrt(
        [[weighted.dispersion], [repeated.dispersion]]
    )
    assert unscaled[0] == pytest.approx(unscaled[1], rel=1e-10)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=15)
@given(shift=st.floats(-3, 3), direction=st.integers(0, 1_000))
def test_an_offset_of_the_columns_shifts_the_coefficients(family, shift, direction):
    y, beta = labels(family), np.random.default_rng(direction).normal(size=4) / 3
    found = fit(X, y, family=family, offset=shift + sm.add_constant(X) @ beta)
    plain = fit(X, y, family=family)
    moved = beta + np.array([shift, 0, 0, 0])
    assert (found.coefficients + moved) / plain.standard_errors == pytest.approx(
        plain.coefficients / plain.standard_errors, abs=1e-11
    )
    assert found.standard_errors == pytest.approx(plain.standard_errors, rel=1e-10)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=15)
@given(st.lists(st.floats(-8, 8), min_size=3, max_size=3), st.lists(st.floats(-100, 100), min_size=3, max_size=3))
def test_units_of_columns_are_units_of_coefficients(family, sizes, shifts):
    y, size = labels(family), 10.0 ** np.array(sizes)
    found = fit(size * (X + shifts), y, family=family)
    plain = fit(X, y, family=family)
    at = 1e-11 * (1 + np.abs(shifts).max())
    assert size * found.coefficients[1:] / plain.standard_errors[1:] == pytest.approx(
        plain.coefficients[1:] / plain.standard_errors[1:], abs=at
    )
    assert size * found.standard_errors[1:] == pytest.approx(plain.standard_errors[1:], rel=at)
    intercept = found.coefficients[0] + size * shifts @ found.coefficients[1:]
    assert intercept / plain.standard_errors[0] == pytest.approx(
        plain.coefficients[0] / plain.standard_errors[0], abs=10 * at
    )
    assert found.deviance == pytest.approx(plain.deviance, rel=1e-12)


@pytest.mark.parametrize("family", FAMILIES[:2])
def test_the_other_class_turns_the_signs(family):
    """Of logit and probit, whose laws are symmetric."""
    y = labels(family)
    found, turned = fit(X, y, family=family), fit(X, 1 - y, family=family)
    assert turned.coefficients == pytest.approx(-found.coefficients, rel=1e-11)
    assert turned.standard_errors == pytest.approx(found.standard_errors, rel=1e-11)


def test_the_scores_of_a_canonical_link_balance():
    for family in ("binomial", "poisson"):
        y, found = labels(family), fit(X, labels(family), family=family)
        eta = sm.add_constant(X) @ found.coefficients
        mean = 1 / (1 + np.exp(-eta)) if family == "binomial" else np.exp(eta)
        assert sm.add_constant(X).T @ (y - mean) == pytest.approx(np.zeros(4), abs=1e-11)


@pytest.mark.parametrize(
    ("family", "base", "effect"),
    [
        ("binomial", -7.0, 1.0),
        ("binomial", -6.0, 5.0),
        ("binomial", 0.0, 30.0),
        ("binomial(link=probit)", -3.2, 1.0),
        ("binomial(link=probit)", 0.0, 15.0),
        ("binomial(link=cloglog)", -7.0, 2.0),
        ("binomial(link=cloglog)", 0.0, 8.0),
        ("poisson", -7.0, 1.0),
        ("poisson", 0.0, 5.0),
        ("gamma", 0.0, 10.0),
        ("tweedie(power=1.3)", -3.0, 3.0),
    ],
)
@pytest.mark.parametrize("rows", [5_000, 40_000])
def test_rare_events_and_huge_effects_settle_from_the_sample(family, base, effect, rows):
    """A table of 40,000 rows is more than the sample: a plain one would have no ones, or be separated."""
    g = np.random.default_rng(2)
    x = g.normal(size=(rows, 4))
    eta = base + effect * x @ [1, -0.5, 0.5, 0.2]
    law = family.split("(")[0]
    if law == "binomial":
        y = (g.random(rows) < named(family).link.inverse(eta, array_functions)) * 1.0
    elif law == "poisson":
        y = g.poisson(np.exp(np.minimum(eta, 25))) * 1.0
    elif law == "gamma":
        y = np.exp(eta) * g.gamma(1.0, 1.0, rows)
    else:
        y = np.array([g.gamma(2.0, 1.0, count).sum() for count in g.poisson(np.exp(np.minimum(eta, 6)))])
    found = fit(x, y, family=family)
    assert found.decrement < 1e-6
    assert found.passes <= 10
    assert np.isfinite(found.standard_errors).all()


@pytest.mark.parametrize("size", [1e-90, 1e-6, 1e5, 1e90])
@pytest.mark.parametrize("family", ["gamma", "tweedie(power=1.3)"])
def test_units_of_the_label_move_the_intercept_alone(family, size):
    """A step's length is in standard errors of the dispersion at hand: one of 1 would call any step short, or long."""
    y, plain = labels(family), fit(X, labels(family), family=family)
    found = fit(X, size * y, family=family)
    expected = plain.coefficients + np.array([np.log(size), 0, 0, 0])
    assert (found.coefficients - expected) / plain.standard_errors == pytest.approx(np.zeros(4), abs=1e-11)
    assert found.standard_errors == pytest.approx(plain.standard_errors, rel=1e-9)
    assert found.passes <= 5


@pytest.mark.parametrize("size", [1e-200, 1e-9, 1e9, 1e100])
@pytest.mark.parametrize("family", ["gamma", "tweedie(power=1.3)"])
def test_the_size_of_all_weights_is_the_dispersion_s(family, size):
    weights = np.random.default_rng(3).uniform(0.5, 2, N)
    plain = fit(X, labels(family), family=family, weights=weights)
    found = fit(X, labels(family), family=family, weights=size * weights)
    assert found.coefficients == pytest.approx(plain.coefficients, rel=1e-10)
    assert found.standard_errors == pytest.approx(plain.standard_errors, rel=1e-10)
    assert found.dispersion == pytest.approx(size * plain.dispersion, rel=1e-10)


@pytest.mark.parametrize("exposure", [-600.0, -30.0, 30.0, 600.0])
def test_an_offset_far_from_0_is_taken_up_by_the_intercept(exposure):
    y, plain = labels("poisson"), fit(X, labels("poisson"), family="poisson")
    found = fit(X, y, family="poisson", offset=np.full(N, exposure))
    assert found.coefficients[0] + exposure == pytest.approx(plain.coefficients[0], abs=1e-11)
    assert found.coefficients[1:] == pytest.approx(plain.coefficients[1:], rel=1e-10)
    assert found.passes <= 5


@pytest.mark.parametrize("magnitude", [10, 20, 30, 34])
def test_counts_as_large_as_doubles_hold_settle(magnitude):
    """What rounding leaves of a step is then more than 1e-6 standard errors, and no sign of a fit that does not settle."""
    mean = np.exp(magnitude + ETA)
    y = np.floor(mean * GENERATOR.gamma(1e4, 1e-4, N))
    found = fit(X, y, family="poisson")
    expected = oracle("poisson", sm.add_constant(X), y)
    assert found.coefficients == pytest.approx(expected.params, rel=1e-10)
    assert found.standard_errors == pytest.approx(expected.bse, rel=1e-9)
    assert found.passes <= 5


@pytest.mark.parametrize("family", ["poisson", "gamma", "tweedie(power=1.3)"])
def test_labels_that_are_all_the_same_leave_nothing(family):
    found = fit(X, np.full(N, 3.0), family=family)
    assert found.coefficients == pytest.approx([np.log(3), 0, 0, 0], abs=1e-12)
    assert found.deviance == pytest.approx(0, abs=1e-12)
    assert found.passes <= 5


@pytest.mark.parametrize("family", ["gamma", "tweedie(power=1.3)"])
def test_labels_that_are_fitted_without_an_error(family):
    found = fit(X, np.exp(ETA), family=family)
    assert found.coefficients == pytest.approx([-0.2, 0.5, -0.4, 0.1], abs=1e-13)
    assert found.standard_errors == pytest.approx(np.zeros(4), abs=1e-13)


def test_a_row_far_from_all_others_that_no_sample_holds_throws_no_start():
    g = np.random.default_rng(5)
    x = g.normal(size=(60_000, 1))
    y = g.poisson(np.exp(0.5 * x[:, 0])) * 1.0
    x[123] = 1e5  # of the sample's slope a mean of exp(50,000)
    y[123] = 3
    found = fit(x, y, family="poisson")
    assert found.decrement < 1e-6
    kept = np.arange(60_000) != 123
    assert found.deviance > fit(x[kept], y[kept], family="poisson").deviance


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("family", ["binomial", "poisson", "gamma", "tweedie(power=1.3)"])
def test_ridge_equals_scikit_learn(family, weights):
    """Ours is of half the deviance plus ½·λ·‖β‖²: 1/C of scikit-learn's logistic, λ = α·Σw of its others, whose loss is a mean."""
    x, y, l2 = X * [4.0, 1.0, 0.2], labels(family), 7.0  # the penalty is of columns as they are
    total = N if weights is None else weights.sum()
    common = {"solver": "newton-cholesky", "tol": 1e-13, "max_iter": 300}
    model = {
        "binomial": lambda: LogisticRegression(C=1 / l2, **common),
        "poisson": lambda: PoissonRegressor(alpha=l2 / total, **common),
        "gamma": lambda: GammaRegressor(alpha=l2 / total, **common),
        "tweedie(power=1.3)": lambda: TweedieRegressor(power=1.3, link="log", alpha=l2 / total, **common),
    }[family]()
    # Of Tweedie its loss is half the deviance, too; of all of them the intercept is not penalised.
    model.fit(x, y, sample_weight=weights)
    found = fit(x, y, family=family, weights=weights, l2=l2)
    expected = np.concatenate([np.ravel(model.intercept_), np.ravel(model.coef_)])
    assert found.coefficients == pytest.approx(expected, rel=1e-8)


def test_a_great_penalty_leaves_the_intercept_alone():
    found = fit(X, labels("poisson"), family="poisson", l2=1e9)
    assert found.coefficients[1:] == pytest.approx(np.zeros(3), abs=1e-6)
    assert np.exp(found.coefficients[0]) == pytest.approx(labels("poisson").mean(), rel=1e-6)
    assert found.degrees_of_freedom == pytest.approx(N - 1, abs=1e-4)


def test_the_standard_errors_of_a_ridge():
    """(H + λD)⁻¹·H·(H + λD)⁻¹, H the information at the fit, and rows less the trace of (H + λD)⁻¹·H."""
    y, l2 = labels("binomial"), 7.0
    found = fit(X, y, family="binomial", l2=l2)
    matrix = sm.add_constant(X)
    mean = 1 / (1 + np.exp(-matrix @ found.coefficients))
    information = matrix.T @ (matrix * (mean * (1 - mean))[:, None])
    inverse = np.linalg.inv(information + l2 * np.diag([0, 1, 1, 1]))
    assert found.covariance == pytest.approx(inverse @ information @ inverse, rel=1e-9)
    assert found.degrees_of_freedom == pytest.approx(N - np.trace(inverse @ information), rel=1e-12)


@pytest.mark.parametrize("family", FAMILIES[:4])
def test_log_f_priors_equal_an_independent_maximisation(family):
    """Greenland and Mansournia (2015): ½·β − log(1 + e^β) for each column, the intercept free; by scipy's BFGS."""
    y, kind = labels(family), named(family)
    y = np.where(X[:, 0] > 0.5, 1.0, y)  # one side is of one class nearly
    x = X * [4.0, 1.0, 0.2]
    matrix = sm.add_constant(x)

    def minus(beta):
        deviance = kind.deviance(y, matrix @ beta).sum()
        return deviance / 2 - np.sum(beta[1:] / 2 - np.logaddexp(0, beta[1:]))

    best = minimize(minus, np.zeros(4), method="BFGS", options={"gtol": 1e-7})
    found = fit(x, y, family=family, prior="log_f")
    assert minus(found.coefficients) <= best.fun + 1e-12
    assert found.coefficients == pytest.approx(best.x, abs=2e-6)
    step = 1e-4
    hessian = [[_second(minus, found.coefficients, a, b, step) for b in range(4)] for a in range(4)]
    if family in ("binomial", "poisson"):  # the expected information is the observed one
        assert found.covariance == pytest.approx(np.linalg.inv(hessian), rel=1e-4, abs=1e-7)


def _second(function, at, a, b, step):
    """∂²/∂a∂b by differences."""
    one, other = step * np.eye(4)[a], step * np.eye(4)[b]
    total = function(at + one + other) - function(at + one - other) - function(at - one + other)
    return (total + function(at - one - other)) / (4 * step**2)


@pytest.mark.parametrize(("ones", "rows"), [(12, 12), (0, 5), (3, 10)])
def test_a_log_f_prior_of_one_level_has_a_closed_form(ones, rows):
    """The prior is one row that is half a one, half a zero: logit⁻¹(β) = (ones + ½)/(rows + 1), separated or not."""
    x = np.concatenate([np.ones(rows), np.zeros(4)])[:, None]
    y = np.concatenate([np.arange(rows) < ones, [0, 1, 0, 1]]).astype(float)
    found = fit(x, y, family="binomial", intercept=False, prior="log_f")
    assert found.coefficients[0] == pytest.approx(np.log((ones + 0.5) / (rows - ones + 0.5)), rel=1e-12)


def test_log_f_priors_are_of_columns_as_they_are_wherever_they_begin():
    y = labels("binomial")
    found = fit(X, y, family="binomial", prior="log_f")
    moved = fit(X + np.array([100.0, 0.0, -5.0]), y, family="binomial", prior="log_f")
    assert moved.coefficients[1:] == pytest.approx(found.coefficients[1:], rel=1e-10)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_dependent_column_is_left_out_and_named(family):
    y = labels(family)
    found = fit(np.column_stack([X, X[:, 0] - 2 * X[:, 1]]), y, names=[*"abcd"], family=family)
    assert [column.because for column in found.dropped] == ["d = a − 2·b"]
    assert found.coefficients[4] == 0 and np.isnan(found.standard_errors[4])
    plain = fit(X, y, family=family)
    assert found.coefficients[:4] == pytest.approx(plain.coefficients, rel=1e-10)
    with pytest.raises(DataError, match="collinear columns"):
        fit(np.column_stack([X, X[:, 0] - 2 * X[:, 1]]), y, family=family, collinear="error")


def test_least_squares_with_an_offset_is_of_the_difference():
    y = X @ [1.0, 2.0, 3.0] + OFFSET + GENERATOR.normal(size=N)
    found = fit(X, y, offset=OFFSET, weights=WEIGHTS)
    kept = WEIGHTS > 0
    expected = sm.WLS((y - OFFSET)[kept], sm.add_constant(X)[kept], weights=WEIGHTS[kept]).fit()
    assert found.coefficients == pytest.approx(expected.params, rel=1e-10)
    assert found.standard_errors == pytest.approx(expected.bse, rel=1e-10)


def test_a_row_whose_label_is_next_to_impossible_does_not_end_the_steps_too_early():
    """Its u/√h is 10¹⁸ where the others' are 1, and rounding of it was taken for the noise of all."""
    generator = np.random.default_rng(0)
    x = generator.exponential(size=(3000, 2))
    y = (generator.random(3000) < 1 / (1 + np.exp(2 * x[:, 0] - x[:, 1] - 1))) * 1.0
    x[7], y[7] = (60.0, 1.0), 1.0
    found = fit(x, y, family="binomial")
    oracle = sm.GLM(y, sm.add_constant(x), sm.families.Binomial()).fit(tol=1e-13, tol_criterion="params", maxiter=200)
    assert found.decrement < 1e-9
    assert found.coefficients == pytest.approx(oracle.params, rel=1e-8)
    assert found.standard_errors == pytest.approx(oracle.bse, rel=1e-7)
