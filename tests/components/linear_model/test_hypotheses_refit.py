"""The model in which hypotheses hold beside statsmodels' `fit_constrained`, and their likelihood ratio."""

import functools

import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats

from components.errors import DataError
from components.linear_model.blocks import Block, over, scattered
from components.linear_model.hypotheses import parse
from components.linear_model.hypotheses_refit import restricted_deviance
from components.linear_model.hypotheses_tests import deviance_ratio
from components.linear_model.hypotheses_text import Names
from tests.components.table_fits import table_fit

FEATURES = ["occupation", "children", "age", "religious", "educ"]
LEVELS = "C(occupation, Treatment('o3'))[T.{}]"
FORMULA = "C(occupation, Treatment('o3')) + children + age + religious + educ"
CASES = {
    "age = 0": "age = 0",
    "age = children, religious = -0.5": "age - children = 0, religious = -0.5",
    "2*age - educ/3 = 0.1": "2*age - educ/3 = 0.1",
    "occupation = 0": ", ".join(f"{LEVELS.format(name)} = 0" for name in ("o1", "o2", "o4", "o5", "o6")),
    "occupation[o1] = occupation[o2]": f"{LEVELS.format('o1')} - {LEVELS.format('o2')} = 0",
    "(intercept) = 0.5, educ = 0": "Intercept = 0.5, educ = 0",
    "(intercept) = 20*age": "Intercept - 20*age = 0",
}
KINDS = {
    "poisson": ("counts", sm.families.Poisson()),
    "binomial": ("some", sm.families.Binomial()),
    "gamma": ("amount", sm.families.Gamma(sm.families.links.Log())),
    "tweedie": ("affairs", sm.families.Tweedie(sm.families.links.Log(), 1.5)),
}


@pytest.fixture(scope="module")
def fair():
    """Fair (1978)."""
    table = sm.datasets.fair.load_pandas().data
    table["occupation"] = table.occupation.map(lambda value: f"o{value:.0f}")
    return table.assign(
        counts=table.affairs.round(),
        some=(table.affairs > 0).astype(float),
        weight=(table.educ % 3) / 2,
        amount=table.affairs + 0.5,
        nights=1 + table.yrs_married,
    )


def rows_of(found, table, label, weight=None, exposure=None):
    """Passes over the rows of a table, as `table_fit` has them, in blocks."""
    parts = []
    for term in found.design.terms:
        values = table[term.key]
        if term.levels:
            ids = values.map({level.text: index for index, level in enumerate(term.levels)}).to_numpy()
            parts.append(np.eye(term.width)[ids])
        else:
            parts.append(
                np.zeros((len(table), 1)) if term.offset else ((values - term.mean) / term.std).to_numpy()[:, None]
            )
    x = np.column_stack([np.ones(len(table)), *parts])
    ones = np.ones(len(table))
    w = ones if weight is None else table[weight].to_numpy()
    offset = 0 * ones if exposure is None else np.log(table[exposure].to_numpy())
    fold, draw = np.zeros(len(table), np.int64), scattered(np.arange(len(table)))

    def passes(columns):
        def blocks():
            for begin in range(0, len(table), 1000):
                some = begin + np.flatnonzero(w[begin : begin + 1000] > 0)
                y = table[label].to_numpy(float)
                yield Block(x[some][:, columns], y[some], w[some], offset[some], fold[some], draw[some])

        return over(blocks)

    return passes


def restricted(found, text, rows):
    return restricted_deviance(found, parse(text, Names.of(found)), rows)


