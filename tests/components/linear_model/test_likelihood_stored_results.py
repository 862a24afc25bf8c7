"""Results of R and Stata that lie in statsmodels' wheel, to the digits that they are printed with, or at which they stopped.

Their Fisher scoring stops where the deviance changes by 1e-8 of itself: under a log link of gamma and Tweedie labels some
hundred-thousandths of a standard error before the optimum. Stata's tables of Spector and RandHIE are of single-precision data.
"""

import dataclasses
import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import gammaln

from components.linear_model import fit

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pytest's asserts, of statsmodels' own tests
    from statsmodels.discrete.tests.results.results_discrete import RandHIE, Spector
    from statsmodels.genmod.tests.results import res_R_var_weight as of_weights
    from statsmodels.genmod.tests.results import results_glm as of_r
    from statsmodels.genmod.tests.results import results_glm_poisson_weights as of_stata


@dataclasses.dataclass(frozen=True)
class Stored:
    """What is stored, the intercept last as there; `off` is of coefficients in standard errors, and of those relative."""

    family: str
    x: np.ndarray
    y: np.ndarray
    params: tuple
    bse: tuple
    off: tuple[float, float]
    intercept: bool = True
    weights: np.ndarray | None = None
    offset: np.ndarray | None = None
    figures: dict = dataclasses.field(default_factory=dict)


def cpunish():
    data = sm.datasets.cpunish.load_pandas()
    x = data.exog.to_numpy(float)
    x[:, 3] = np.log(x[:, 3])
    return x, data.endog.to_numpy(float)


def lbw():
    stored = of_r.Lbw()
    figures = {"deviance": stored.deviance, "null_deviance": stored.null_deviance, "log_likelihood": stored.llf}
    figures |= {"aic": stored.aic_R, "pearson": stored.pearson_chi2 / stored.df_resid}
    x, y = stored.exog.to_numpy(float)[:, :-1], stored.endog.to_numpy(float)
    return Stored("binomial", x, y, stored.params, stored.bse, (3e-7, 2e-5), figures=figures)


def spector(link):
    data = sm.datasets.spector.load_pandas()
    stored = getattr(Spector, link)
    family = "binomial" if link == "logit" else f"binomial(link={link})"
    figures = {"log_likelihood": stored.llf, "aic": stored.aic, "bic": stored.bic, "null_deviance": -2 * stored.llnull}
    x, y = data.exog.to_numpy(float), data.endog.to_numpy(float)
    # Standard errors of Stata's probit are of the observed information, R's and ours of the expected one.
    return Stored(family, x, y, stored.params, stored.bse, (4e-7, 1e-7 if link == "logit" else 0.04), figures=figures)


def poisson():
    stored = of_r.Cpunish()
    figures = {"deviance": stored.deviance, "null_deviance": stored.null_deviance, "log_likelihood": stored.llf}
    figures |= {"aic": stored.aic_R, "pearson": stored.pearson_chi2 / stored.df_resid}
    return Stored("poisson", *cpunish(), stored.params, stored.bse, (1e-6, 1e-5), figures=figures)


def poisson_with_an_offset():
    stored = of_r.Cpunish_offset()
    params, bse = ((*values[1:], values[0]) for values in (stored.params, stored.bse))
    return Stored("poisson", *cpunish(), params, bse, (1e-6, 5e-5), offset=np.full(17, np.log(100.0)))


def poisson_by_stata():
    table = of_stata.results_poisson_none_nonrobust.params_table
    return Stored("poisson", *cpunish(), tuple(table[:, 0]), tuple(table[:, 1]), (1e-6, 2e-7))


def poisson_with_weights():
    table = of_stata.results_poisson_fweight_nonrobust.params_table
    weights = np.array([1, 1, 1, 2, 2, 2, 3, 3, 3, 1, 1, 1, 2, 2, 2, 3, 3.0])
    return Stored("poisson", *cpunish(), tuple(table[:, 0]), tuple(table[:, 1]), (1e-6, 2e-7), weights=weights)


def visits():
    data = sm.datasets.randhie.load_pandas()
    stored = RandHIE.poisson
    figures = {"log_likelihood": stored.llf, "aic": stored.aic, "bic": stored.bic}
    x, y = data.exog.to_numpy(float), data.endog.to_numpy(float)
    return Stored("poisson", x, y, stored.params, stored.bse, (5e-7, 2e-8), figures=figures)


