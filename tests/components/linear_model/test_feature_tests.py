"""Tests of whole features beside statsmodels', on tables that come with it."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.outliers_influence import variance_inflation_factor

from components.fit.look import look_at_rows
from components.fit.settings import Exact
from components.linear_model.blocks import over
from components.linear_model.diagnostics.look import Solved
from components.linear_model.elastic_net import ElasticNet
from components.linear_model.feature_tests import PENALISED, SINGULAR, feature_tests
from components.linear_model.joint_test import statistic_name
from components.linear_model.linear_fit import LinearFit
from tests.components.absorbed_fits import Table
from tests.components.table_fits import table_fit, table_look

FAIR = ["age", "children", "occupation", "rate_marriage", "age_children"]


def fair():
    """6,366 women of Fair (1978): numbers, two features of levels, and a product made by hand."""
    table = sm.datasets.fair.load_pandas().data
    table["age_children"] = table.age * table.children
    table["occupation"] = table.occupation.map(lambda value: f"o{value:.0f}")
    table["rate_marriage"] = table.rate_marriage.map(lambda value: f"r{value:.0f}")
    table["some"] = (table.affairs > 0).astype(float)
    table["weight"] = 0.5 + table.educ / 10
    return table


def formula(table, label, features, **changed):
    """The same model for statsmodels: treatment contrasts against the most frequent level."""
    terms = [
        f"C({name}, Treatment('{table[name].value_counts().index[0]}'))" if table[name].dtype == object else name
        for name in features
    ]
    return f"{label} ~ {' + '.join(terms)}"


def of_tests(tests):
    return [one.test.statistic for one in tests.features], [one.test.p for one in tests.features]


@pytest.mark.parametrize("weight", [None, "weight"])
def test_each_features_f_is_that_of_anova_of_type_3(weight):
    table = fair()
    text = formula(table, "affairs", FAIR)
    by = smf.ols(text, table).fit() if weight is None else smf.wls(text, table, weights=table[weight]).fit()
    tests = feature_tests(table_fit(table, "affairs", FAIR, weight=weight))
    anova = sm.stats.anova_lm(by, typ=3).iloc[1:-1]
    found, p = of_tests(tests)
    anova.index = [next(name for name in reversed(FAIR) if name in text) for text in anova.index]
    anova = anova.loc[FAIR]
    assert [one.feature for one in tests.features] == FAIR
    assert found == pytest.approx(anova["F"].tolist(), rel=1e-8)
    assert p == pytest.approx(anova["PR(>F)"].tolist(), rel=1e-8)
    assert [one.test.degrees_of_freedom for one in tests.features] == anova["df"].tolist() == [1, 1, 5, 4, 1]
    squares = anova["sum_sq"].to_numpy()
    assert [one.partial_r_squared for one in tests.features] == pytest.approx(squares / (squares + by.ssr), rel=1e-8)
    assert tests.overall.statistic == pytest.approx(by.fvalue, rel=1e-8)
    assert tests.overall.p == pytest.approx(by.f_pvalue, rel=1e-8)
    assert tests.because is None


def test_variance_inflation_is_statsmodels_of_one_column_and_fox_and_monettes_of_several():
    table = fair()
    tests = feature_tests(table_fit(table, "affairs", FAIR))
    x = smf.ols(formula(table, "affairs", FAIR), table).exog
    names = smf.ols(formula(table, "affairs", FAIR), table).exog_names
    correlation = np.corrcoef(x[:, 1:], rowvar=False)
    for one in tests.features:
        mine = np.array([name.removeprefix("C(").split(",")[0] == one.feature for name in names[1:]])
        assert mine.sum() == one.test.degrees_of_freedom
        parts = (correlation[np.ix_(rows, rows)] for rows in (mine, ~mine))
        gvif = np.prod([np.linalg.det(part) for part in parts]) / np.linalg.det(correlation)
        assert one.gvif == pytest.approx(gvif, rel=1e-9)
        assert one.gvif_root == pytest.approx(gvif ** (1 / (2 * mine.sum())), rel=1e-9)
        if mine.sum() == 1:
            assert one.gvif == pytest.approx(variance_inflation_factor(x, 1 + int(np.flatnonzero(mine)[0])), rel=1e-9)


def test_longley_whose_columns_nearly_give_each_other():
    """Variance inflation factors up to 1,788."""
    table = sm.datasets.longley.load_pandas().data
    names = list(table.columns[1:])
    by = smf.ols(f"TOTEMP ~ {' + '.join(names)}", table).fit()
    tests = feature_tests(table_fit(table, "TOTEMP", names))
    anova = sm.stats.anova_lm(by, typ=3)
    found, p = of_tests(tests)
    assert found == pytest.approx(anova["F"].loc[names].tolist(), rel=1e-7)
    assert p == pytest.approx(anova["PR(>F)"].loc[names].tolist(), rel=1e-7)
    factors = [variance_inflation_factor(by.model.exog, 1 + index) for index in range(len(names))]
    assert [one.gvif for one in tests.features] == pytest.approx(factors, rel=1e-7)


@pytest.mark.parametrize("family", ["binomial", "poisson", "gamma"])
def test_other_families_have_walds_test(family):
    """χ² where the dispersion is known, else F; statsmodels' `wald_test` says both. Two columns are one feature, beside levels."""
    table = fair().assign(affairs=lambda table: table.affairs.round() + (family == "gamma"))
    table["life:age"], table["life:years"] = table.age, table.yrs_married
    label = "some" if family == "binomial" else "affairs"
    link = {"gamma": sm.families.Gamma(sm.families.links.Log())}
    by = smf.glm(
        formula(table, label, ["age", "yrs_married", "occupation"]),
        table,
        family=link.get(family) or getattr(sm.families, family.title())(),
    ).fit(tol=1e-13)
    found = table_fit(table, label, ["life:age", "life:years", "occupation"], family=family)
    tests = feature_tests(found)
    places = {"life": [6, 7], "occupation": [1, 2, 3, 4, 5]}
    estimated = family == "gamma"
    assert statistic_name(found.fit.test_degrees_of_freedom) == ("F" if estimated else "χ²")
    correlation = by.cov_params().to_numpy()[1:, 1:]
    for one in tests.features:
        mine = places[one.feature]
        wald = by.wald_test(np.eye(8)[mine], use_f=estimated, scalar=True)
        assert one.test.degrees_of_freedom == len(mine)
        assert one.test.statistic == pytest.approx(float(wald.statistic), rel=1e-6)
        assert one.test.p == pytest.approx(float(wald.pvalue), rel=1e-4)
        assert one.partial_r_squared is None
        inside = np.isin(np.arange(1, 8), mine)
        blocks = (np.linalg.det(correlation[np.ix_(rows, rows)]) for rows in (inside, ~inside))
        assert one.gvif == pytest.approx(np.prod(list(blocks)) / np.linalg.det(correlation), rel=1e-6)
    fewer = by.null_deviance - by.deviance
    expected = stats.f.sf(fewer / 7 / by.scale, 7, by.df_resid) if estimated else stats.chi2.sf(fewer, 7)
    assert tests.overall.p == pytest.approx(expected, rel=1e-4)
    assert tests.overall.statistic == pytest.approx(fewer / by.scale / (7 if estimated else 1), rel=1e-6)


