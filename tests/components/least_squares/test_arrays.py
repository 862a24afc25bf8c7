import doctest
import subprocess
import sys

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

import components.least_squares.arrays as module
from components.errors import DataError
from components.least_squares import fit
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
    assert (dropped.name, dropped.because) == ("f", "f = 2·b - 3·d")
    expected = fit(X, Y)
    assert found.coefficients[:-1] == pytest.approx(expected.coefficients, rel=1e-9)
    assert found.coefficients[-1] == 0
    assert np.isnan(found.standard_errors[-1])
    with pytest.raises(DataError, match=r"collinear columns:\n  f = 2·b - 3·d\nRemove features"):
        fit(np.column_stack([X, 2 * X[:, 1] - 3 * X[:, 3]]), Y, names=[*"abcde", "f"], collinear="error")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": X[:4], "y": Y[:4]}, "too few rows: 4 rows can't determine"),
        ({"X": X[:0], "y": Y[:0]}, "there are no rows to fit"),
        ({"X": np.column_stack([X, np.full(400, 7.1)]), "y": Y}, "constant columns: x6"),
        (
            {"X": np.where(np.arange(5) == 2, np.nan, X), "y": Y},
            "row 1 of the design matrix, column x3: expected a finite",
        ),
        ({"X": X, "y": Y, "weights": np.zeros(400)}, "all their weights are zero"),
    ],
)
def test_what_cannot_be_fitted_is_said(arguments, message):
    with pytest.raises(DataError) as caught:
        fit(arguments.pop("X"), arguments.pop("y"), **arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize("wrong", [{"l2": -1.0}, {"l2": float("nan")}, {"names": ["a"]}])
def test_arguments_that_make_no_sense(wrong):
    with pytest.raises(ValueError):
        fit(X, Y, **wrong)


def test_the_docstrings_example():
    assert doctest.testmod(module).failed == 0


def test_the_core_needs_numpy_and_scipy_alone():
    code = (
        "import sys, components.least_squares\n"
        "heavy = {'tensorflow', 'tfx', 'apache_beam', 'pandas', 'pyarrow', 'sklearn', 'pydantic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)
