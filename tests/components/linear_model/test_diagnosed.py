"""`diagnose` against statsmodels, and against definitions on whole arrays."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from statsmodels.stats.diagnostic import het_breuschpagan, linear_reset
from statsmodels.stats.stattools import durbin_watson

from components.errors import DataError
from components.linear_model.diagnosed import Diagnosed, diagnose

Array = NDArray[np.float64]

KINDS = ["hc0", "hc1", "hc2", "hc3"]
NAMES = ["(intercept)", "x1", "x2", "x3", "x4"]


def _rows(seed: int, n: int = 600) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    X[:, 1] = X[:, 1] * 300 + 500
    X[:, 2] = rng.integers(0, 2, n)
    X[:, 3] = rng.lognormal(size=n)
    return X, X @ [1.0, 0.01, 2.0, 0.5] + rng.normal(size=n) * (1 + X[:, 3])


def _root_weighted(X: Array, y: Array, weights: Array | None) -> Any:
    """Weighted least squares as ordinary least squares of rows by √w: statsmodels' influence knows no weights."""
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    return sm.OLS(root * y, root[:, None] * sm.add_constant(X)).fit()


@pytest.fixture(params=[False, True], ids=["unweighted", "weighted"])
def weights(request: pytest.FixtureRequest) -> Array | None:
    return np.random.default_rng(3).uniform(0.2, 3.0, 600) if request.param else None


@pytest.mark.parametrize("errors", [*KINDS, "cluster"])
def test_robust_errors_are_statsmodels(errors: Any, weights: Array | None) -> None:
    X, y = _rows(1)
    groups = np.random.default_rng(2).integers(0, 50, len(y)) * 10**15
    found = diagnose(X, y, errors=errors, clusters=groups, weights=weights)
    fitted = sm.WLS(y, sm.add_constant(X), weights=1.0 if weights is None else weights).fit()
    options = {"groups": groups} if errors == "cluster" else {}
    expected = fitted.get_robustcov_results(errors if options else errors.upper(), **options)
    np.testing.assert_allclose(found.fit.covariance, expected.cov_params(), rtol=1e-10, atol=1e-16)
    np.testing.assert_allclose(found.standard_errors["classical"], fitted.bse, rtol=1e-10)
    assert found.fit.test_degrees_of_freedom == (49 if options else len(y) - 5)
    assert (found.fit.errors, found.fit.clusters) == (errors, 50 if options else None)


def test_influence_is_statsmodels(weights: Array | None) -> None:
    X, y = _rows(1)
    found = diagnose(X, y, weights=weights).diagnosis
    fitted = _root_weighted(X, y, weights)
    expected = fitted.get_influence()
    assert found.leverage_sum == pytest.approx(5, abs=1e-12)
    assert (found.rank, found.full, found.rows) == (5, 0, 600)
    measures = {
        "influential": expected.cooks_distance[0],
        "far": expected.hat_matrix_diag,
        "outlying": np.abs(expected.resid_studentized),
    }
    for name, values in measures.items():
        assert [row.row for row in getattr(found, name)] == np.argsort(-values)[:20].tolist()
    for row in [*found.influential, *found.far, *found.outlying]:
        assert row.leverage == pytest.approx(expected.hat_matrix_diag[row.row], rel=1e-10)
        assert row.cooks_distance == pytest.approx(expected.cooks_distance[0][row.row], rel=1e-9)
        assert row.residual == pytest.approx(expected.resid_studentized[row.row], rel=1e-9)
        assert row.without == pytest.approx(expected.resid_studentized_external[row.row], rel=1e-9)
        of_row = dict(zip(NAMES, expected.dfbetas[row.row], strict=True))
        assert row.dfbetas == pytest.approx(of_row, rel=1e-9)


def test_tests_are_statsmodels() -> None:
    X, y = _rows(1)
    found = diagnose(X, y, times=np.arange(len(y))[::-1]).diagnosis
    fitted = sm.OLS(y, sm.add_constant(X)).fit()
    expected = het_breuschpagan(fitted.resid, fitted.model.exog)
    assert found.spread is not None and found.link is not None
    assert (found.spread.statistic, found.spread.p) == pytest.approx(expected[:2], rel=1e-9)
    of_link = linear_reset(_near_zero(X, y), 3, "fitted", use_f=True)
    assert found.link.statistic == pytest.approx(of_link.fvalue, rel=1e-9)
    assert found.link.p == pytest.approx(of_link.pvalue, rel=1e-9)
    assert found.durbin_watson == pytest.approx(durbin_watson(fitted.resid[::-1]), rel=1e-12)