@pytest.mark.parametrize("errors", ["hc0", "hc1", "hc2", "hc3", "cluster"])
@pytest.mark.parametrize("weight", [None, "weight"])
def test_robust_errors_have_walds_test(errors, weight):
    """statsmodels' `wald_test` with that covariance: F by the columns, and the residuals' degrees of freedom or clusters less 1."""
    table = fair().assign(town=lambda table: np.arange(len(table)) * 7919 % 50)
    text = formula(table, "affairs", FAIR)
    model = smf.ols(text, table) if weight is None else smf.wls(text, table, weights=table[weight])
    clustered = errors == "cluster"
    how = {"groups": table.town} if clustered else {}
    by = model.fit(cov_type=errors if clustered else errors.upper(), cov_kwds=how, use_t=True)
    how = {"cluster": "town"} if clustered else {"errors": errors}
    found = table_look(table, "affairs", FAIR, weight=weight, **how)[0]
    tests, classical = feature_tests(found), feature_tests(table_fit(table, "affairs", FAIR, weight=weight))
    order = by.model.exog_names
    assert found.fit.test_degrees_of_freedom == (49 if clustered else by.df_resid)
    for one, other in zip(tests.features, classical.features, strict=True):
        mine = [place for place, name in enumerate(order) if name.removeprefix("C(").split(",")[0] == one.feature]
        wald = by.wald_test(np.eye(len(order))[mine], use_f=True, scalar=True)
        assert one.test.degrees_of_freedom == len(mine)
        assert one.test.statistic == pytest.approx(float(wald.statistic), rel=1e-9)
        assert one.test.p == pytest.approx(float(wald.pvalue), rel=1e-8)
        assert one.partial_r_squared is None
        assert one.gvif == other.gvif
    assert tests.overall.statistic == pytest.approx(float(by.fvalue), rel=1e-9)
    assert tests.overall.p == pytest.approx(float(by.f_pvalue), rel=1e-8)


