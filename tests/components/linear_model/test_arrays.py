import doctest
import subprocess
import sys

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

import components.linear_model.arrays as module
from components.errors import DataError
from components.linear_model import fit
from tests.conftest import REPOSITORY

GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(400, 5)) * np.array([1e-2, 1.0, 1e3, 3.0, 10.0]) + np.array([1, 0, 5e3, -2, 100])
Y = X @ np.array([100.0, -2.0, 1e-3, 0.0, 0.3]) + GENERATOR.normal(size=400)
W = GENERATOR.integers(0, 4, 400).astype(float)


def same(found, oracle, rel=1e-8):
    assert found.coefficients == pytest.approx(oracle.params, rel=rel)
    assert found.standard_errors == pytest.approx(oracle.bse, rel=rel)
    assert found.t_values == pytest.approx(oracle.tvalues, rel=rel)
    assert found.p_values == pytest.approx(oracle.pvalues, rel=rel)
    assert found.confidence_intervals(0.9) == pytest.approx(oracle.conf_int(0.1), rel=rel)
    assert found.covariance == pytest.approx(oracle.cov_params(), rel=rel)
    assert found.residual_sum_of_squares == pytest.approx(oracle.ssr, rel=rel)
    assert found.sigma == pytest.approx(np.sqrt(oracle.scale), rel=rel)
    assert found.r_squared == pytest.approx(oracle.rsquared, rel=rel)
    assert found.adjusted_r_squared == pytest.approx(oracle.rsquared_adj, rel=rel)
    assert (found.degrees_of_freedom, found.rank) == (oracle.df_resid, len(oracle.params))


@pytest.mark.parametrize("refine", [False, True])
def test_equals_statsmodels_ols(refine):
    same(fit(X, Y, refine=refine), sm.OLS(Y, sm.add_constant(X)).fit())


@pytest.mark.parametrize("refine", [False, True])
def test_equals_statsmodels_wls(refine):
    kept = W > 0
    same(fit(X, Y, weights=W, refine=refine), sm.WLS(Y[kept], sm.add_constant(X[kept]), weights=W[kept]).fit())


def test_equals_statsmodels_without_an_intercept():
    same(fit(X, Y, intercept=False), sm.OLS(Y, X).fit())


@settings(max_examples=40)
@given(st.integers(1, 50), st.integers(0, 1000), st.sampled_from([0, 2, 3, 7]))
def test_blocks_order_and_folds_change_nothing(block_rows, seed, folds):
    order = np.random.default_rng(seed).permutation(400)
    expected = fit(X, Y, refine=False)
    found = fit(X[order], Y[order], block_rows=block_rows, folds=folds, refine=False)
    assert found.coefficients == pytest.approx(expected.coefficients, rel=1e-10)
    assert found.standard_errors == pytest.approx(expected.standard_errors, rel=1e-10)


def test_a_dependent_column_is_dropped_by_name_and_the_rest_is_as_without_it():
    found = fit(np.column_stack([X, 2 * X[:, 1] - 3 * X[:, 3]]), Y, names=[*"abcde", "f"])
    [dropped] = found.dropped
    assert (dropped.column, dropped.because) == (6, "f = 2·b − 3·d")
    expected = fit(X, Y)
    assert found.coefficients[:-1] == pytest.approx(expected.coefficients, rel=1e-9)
    assert found.coefficients[-1] == 0
    assert np.isnan(found.standard_errors[-1])
    with pytest.raises(DataError, match=r"collinear columns:\n  f = 2·b − 3·d\nRemove features"):
        fit(np.column_stack([X, 2 * X[:, 1] - 3 * X[:, 3]]), Y, names=[*"abcde", "f"], collinear="error")


