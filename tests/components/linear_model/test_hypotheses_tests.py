"""Wald's test and the likelihood ratio of linear hypotheses beside statsmodels', on tables that come with it."""

import dataclasses

import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.diagnosed import diagnose
from components.linear_model.feature_tests import feature_tests
from components.linear_model.hypotheses import parse
from components.linear_model.hypotheses_tests import deviance_ratio, in_scaled_units, least_squares_ratio, wald
from components.linear_model.hypotheses_text import Names
from tests.components.absorbed_fits import Table
from tests.components.table_fits import table_fit

FEATURES = ["occupation", "children", "age", "religious", "educ"]
FORMULA = "C(occupation, Treatment('o3')) + children + age + religious + educ"
# What is tested here, and what statsmodels is told of it: of coefficients in its order.
CASES = {
    "age = 0": "age = 0",
    "age = children, religious = -0.5": "age - children = 0, religious = -0.5",
    "2*age - educ/3 = 0.1": "2*age - educ/3 = 0.1",
    "occupation = 0": ", ".join(f"C(occupation, Treatment('o3'))[T.o{n}] = 0" for n in (1, 2, 4, 5, 6)),
    "occupation[o1] = occupation[o2] = occupation[o3]": ", ".join(
        f"C(occupation, Treatment('o3'))[T.{name}] = 0" for name in ("o1", "o2")
    ),
    "(intercept) = 3, educ = 0": "Intercept = 3, educ = 0",
}


@pytest.fixture(scope="module")
def fair():
    """Fair (1978)."""
    table = sm.datasets.fair.load_pandas().data
    table["occupation"] = table.occupation.map(lambda value: f"o{value:.0f}")
    return table.assign(counts=table.affairs.round(), weight=0.5 + table.educ / 10, amount=table.affairs + 0.5)


def read(found, text):
    return parse(text, Names.of(found))


@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize(("text", "told"), CASES.items())
def test_least_squares_has_the_f_of_f_test(fair, weight, text, told):
    found = table_fit(fair, "affairs", FEATURES, weight=weight)
    oracle = smf.wls(f"affairs ~ {FORMULA}", fair, weights=1.0 if weight is None else fair[weight]).fit()
    its, mine = oracle.f_test(told), wald(found, read(found, text))
    assert [mine.test.statistic, mine.test.p] == pytest.approx([float(its.fvalue), float(its.pvalue)], rel=1e-9)
    assert mine.test.degrees_of_freedom == its.df_num


@pytest.mark.parametrize("text", [text for text in CASES if "occupation" not in text])
def test_each_equation_has_the_estimate_and_the_error_of_t_test(fair, text):
    found = table_fit(fair, "affairs", FEATURES)
    its = smf.ols(f"affairs ~ {FORMULA}", fair).fit().t_test(CASES[text])
    mine = wald(found, read(found, text))
    assert mine.standard_errors == pytest.approx(np.ravel(its.sd), rel=1e-9)
    assert mine.estimates / mine.standard_errors == pytest.approx(np.ravel(its.tvalue), rel=1e-9)


@pytest.mark.parametrize("weight", [None, "weight"])
def test_least_squares_has_the_likelihood_ratio_and_the_f_of_nested_models(fair, weight):
    how = {"weights": 1.0 if weight is None else fair[weight]}
    found = table_fit(fair, "affairs", FEATURES, weight=weight)
    whole = smf.wls(f"affairs ~ {FORMULA}", fair, **how).fit()
    for text, formula in {
        "occupation, religious": "children + age + educ",
        "educ": "C(occupation) + children + age + religious",
        "age = children, educ": "C(occupation) + I(children + age) + religious",
        "age = 0.02": None,
    }.items():
        hypotheses = read(found, text)
        if formula is None:
            part = smf.wls("I(affairs - 0.02*age) ~ C(occupation) + children + religious + educ", fair, **how).fit()
        else:
            part = smf.wls(f"affairs ~ {formula}", fair, **how).fit()
        ratio, p, number = whole.compare_lr_test(part)
        mine = least_squares_ratio(found, found.fit, hypotheses)
        assert [mine.statistic, mine.p] == pytest.approx([ratio, p], rel=1e-8)
        assert mine.degrees_of_freedom == number
        f, p, number = whole.compare_f_test(part)
        mine = wald(found, hypotheses).test
        assert [mine.statistic, mine.p, mine.degrees_of_freedom] == pytest.approx([f, p, number], rel=1e-8)


@pytest.mark.parametrize("text", CASES)
@pytest.mark.parametrize("family", ["poisson", "gamma"])
def test_other_families_have_the_wald_test(fair, family, text):
    """χ² where the dispersion is known, F where it is Pearson's."""
    label = "counts" if family == "poisson" else "amount"
    found = table_fit(fair, label, FEATURES, family=family)
    kind = sm.families.Poisson() if family == "poisson" else sm.families.Gamma(sm.families.links.Log())
    oracle = smf.glm(f"{label} ~ {FORMULA}", fair, family=kind).fit(tol=1e-14)
    its = oracle.wald_test(CASES[text], use_f=family == "gamma", scalar=True)
    mine = wald(found, read(found, text)).test
    assert mine.statistic == pytest.approx(float(its.statistic), rel=1e-8)
    if family == "poisson":
        assert mine.p == pytest.approx(float(its.pvalue), rel=1e-7)
    else:  # statsmodels' degrees of freedom of GLM's F are the residuals' too
        assert mine.p == pytest.approx(float(oracle.f_test(CASES[text]).pvalue), rel=1e-7)