@pytest.mark.parametrize("errors", ["hc0", "cluster"])
@pytest.mark.parametrize("family", ["binomial", "gamma"])
def test_robust_errors_of_other_families_too(family, errors):
    """χ² where the dispersion is known and there are no clusters. By R's definition on whole arrays: statsmodels'
    bread is the observed information, which is the expected one for canonical links alone; its clusters have (n − 1)/(n − p) too.
    """
    table = fair().assign(affairs=lambda table: table.affairs.round() + (family == "gamma"))
    table["town"] = np.arange(len(table)) * 7919 % 50
    label, names = "some" if family == "binomial" else "affairs", ["age", "yrs_married", "occupation"]
    law = sm.families.Binomial() if family == "binomial" else sm.families.Gamma(sm.families.links.Log())
    by = smf.glm(formula(table, label, names), table, family=law).fit(tol=1e-13)
    x, mean = by.model.exog, by.mu
    slope = mean * (1 - mean) if family == "binomial" else mean
    scores = x * ((by.model.endog - mean) * slope / law.variance(mean))[:, None]
    scores = pd.DataFrame(scores).groupby(table.town).sum().to_numpy() if errors == "cluster" else scores
    bread = np.linalg.inv(x.T @ (x * (slope**2 / law.variance(mean))[:, None]))
    covariance = bread @ scores.T @ scores @ bread * (50 / 49 if errors == "cluster" else 1.0)
    if family == "binomial" and errors == "hc0":
        same = smf.glm(formula(table, label, names), table, family=law).fit(tol=1e-13, cov_type="HC0")
        assert covariance == pytest.approx(same.cov_params().to_numpy(), rel=1e-6)
    how = {"cluster": "town"} if errors == "cluster" else {"errors": errors}
    found = table_look(table, label, names, family=family, **how)[0]
    tests, freedom = feature_tests(found), found.fit.test_degrees_of_freedom
    assert freedom == {"hc0": np.inf if family == "binomial" else by.df_resid, "cluster": 49}[errors]
    places = {"age": [6], "yrs_married": [7], "occupation": [1, 2, 3, 4, 5], None: list(range(1, 8))}
    joint = {**{one.feature: one.test for one in tests.features}, None: tests.overall}
    for name, mine in places.items():
        q, beta = len(mine), by.params.to_numpy()[mine]
        chi2 = float(beta @ np.linalg.solve(covariance[np.ix_(mine, mine)], beta))
        expected = (chi2, stats.chi2.sf(chi2, q)) if np.isinf(freedom) else (chi2 / q, stats.f.sf(chi2 / q, q, freedom))
        assert (joint[name].statistic, joint[name].p) == pytest.approx(expected, rel=1e-5)
    assert [one.gvif for one in tests.features] == [None] * 3


def test_no_more_clusters_than_columns_leave_that_feature_without_a_test():
    table = fair().assign(town=lambda table: np.arange(len(table)) * 7919 % 5)
    tests = feature_tests(table_look(table, "affairs", ["age", "occupation"], cluster="town")[0])
    there = {one.feature: one.test for one in tests.features}
    assert np.isnan([there["occupation"].statistic, there["occupation"].p, tests.overall.p]).all()
    assert 0 < there["age"].p < 1


def robust(table, absorbed, errors):
    """The fit of rows with very many levels, with robust errors."""
    fit = table.fit(absorbed)
    problem = table.problem(absorbed, references=set(fit.references.values()))
    if absorbed:
        solved = problem.solved("gaussian", problem.fit())
    else:
        beta = fit.fit.coefficients[problem.columns]
        solved = Solved("gaussian", fit.fit, problem.columns, beta, problem.root(), None)
    passes = over(lambda: [table.block(solved.columns)])
    gathered = table.gathered(absorbed)
    looked = look_at_rows(gathered, solved, Exact(errors=errors), (30.0, 5.0), lambda _: passes, [], [], False)
    return dataclasses.replace(fit, fit=looked.fit)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("errors", ["hc0", "hc3"])