@pytest.mark.parametrize("text", CASES)
@pytest.mark.parametrize("family", KINDS)
def test_the_deviance_is_that_of_fit_constrained(fair, family, text):
    label, kind = KINDS[family]
    found = table_fit(fair, label, FEATURES, family=family)
    model = smf.glm(f"{label} ~ {FORMULA}", fair, family=kind)
    oracle = model.fit_constrained(CASES[text], tol=1e-14, maxiter=200)
    deviance = restricted(found, text, rows_of(found, fair, label))
    assert deviance == pytest.approx(oracle.deviance, rel=1e-11)
    whole = model.fit(tol=1e-14, maxiter=200)
    number = len(parse(text, Names.of(found)).equations)
    assert number == whole.df_model - oracle.df_model
    mine = deviance_ratio(found.fit, deviance, number)
    ratio = (oracle.deviance - whole.deviance) / whole.scale
    assert mine.statistic == pytest.approx(ratio, rel=1e-9, abs=1e-9)
    if family in ("poisson", "binomial"):
        assert mine.statistic == pytest.approx(2 * (whole.llf - oracle.llf), rel=1e-8, abs=1e-8)
    assert mine.p == pytest.approx(stats.chi2.sf(ratio, number), rel=1e-6)


@pytest.mark.parametrize("text", ["age = children, religious = -0.5", "(intercept) = 0.5, educ = 0"])
def test_weights_and_an_exposure_are_kept(fair, text):
    """A third of the rows weighs nothing."""
    found = table_fit(fair, "counts", FEATURES, family="poisson", weight="weight", exposure="nights")
    some = fair[fair.weight > 0]
    oracle = smf.glm(
        f"counts ~ {FORMULA}", some, family=sm.families.Poisson(), freq_weights=some.weight, offset=np.log(some.nights)
    ).fit_constrained(CASES[text], tol=1e-14)
    rows = rows_of(found, fair, "counts", "weight", "nights")
    assert restricted(found, text, rows) == pytest.approx(oracle.deviance, rel=1e-11)


def test_the_deviance_of_nothing_to_fit_is_that_of_the_given_coefficients(fair):
    found = table_fit(fair, "counts", ["age"], family="poisson", exposure="nights")
    eta = -2 + 0.01 * fair.age + np.log(fair.nights)
    oracle = sm.families.Poisson().deviance(fair.counts.to_numpy(), np.exp(eta).to_numpy())
    mine = restricted(found, "(intercept) = -2, age = 0.01", rows_of(found, fair, "counts", exposure="nights"))
    assert mine == pytest.approx(oracle, rel=1e-12)


def test_without_a_feature_it_is_the_fit_without_the_feature(fair):
    found = table_fit(fair, "some", FEATURES, family="binomial")
    less = table_fit(fair, "some", FEATURES[1:], family="binomial").fit
    deviance = restricted(found, "occupation", rows_of(found, fair, "some"))
    assert deviance == pytest.approx(less.deviance, rel=1e-13)


def test_a_hypothesis_far_from_the_data_is_fitted_or_said(fair):
    found = table_fit(fair, "counts", ["age", "educ"], family="poisson")
    rows = rows_of(found, fair, "counts")
    oracle = smf.glm("counts ~ educ", fair, family=sm.families.Poisson(), offset=0.3 * fair.age).fit(tol=1e-14)
    assert restricted(found, "age = 0.3", rows) == pytest.approx(oracle.deviance, rel=1e-9)
    amounts = table_fit(fair, "amount", ["age", "educ"], family="gamma")
    with pytest.raises(DataError, match="with these coefficients means are beyond the range of 64 bits"):
        restricted(amounts, "age = 1000", rows_of(amounts, fair, "amount"))


def test_rows_more_than_a_sample_holds_are_passed_over_again():
    """25,000 of each class: a sample begins, and passes end."""
    import pandas as pd

    draw = np.random.default_rng(1)
    x = draw.normal(size=(50000, 2))
    y = (draw.random(50000) < 1 / (1 + np.exp(-0.2 - x @ [0.5, 0.3]))).astype(float)
    table = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y})
    found = table_fit(table, "y", ["a", "b"], family="binomial")
    oracle = smf.glm("y ~ I(a + b)", table, family=sm.families.Binomial()).fit(tol=1e-14)
    count = []

    def counted(columns):
        one_pass = rows_of(found, table, "y")(columns)
        return functools.partial(lambda make: (count.append(1), one_pass(make))[1])

    assert restricted(found, "a = b", counted) == pytest.approx(oracle.deviance, rel=1e-12)
    assert len(count) > 2
