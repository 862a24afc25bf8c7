import json

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from components.linear_model import LeastSquaresFit, LikelihoodFit, fit

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


COUNTS = np.random.default_rng(1).poisson(np.exp(0.3 * X[:, 0] + 1)) * 1.0


@pytest.mark.parametrize("family", ["poisson", "gamma", "tweedie(power=1.3)"])
def test_json_round_trip_of_a_likelihood_fit(family):
    found = fit(X, COUNTS if family == "poisson" else COUNTS + 0.5, family=family, l2=0.5)
    again = LikelihoodFit.from_json(json.loads(json.dumps(found.to_json())), found.covariance)
    assert again.to_json() == found.to_json()
    assert (again.aic, again.bic, again.log_likelihood) == (found.aic, found.bic, found.log_likelihood)


def test_a_known_dispersion_is_tested_by_the_normal_law_an_estimated_one_by_student_s():
    counts, costs = fit(X, COUNTS, family="poisson"), fit(X, COUNTS + 0.5, family="gamma")
    assert counts.p_values == pytest.approx(2 * stats.norm.sf(np.abs(counts.t_values)), rel=1e-12)
    assert costs.p_values == pytest.approx(2 * stats.t.sf(np.abs(costs.t_values), 27), rel=1e-12)
    half = stats.norm.ppf(0.95) * counts.standard_errors
    assert counts.confidence_intervals(0.9)[:, 1] - counts.coefficients == pytest.approx(half, rel=1e-12)
    assert (counts.dispersion, costs.dispersion) == (1.0, costs.pearson)


def test_information_criteria_count_an_estimated_dispersion():
    counts, costs, claims = (
        fit(X, labels, family=family)
        for labels, family in ((COUNTS, "poisson"), (COUNTS + 0.5, "gamma"), (COUNTS, "tweedie"))
    )
    logarithm = np.log(30)
    assert counts.log_likelihood == pytest.approx(
        stats.poisson.logpmf(COUNTS, np.exp(counts.coefficients[0] + X @ counts.coefficients[1:])).sum(), rel=1e-12
    )
    assert counts.aic == pytest.approx(-2 * counts.log_likelihood + 6)
    assert counts.bic == pytest.approx(-2 * counts.log_likelihood + 3 * logarithm)
    shape = costs.weight / costs.deviance  # as R's logLik has it
    mean = np.exp(costs.coefficients[0] + X @ costs.coefficients[1:])
    assert costs.log_likelihood == pytest.approx(
        stats.gamma.logpdf(COUNTS + 0.5, shape, scale=mean / shape).sum(), rel=1e-12
    )
    assert costs.aic == pytest.approx(-2 * costs.log_likelihood + 8)
    assert (claims.log_likelihood, claims.aic, claims.bic) == (None, None, None)


def test_nothing_to_explain():
    found = fit(X, np.full(30, 2.0), family="poisson")
    assert found.deviance == pytest.approx(0, abs=1e-12)
    assert found.coefficients == pytest.approx([np.log(2), 0, 0], abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_information_criteria_of_least_squares_are_statsmodels(weighted):
    data = sm.datasets.ccard.load_pandas().data
    names = ["AGE", "INCOME", "INCOMESQ", "OWNRENT"]
    weights = 1.0 / data.INCOME.to_numpy() if weighted else None
    found = fit(data[names].to_numpy(), data.AVGEXP.to_numpy(), weights=weights, folds=3)
    by = sm.WLS(data.AVGEXP, sm.add_constant(data[names]), weights=1.0 if weights is None else weights).fit()
    assert found.log_likelihood == pytest.approx(by.llf, rel=1e-12)
    assert found.aic == pytest.approx(by.aic, rel=1e-12)
    assert found.bic == pytest.approx(by.bic, rel=1e-12)


def test_neither_a_penalty_nor_a_law_without_residuals_has_information_criteria():
    for found in (fit(X, X @ [1.0, -2.0] + X[:, 0] ** 2, l2=1.0), fit(np.zeros((9, 1)), np.zeros(9))):
        assert (found.log_likelihood, found.aic, found.bic) == (None, None, None)
    assert fit(X, COUNTS, family="poisson").penalised is False
    labels = (COUNTS > 1).astype(float)
    assert fit(X, labels, family="binomial", prior="log_f").penalised is True