def _near_zero(X: Array, y: Array) -> Any:
    """The same fit of columns and labels of size 1: powers of others would cost statsmodels its digits."""
    return sm.OLS((y - y.mean()) / y.std(), sm.add_constant((X - X.mean(axis=0)) / X.std(axis=0))).fit()


def test_curvature_is_the_larger_models_f(weights: Array | None) -> None:
    X, y = _rows(4)
    y = y + X[:, 0] ** 2
    found = diagnose(X, y, weights=weights).diagnosis
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    of_rows = {"weights": 1.0 if weights is None else weights}
    small = sm.WLS(y, sm.add_constant(scaled), **of_rows).fit()
    for index, shape in enumerate(found.shapes):
        if index == 2:
            assert shape.test is None and len(shape.bins) == 2  # of two values, whose powers are themselves
            continue
        powers = scaled[:, [index]] ** [2, 3]
        statistic, p, _ = sm.WLS(y, np.column_stack([small.model.exog, powers]), **of_rows).fit().compare_f_test(small)
        assert shape.test is not None
        assert (shape.test.statistic, shape.test.p) == pytest.approx((statistic, p), rel=1e-8)
        assert sum(part.rows for part in shape.bins) == len(y)
    assert found.shapes[0].test is not None and found.shapes[0].test.p < 1e-6
    eta = small.fittedvalues - small.fittedvalues.mean()
    larger = sm.WLS(y, np.column_stack([small.model.exog, eta**2, eta**3]), **of_rows).fit()
    assert found.link is not None
    assert found.link.statistic == pytest.approx(larger.compare_f_test(small)[0], rel=1e-8)


FAMILIES = {
    "binomial": sm.families.Binomial(),
    "binomial(link=probit)": sm.families.Binomial(sm.families.links.Probit()),
    "poisson": sm.families.Poisson(),
    "gamma": sm.families.Gamma(sm.families.links.Log()),
    "tweedie(power=1.5)": sm.families.Tweedie(sm.families.links.Log(), var_power=1.5),
}


def _labels(family: str, X: Array, seed: int = 5) -> Array:
    rng = np.random.default_rng(seed)
    eta = (X - X.mean(axis=0)) / X.std(axis=0) @ [0.5, -0.3, 0.4, 0.2]
    if family.startswith("binomial"):
        return (rng.uniform(size=len(X)) < 1 / (1 + np.exp(-eta))).astype(float)
    if family == "gamma":
        return rng.gamma(2.0, np.exp(eta) / 2)
    return rng.poisson(np.exp(eta)).astype(float)


def _definition(fitted: Any, X: Array, y: Array, weights: Array, errors: str, groups: Array) -> Array:
    """The sandwich of whole arrays, as R's `sandwich` says it of a `glm`."""
    exog, family = sm.add_constant(X), fitted.model.family
    mean = fitted.fittedvalues
    slope = 1 / family.link.deriv(mean)
    information = weights * slope**2 / family.variance(mean)
    bread = np.linalg.inv(exog.T @ (information[:, None] * exog))
    leverage = information * np.einsum("ij,jk,ik->i", exog, bread, exog)
    scores = exog * (weights * (y - mean) * slope / family.variance(mean))[:, None]
    if errors == "cluster":
        sums = np.array([scores[groups == group].sum(axis=0) for group in np.unique(groups)])
        return bread @ (sums.T @ sums) @ bread * len(sums) / (len(sums) - 1)
    scores /= (1 - leverage)[:, None] ** {"hc2": 0.5, "hc3": 1.0}.get(errors, 0.0)
    factor = len(y) / (len(y) - exog.shape[1]) if errors == "hc1" else 1.0
    return factor * bread @ (scores.T @ scores) @ bread