@pytest.mark.parametrize("rows", [300, 1_200, 50_000])
def test_an_exact_dummy_trap_is_dropped_and_named_at_any_number_of_rows(rows):
    """A column of years, a dummy of every year, and a complement: textbook tables have them."""
    generator = np.random.default_rng(rows)
    years = np.array([1987, 1990, 1994, 1996, 1998, 2000, 2004, 2006])
    year, male, miles = (
        years[generator.integers(0, 8, rows)],
        generator.integers(0, 2, rows),
        generator.normal(size=rows),
    )
    dummies = (year[:, None] == years).astype(float)
    x = np.column_stack([year, miles, dummies, male, 1 - male, 3 * miles - male + 2])
    names = ["year", "miles", *(f"y{value % 100:02}" for value in years), "male", "female", "mixed"]
    y = 0.3 * miles + male + 0.01 * year + generator.normal(size=rows)
    found = fit(x, y, names=names)
    kept = [name for name in names if name not in {"y04", "y06", "female", "mixed"}]
    assert [found.names[column.column] for column in found.dropped] == ["y04", "y06", "female", "mixed"]
    assert [column.because for column in found.dropped[2:]] == ["female = 1 − male", "mixed = 2 + 3·miles − male"]
    oracle = sm.OLS(y, sm.add_constant(x[:, [names.index(name) for name in kept]])).fit()
    at = [0, *(found.names.index(name) for name in kept)]
    assert found.rank == 10 == oracle.df_model + 1
    assert x @ found.coefficients[1:] + found.coefficients[0] == pytest.approx(oracle.fittedvalues, rel=1e-9)
    assert found.standard_errors[at[1:]] == pytest.approx(oracle.bse[1:], rel=1e-6)


def test_a_constant_column_is_dropped_and_named():
    found = fit(np.column_stack([np.full(400, 1.0), X, np.zeros(400), np.full(400, 7.1)]), Y)
    assert [column.because for column in found.dropped] == [
        "x1 is 1 in every training row",
        "x7 is 0 in every training row",
        "x8 is 7.1 in every training row",
    ]
    assert found.coefficients[[0, 2, 3, 4, 5, 6]] == pytest.approx(fit(X, Y).coefficients, rel=1e-9)


@pytest.mark.parametrize("l2", [0.0, 2.0, "auto"])
def test_without_a_column_that_varies_the_intercept_is_fitted_alone(l2):
    found = fit(np.full((400, 2), 3.0), Y, l2=l2)
    assert found.coefficients == pytest.approx([Y.mean(), 0, 0], rel=1e-12)
    assert found.standard_errors[0] == pytest.approx(Y.std(ddof=1) / 20, rel=1e-12)


@pytest.mark.parametrize("l2", [0.0, 2.0, "auto"])
def test_a_constant_label_has_no_r_squared(l2):
    found = fit(X, np.full(400, 0.1), l2=l2)
    assert found.coefficients == pytest.approx([0.1, 0, 0, 0, 0, 0], abs=1e-12)
    assert np.isnan(found.r_squared)


def test_folds_are_of_equal_size_and_drawn_from_positions_or_given():
    few = np.repeat([[0.0], [1.0]], 200, axis=0)
    fitted = fit(few, Y, folds=7)
    fold = np.random.default_rng(0).permutation(400) % 7
    assert set(np.bincount(fold)) == {57, 58}
    assert fit(few, Y, folds=fold).cv_error == fitted.cv_error
    assert fit(few, Y, folds=2 * fold).cv_error == pytest.approx(
        fitted.cv_error, rel=1e-12
    )  # empty ones count for nothing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": X[:4], "y": Y[:4]}, "too few rows: 4 rows can't determine"),
        ({"X": X[:0], "y": Y[:0]}, "there are no rows to fit"),
        ({"X": np.zeros((9, 2)), "y": Y[:9], "intercept": False}, "every column is 0 in every row"),
        (
            {"X": np.where(np.arange(5) == 2, np.nan, X), "y": Y},
            "row 0 (of 0 to 399), X[:, 2] (x3): expected a finite number; received nan. Impute or drop it.",
        ),
        (
            {"X": X, "y": np.where(np.arange(400) == 7, np.inf, Y)},
            "row 7 (of 0 to 399), y: expected a finite number; received inf",
        ),
        ({"X": X, "y": Y, "weights": np.zeros(400)}, "all their weights are zero"),
        (
            {"X": X, "y": Y, "weights": W - 4.0 * (np.arange(400) == 3)},
            "row 3 (of 0 to 399), weights: expected a finite number of at",
        ),
        (
            {"X": 1e160 * X, "y": Y},
            "X[:, 0] (x1): its greatest value is 1.03e+160, and squares of such a size are beyond float64",
        ),
        ({"X": X, "y": 1e-200 * Y}, "y: its greatest value is"),
        (
            {"X": X, "y": Y, "l2": "auto", "folds": np.zeros(400, int)},
            "l2: auto needs at least two folds that hold rows",
        ),
    ],
)
def test_what_cannot_be_fitted_is_said(arguments, message):
    with pytest.raises(DataError) as caught:
        fit(arguments.pop("X"), arguments.pop("y"), **arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"l2": -1.0},
        {"l2": float("nan")},
        {"names": ["a"]},
        {"folds": np.zeros(3, int)},
        {"folds": np.full(400, -1)},
        {"folds": np.zeros(400)},
    ],
)
def test_arguments_that_make_no_sense(wrong):
    with pytest.raises(ValueError):
        fit(X, Y, **wrong)