def gamma():
    stored = of_r.CancerLog()
    figures = {"deviance": stored.deviance, "null_deviance": stored.null_deviance, "dispersion": stored.scale}
    figures |= {"aic": stored.aic_R}
    x, y = np.asarray(stored.exog, float)[:, :-1], stored.endog.to_numpy(float)
    return Stored("gamma", x, y, stored.params, stored.bse, (1e-4, 5e-7), figures=figures)


def cycled(rows):
    weights = np.ones(rows)
    weights[::5], weights[::13] = 5, 3
    return weights


def gamma_with_weights():
    plain, stored = gamma(), of_weights.results_gamma_aweights_nonrobust
    params, bse = ((*values[1:], values[0]) for values in (stored.params, stored.bse))
    figures = {"deviance": stored.deviance, "log_likelihood": stored.ll}
    weights = cycled(len(plain.y))
    return Stored("gamma", plain.x, plain.y, params, bse, (1e-8, 1e-9), weights=weights, figures=figures)


def affairs():
    return sm.datasets.fair.load_pandas().data


def tweedie():
    data, stored = affairs(), of_r.FairTweedieLog15()
    x, y = data[["rate_marriage", "age", "yrs_married"]].to_numpy(float), data.affairs.to_numpy(float)
    figures = {"deviance": stored.deviance}
    family = "tweedie(power=1.5)"
    return Stored(family, x, y, stored.params, stored.bse, (2e-4, 5e-5), intercept=False, figures=figures)


def tweedie_with_weights():
    data, stored = affairs(), of_weights.results_tweedie_aweights_nonrobust
    params, bse = ((*values[1:], values[0]) for values in (stored.params, stored.bse))
    x, y = data[["age", "yrs_married"]].to_numpy(float), data.affairs.to_numpy(float)
    figures = {"deviance": stored.deviance}
    family = "tweedie(power=1.55)"
    return Stored(family, x, y, params, bse, (1e-8, 1e-9), weights=cycled(len(y)), figures=figures)


SETS = {
    "Lbw": lbw(),
    "Spector, logit": spector("logit"),
    "Spector, probit": spector("probit"),
    "Cpunish": poisson(),
    "Cpunish, offset": poisson_with_an_offset(),
    "Cpunish, Stata": poisson_by_stata(),
    "Cpunish, weights": poisson_with_weights(),
    "RandHIE": visits(),
    "Cancer": gamma(),
    "Cancer, weights": gamma_with_weights(),
    "Fair": tweedie(),
    "Fair, weights": tweedie_with_weights(),
}


@pytest.mark.parametrize("name", SETS)
def test_equals_what_r_or_stata_printed(name):
    data = SETS[name]
    found = fit(data.x, data.y, family=data.family, intercept=data.intercept, weights=data.weights, offset=data.offset)
    last = slice(1, None) if data.intercept else slice(None)
    first = slice(0, 1) if data.intercept else slice(0, 0)
    of_coefficients, of_errors = data.off
    ours = np.concatenate([found.coefficients[last], found.coefficients[first]])
    errors = np.concatenate([found.standard_errors[last], found.standard_errors[first]])
    assert np.max(np.abs(ours - data.params) / errors) < of_coefficients
    assert errors == pytest.approx(np.array(data.bse), rel=of_errors)
    for figure, value in data.figures.items():
        assert getattr(found, figure) == pytest.approx(value, rel=1e-6), figure


def test_where_r_stopped_early_ours_has_the_lesser_deviance():
    data = SETS["Cancer"]
    found = fit(data.x, data.y, family=data.family)
    assert 0 < data.figures["deviance"] - found.deviance < 1e-8


def test_proportions_are_two_weighted_rows_each():
    """Star98: R fits successes and failures; its likelihood has the binomial coefficients, too, which rows of 0 and 1 have not."""
    data, stored = sm.datasets.star98.load_pandas(), of_r.Star98()
    successes, failures = data.endog.to_numpy(float).T
    x = data.exog.to_numpy(float)
    label = np.repeat([1.0, 0.0], len(x))
    found = fit(np.tile(x, (2, 1)), label, weights=np.concatenate([successes, failures]), family="binomial")
    assert [*found.coefficients[1:], found.coefficients[0]] == pytest.approx(stored.params, rel=1e-6)
    assert [*found.standard_errors[1:], found.standard_errors[0]] == pytest.approx(stored.bse, rel=1e-5)
    assert found.null_deviance - found.deviance == pytest.approx(stored.null_deviance - stored.deviance, rel=1e-10)
    total = successes + failures
    coefficients = gammaln(total + 1) - gammaln(successes + 1) - gammaln(failures + 1)
    assert found.log_likelihood + coefficients.sum() == pytest.approx(stored.llf, rel=1e-9)