@pytest.mark.parametrize("errors", [*KINDS, "cluster"])
@pytest.mark.parametrize("family", FAMILIES)
def test_families_errors_are_the_definition(family: str, errors: Any, weights: Array | None) -> None:
    X, _ = _rows(6)
    y = _labels(family, X)
    groups = np.random.default_rng(2).integers(0, 50, len(y))
    found = diagnose(X, y, family=family, errors=errors, clusters=groups, weights=weights)
    fitted = _fitted(family, X, y, weights)
    of_rows = np.ones(len(y)) if weights is None else weights
    expected = _definition(fitted, X, y, of_rows, errors, groups)
    np.testing.assert_allclose(found.fit.covariance, expected, rtol=1e-8, atol=1e-9 * np.abs(expected).max())
    np.testing.assert_allclose(found.fit.standard_errors, np.sqrt(np.diag(expected)), rtol=1e-9)


def _fitted(family: str, X: Array, y: Array, weights: Array | None) -> Any:
    model = sm.GLM(y, sm.add_constant(X), family=FAMILIES[family], var_weights=weights)
    return model.fit(tol=1e-14, maxiter=200, tol_criterion="params")


@pytest.mark.parametrize("family", FAMILIES)
def test_families_influence_is_statsmodels(family: str) -> None:
    X, _ = _rows(6)
    y = _labels(family, X)
    found = diagnose(X, y, family=family).diagnosis
    fitted = _fitted(family, X, y, None)
    expected = fitted.get_influence(observed=False)
    order = np.argsort(-expected.cooks_distance[0])[:20]
    assert [row.row for row in found.influential] == order.tolist()
    for row in found.influential:
        assert row.cooks_distance == pytest.approx(expected.cooks_distance[0][row.row], rel=1e-8)
        assert row.leverage == pytest.approx(expected.hat_matrix_diag[row.row], rel=1e-9)
        assert row.residual == pytest.approx(expected.resid_studentized[row.row], rel=1e-8)
        assert row.dfbetas == pytest.approx(dict(zip(NAMES, expected.dfbetas[row.row], strict=True)), rel=1e-8)
    assert found.spread is None


@pytest.mark.parametrize("family", FAMILIES)
def test_families_curvature_is_the_score_test(family: str, weights: Array | None) -> None:
    X, _ = _rows(6)
    y = _labels(family, X)
    found = diagnose(X, y, family=family, weights=weights).diagnosis
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    fitted = _fitted(family, scaled, y, weights)
    powers = {shape.column: scaled[:, [index]] ** [2, 3] for index, shape in enumerate(found.shapes)}
    tests = {shape.column: shape.test for shape in found.shapes} | {"link": found.link}
    eta = fitted.predict(which="linear")
    powers["link"] = np.column_stack([eta, eta]) ** [2, 3]
    del powers["x3"]
    for name, extra in powers.items():
        weight = np.ones(len(y)) if weights is None else weights
        mean, kind = fitted.fittedvalues, fitted.model.family
        slope = 1 / kind.link.deriv(mean)
        information = weight * slope**2 / kind.variance(mean)
        left = (
            extra
            - fitted.model.exog
            @ np.linalg.lstsq(
                np.sqrt(information)[:, None] * fitted.model.exog, np.sqrt(information)[:, None] * extra, rcond=None
            )[0]
        )
        score = extra.T @ (weight * (y - mean) * slope / kind.variance(mean))
        explained = score @ np.linalg.solve(left.T @ (information[:, None] * left), score)
        test = tests[name]
        assert test is not None
        by = 1 if family.startswith("binomial") or family == "poisson" else 2 * fitted.scale
        assert test.statistic == pytest.approx(explained / by, rel=1e-7)


def test_calibration_counts_every_row(weights: Array | None) -> None:
    X, _ = _rows(6)
    y = _labels("binomial", X)
    tenths = diagnose(X, y, family="binomial", weights=weights).diagnosis.tenths
    assert sum(tenth.rows for tenth in tenths) == len(y)
    assert all(tenth.label_low < tenth.label < tenth.label_high for tenth in tenths)
    weight = np.ones(len(y)) if weights is None else weights
    total = sum(tenth.weight * tenth.label for tenth in tenths)
    assert total == pytest.approx(weight @ y)
    assert total == pytest.approx(
        sum(tenth.weight * tenth.prediction for tenth in tenths)
    )  # the intercept's own equation
    assert all(one.high <= two.low for one, two in itertools.pairwise(tenths))


def test_residual_quantiles_are_near_numpys() -> None:
    rng = np.random.default_rng(8)
    X = rng.normal(size=(50_000, 1))
    y = X[:, 0] + rng.normal(size=len(X)) * 3
    for tenth in diagnose(X, y).diagnosis.tenths:
        assert 0.08 < tenth.rows / len(y) < 0.12
        np.testing.assert_allclose(tenth.residuals, 3 * np.array([-1.645, -0.674, 0, 0.674, 1.645]), atol=0.25)