def test_levels_that_are_eliminated_have_the_same_robust_tests(errors, weights):
    table = Table.drawn(3000, 120, weights=weights)
    found = {absorbed: feature_tests(robust(table, absorbed, errors)) for absorbed in (True, False)}
    for one, other in zip(found[True].features, found[False].features, strict=True):
        assert one.test.degrees_of_freedom == other.test.degrees_of_freedom
        assert one.test.statistic == pytest.approx(other.test.statistic, rel=1e-8)
        assert one.test.p == pytest.approx(other.test.p, rel=1e-7)
    assert found[True].features[1].test.degrees_of_freedom > 100
    assert found[True].overall.statistic == pytest.approx(found[False].overall.statistic, rel=1e-8)


def test_a_feature_counts_the_columns_that_others_do_not_give():
    """A firm's sector follows from the firm: of one of the two nothing is left, and no test."""
    table = sm.datasets.grunfeld.load_pandas().data
    table["sector"] = table.firm.isin(["IBM", "Westinghouse"]).map({True: "electric", False: "other"})
    table["twice"] = 2.0 * table.value + 1.0
    names = ["value", "capital", "firm", "sector", "twice"]
    tests = feature_tests(table_fit(table, "invest", names))
    by = smf.ols(formula(table, "invest", ["value", "capital", "firm"]), table).fit()
    anova = sm.stats.anova_lm(by, typ=3)
    there = {one.feature: one for one in tests.features}
    assert there["firm"].test.degrees_of_freedom == 10
    assert there["firm"].test.statistic == pytest.approx(anova["F"].iloc[1], rel=1e-8)
    assert there["value"].test.statistic == pytest.approx(anova["F"].loc["value"], rel=1e-8)
    for name in ("sector", "twice"):
        one = there[name]
        assert (one.test, one.partial_r_squared, one.gvif, one.gvif_root) == (None, None, None, None)


def test_an_offset_is_no_feature_and_the_overall_test_leaves_it_in():
    table = fair().assign(affairs=lambda table: table.affairs.round())
    found = table_fit(table, "affairs", ["age", "educ"], family="poisson", exposure="yrs_married")
    tests = feature_tests(found)
    by = smf.glm("affairs ~ age + educ", table, family=sm.families.Poisson(), exposure=table.yrs_married).fit(tol=1e-13)
    assert [one.feature for one in tests.features] == ["age", "educ"]
    assert tests.overall.statistic == pytest.approx(by.null_deviance - by.deviance, rel=1e-9)


@pytest.mark.parametrize("penalty", [{"l2": 1.0}, {"elastic_net": ElasticNet(1.0, 0.05)}])
def test_a_penalty_leaves_no_tests_and_says_why(penalty):
    tests = feature_tests(table_fit(fair(), "affairs", FAIR, **penalty))
    assert (tests.features, tests.overall, tests.because) == ([], None, PENALISED)


def test_a_covariance_that_rounding_has_made_singular_leaves_no_tests_and_says_why():
    found = table_fit(fair(), "some", ["age", "children"], family="binomial")
    singular = dataclasses.replace(found.fit, covariance=np.ones((3, 3)))
    tests = feature_tests(dataclasses.replace(found, fit=singular))
    assert (tests.features, tests.overall, tests.because) == ([], None, SINGULAR)


def test_a_law_without_residuals_has_an_infinite_f():
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [0.0, 0.0, 0.0, 0.0]})
    table["y"] = 2.0 * table.x
    [one] = feature_tests(table_fit(table, "y", ["x"])).features
    assert one.test.statistic > 1e20
    assert one.test.p < 1e-10
    assert one.partial_r_squared == pytest.approx(1.0)
    assert one.gvif == pytest.approx(1.0)


def test_no_feature_at_all_leaves_nothing_to_test():
    table = fair().assign(same=1.0)
    tests = feature_tests(table_fit(table, "affairs", ["same"]))
    assert tests.overall is None
    assert [one.test for one in tests.features] == [None]


def test_a_fit_that_was_written_and_read_has_the_same_tests(tmp_path):
    found = table_fit(fair(), "affairs", FAIR, weight="weight")
    found.save(str(tmp_path))
    again = LinearFit.load(str(tmp_path))
    assert feature_tests(again) == feature_tests(found)
    assert json.loads((tmp_path / "fit.json").read_text())["fold_log_weights"] == found.fold_log_weights