def test_the_docstrings_example():
    assert doctest.testmod(module).failed == 0


def test_the_core_needs_numpy_and_scipy_alone():
    code = (
        "import sys; from components.linear_model import fit, score\n"
        "heavy = {'tensorflow', 'tfx', 'apache_beam', 'pandas', 'pyarrow', 'sklearn', 'pydantic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)


def test_a_transformed_label_is_given_as_it_is_fitted():
    with pytest.raises(
        ValueError, match=r"received 'gaussian\(label=log\)'. Give a transformed label as y: np.log\(y\)"
    ):
        fit(np.ones((3, 1)), np.ones(3), family="gaussian(label=log)")


def test_bounds_are_of_the_columns_as_they_are():
    from scipy.optimize import lsq_linear

    bounds = np.array([[0, 50.0], [-np.inf, -2.5], [-np.inf, 0], [0, np.inf], [-np.inf, np.inf]])
    found = fit(X, Y, bounds=bounds, names=list("abcde"))
    x = np.column_stack([np.ones(400), X])
    sizes = np.linalg.norm(x, axis=0)
    ends = np.vstack([[-np.inf, np.inf], bounds]) * sizes[:, None]
    by = lsq_linear(x / sizes, Y, (ends[:, 0], ends[:, 1]), method="bvls", tol=1e-15)
    assert found.coefficients == pytest.approx(by.x / sizes, rel=1e-8, abs=1e-12)
    assert {found.names[held.column]: held.side for held in found.bounds.held} == {
        "a": "max",
        "b": "max",
        "c": "max",
        "d": "min",
    }
    assert fit(X, Y, bounds=bounds, intercept=False).bounds.constrained == 4


def test_bounds_of_other_families_are_exact_in_raw_units():
    some = (Y > np.median(Y)).astype(float)
    bounds = np.array([[0, 50.0], [-1.1, np.inf], [0, 0.001], [0, np.inf], [-np.inf, np.inf]])
    found = fit(X, some, bounds=bounds, family="binomial", folds=4)
    assert (found.coefficients[1:] >= bounds[:, 0]).all() and (found.coefficients[1:] <= bounds[:, 1]).all()
    held = [entry.column for entry in found.bounds.held]
    assert held and all(found.coefficients[column] in bounds[column - 1] for column in held)
    free = [column for column in range(6) if column not in held]
    x = np.column_stack([np.ones(400), X])
    oracle = sm.GLM(some, x[:, free], sm.families.Binomial(), offset=x[:, held] @ found.coefficients[held]).fit(
        tol=1e-14
    )
    assert found.coefficients[free] == pytest.approx(oracle.params, rel=1e-6)
    assert found.cv_error > found.deviance / 400


@pytest.mark.parametrize(
    ("bounds", "more", "error"),
    [
        ([[0, 1]], {}, r"bounds must be \[5, 2\].*received \[\[0.0, 1.0\]\]"),
        ([[1, 0]] * 5, {}, r"bounds must be \[5, 2\]"),
        ([[0, np.nan]] * 5, {}, r"bounds must be \[5, 2\]"),
        ([0, 1], {}, r"received \(2,\)"),
        ([[0, 1]] * 5, {"refine": True}, "neither a prior nor refinement keeps them"),
        ([[0, 1]] * 5, {"prior": "log_f", "family": "binomial"}, "neither a prior nor refinement keeps them"),
    ],
)
def test_bounds_that_can_not_be_are_refused(bounds, more, error):
    with pytest.raises(ValueError, match=error):
        fit(X, (Y > 0).astype(float), bounds=bounds, **more)