@pytest.mark.parametrize("n", [60, 4000])
def test_quantiles_of_all_residuals_are_statsmodels(n: int) -> None:
    X, y = _rows(4, n)
    weights = np.random.default_rng(3).uniform(0.2, 3.0, n)
    found = diagnose(X, y, weights=weights).diagnosis.quantiles
    expected = _root_weighted(X, y, weights).get_influence().resid_studentized_internal
    shares = [one.share for one in found]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == ((0.1, 0.9) if n == 60 else (0.005, 0.995))
    assert all(np.count_nonzero(expected < one.residual) >= 5 or one.share > 0.5 for one in found)
    for one in found:
        # Of so few rows the neighbours are far apart: anything between them is the quantile.
        low, high = np.quantile(expected, one.share, method="lower"), np.quantile(expected, one.share, method="higher")
        slack = 0.01 + 0.016 * abs(one.residual)
        assert low - slack <= one.residual <= high + slack


def test_quantiles_of_pearson_residuals_are_statsmodels() -> None:
    X, _ = _rows(6, 3000)
    y = _labels("poisson", X)
    found = diagnose(X, y, family="poisson").diagnosis.quantiles
    fitted = sm.GLM(y, sm.add_constant(X), family=sm.families.Poisson()).fit(tol=1e-12)
    expected = fitted.resid_pearson / np.sqrt(1 - fitted.get_influence(observed=False).hat_matrix_diag)
    for one in found:
        assert one.residual == pytest.approx(np.quantile(expected, one.share), abs=0.02 + 0.016 * abs(one.residual))


def test_a_row_that_alone_determines_a_coefficient() -> None:
    X, y = _rows(1, 50)
    X[:, 2] = 0
    X[7, 2] = 1
    found = diagnose(X, y, errors="hc3")
    assert found.diagnosis.full == 1
    assert found.diagnosis.far[0].row == 7
    assert found.diagnosis.far[0].residual is None
    assert np.isfinite(found.fit.standard_errors).all()
    without = diagnose(np.delete(X, 7, 0)[:, [0, 1, 3]], np.delete(y, 7), errors="hc3")
    np.testing.assert_allclose(found.fit.standard_errors[[1, 2, 4]], without.fit.standard_errors[1:], rtol=1e-9)


def test_folds_move_coefficients_as_refits_do() -> None:
    X, y = _rows(1)
    fold = np.arange(len(y)) % 3
    found = diagnose(X, y, folds=fold)
    whole = sm.OLS(y, sm.add_constant(X)).fit()
    for index, part in enumerate(found.diagnosis.folds):
        rest = sm.OLS(y[fold != index], sm.add_constant(X[fold != index])).fit()
        moved = (rest.params - whole.params) / whole.bse
        place = int(np.argmax(np.abs(moved)))
        assert (part.column, part.moves) == (NAMES[place], pytest.approx(moved[place], rel=1e-9))


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_a_penalty_shrinks_the_hat_matrix(family: str) -> None:
    X, y = _rows(1)
    y = y if family == "gaussian" else (y > np.median(y)).astype(float)
    found: Diagnosed = diagnose(X, y, family=family, l2=50.0, errors="hc0")
    assert found.diagnosis.leverage_sum == pytest.approx(found.fit.rows - found.fit.degrees_of_freedom, rel=1e-8)
    assert found.diagnosis.leverage_sum < 5
    assert found.diagnosis.link is None
    exog = sm.add_constant(X)
    if family == "gaussian":
        bread = np.linalg.inv(exog.T @ exog + np.diag([0, 50, 50, 50, 50]))
        scores = exog * (y - exog @ found.fit.coefficients)[:, None]
        np.testing.assert_allclose(found.fit.covariance, bread @ scores.T @ scores @ bread, rtol=1e-8, atol=1e-12)


def test_one_cluster_is_refused() -> None:
    X, y = _rows(1)
    with pytest.raises(DataError, match="expected at least 2"):
        diagnose(X, y, errors="cluster", clusters=np.zeros(len(y)))
    with pytest.raises(ValueError, match="clusters must be"):
        diagnose(X, y, errors="cluster")