@pytest.mark.parametrize("errors", ["hc0", "hc1", "hc2", "hc3", "cluster"])
def test_robust_errors_are_those_of_f_test(fair, errors):
    """With clusters on their number less 1."""
    names = ["children", "age", "religious", "educ"]
    plain = table_fit(fair, "affairs", names)
    groups = (fair.yrs_married * 2 + 100 * fair.religious).astype(int).to_numpy()
    robust = diagnose(fair[names].to_numpy(), fair.affairs.to_numpy(), errors=errors, names=names, clusters=groups).fit
    design = DesignMatrix(tuple(dataclasses.replace(term, mean=0.0, std=1.0) for term in plain.design.terms))
    found = dataclasses.replace(plain, design=design, fit=robust)
    how = (
        {"cov_type": "cluster", "cov_kwds": {"groups": groups}} if errors == "cluster" else {"cov_type": errors.upper()}
    )
    oracle = smf.ols("affairs ~ children + age + religious + educ", fair).fit(use_t=True, **how)
    its = oracle.f_test("age = children, religious + educ/2 = -0.5")
    mine = wald(found, read(found, "age = children, religious + educ/2 = -0.5")).test
    assert [mine.statistic, mine.p] == pytest.approx([float(its.fvalue), float(its.pvalue)], rel=1e-9)


def test_a_whole_feature_has_the_test_of_the_table_of_features(fair):
    found = table_fit(fair, "affairs", FEATURES)
    for one in feature_tests(found).features:
        mine = wald(found, read(found, one.feature)).test
        assert [mine.statistic, mine.p] == pytest.approx([one.test.statistic, one.test.p], rel=1e-9)
        assert mine.degrees_of_freedom == one.test.degrees_of_freedom


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize(
    "text", ["a = 0.25", "city[c3] = city[c5], a = -20*b", "city[c3] = 0, month[m1] = month[m2]", "month", "city"]
)
def test_levels_that_are_eliminated_are_tested_as_if_they_were_not(text, weights):
    """300 levels, beside the dense fit of the same rows."""
    table = Table.drawn(4000, 300, weights=weights)
    absorbed, dense = table.fit(True), table.fit(False)
    tests = [wald(found, read(found, text)) for found in (absorbed, dense)]
    assert tests[0].estimates == pytest.approx(tests[1].estimates, rel=1e-8)
    assert tests[0].standard_errors == pytest.approx(tests[1].standard_errors, rel=1e-8)
    ratios = [least_squares_ratio(found, found.fit, read(found, text)) for found in (absorbed, dense)]
    for one, other in [[found.test for found in tests], ratios]:
        assert one.degrees_of_freedom == other.degrees_of_freedom
        assert [one.statistic, one.p] == pytest.approx([other.statistic, other.p], rel=1e-7)
    robust = dataclasses.replace(absorbed.fit, covariance=absorbed.fit.covariance.scaled(9.0), errors="hc3")
    changed = dataclasses.replace(absorbed, fit=robust)
    assert least_squares_ratio(changed, robust, read(changed, text)) == ratios[0]
    assert wald(changed, read(changed, text)).test.statistic == pytest.approx(tests[0].test.statistic / 9, rel=1e-12)


def test_a_difference_of_1e9_of_the_squares_keeps_its_digits():
    """n·log(RSS₀/RSS) of the residuals themselves would have seven digits less: the oracle is of 60."""
    import mpmath
    import pandas as pd

    draw = np.random.default_rng(3)
    x = draw.normal(size=200)
    table = pd.DataFrame({"x": x, "y": 1 + 2 * x + draw.normal(size=200)})
    found = table_fit(table, "y", ["x"])
    near = found.raw.coefficients[1] + 1e-6
    ratio = least_squares_ratio(found, found.fit, read(found, f"x = {near!r}")).statistic
    with mpmath.workdps(60):
        xs, ys = [[mpmath.mpf(float(value)) for value in table[name]] for name in ("x", "y")]
        mean_x, mean_y = mpmath.fsum(xs) / 200, mpmath.fsum(ys) / 200
        xs, ys = [value - mean_x for value in xs], [value - mean_y for value in ys]
        sxx, sxy, syy = (mpmath.fdot(one, other) for one, other in ((xs, xs), (xs, ys), (ys, ys)))
        rss = syy - sxy**2 / sxx
        held = syy - 2 * mpmath.mpf(near) * sxy + mpmath.mpf(near) ** 2 * sxx
        assert ratio == pytest.approx(float(200 * mpmath.log(held / rss)), rel=1e-8)


def test_a_singular_covariance_has_no_wald_test(fair):
    """As of errors by fewer clusters than hypotheses."""
    found = table_fit(fair, "affairs", FEATURES)
    row = np.arange(1.0, 1 + len(found.fit.covariance))
    found.fit.covariance[:] = np.where(np.isnan(found.fit.covariance), np.nan, np.outer(row, row))
    test = wald(found, read(found, "age, children")).test
    assert np.isnan([test.statistic, test.p]).all()
    assert test.degrees_of_freedom == 2


def test_in_scaled_units_the_hypotheses_are_the_same(fair):
    found = table_fit(fair, "affairs", FEATURES)
    hypotheses = read(found, "(intercept) = age, 2*educ + occupation[o1]")
    matrix, _ = hypotheses.system()
    kept = list(range(len(found.fit.names)))
    scaled = in_scaled_units(found.design, hypotheses, kept) @ found.fit.coefficients
    assert scaled == pytest.approx(matrix @ found.raw.coefficients[hypotheses.places], rel=1e-12)


def test_a_deviance_that_rounding_made_less_is_no_difference(fair):
    fit = table_fit(fair, "counts", ["age"], family="poisson").fit
    assert deviance_ratio(fit, fit.deviance * (1 - 1e-16), 1).statistic == 0.0
