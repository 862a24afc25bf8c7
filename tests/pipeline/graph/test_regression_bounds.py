"""What a summary keeps of a fit within bounds, beside statsmodels of the rows with what is held taken as known."""

import numpy as np
import pytest
import statsmodels.api as sm
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

from pipeline.graph.regression import Regression, read_regression
from tests.components.bounded_fits import fair, fair_fit
from tests.components.table_fits import table_fit

NUMBERS = ["yrs_married", "religious"]
LEVELS = {"gaussian": ["o5", "o6", "o1"], "binomial": ["o2", ("o5", "o6"), "o1"]}
BOUNDS = {
    "gaussian": {"age": "min", "educ": "min", "occupation[o4]": "occupation[o3]", "occupation[o2]": "occupation[o3]"},
    "binomial": {"age": "min", "educ": "min", "occupation[o4]": "occupation[o3]", "occupation[o6]": "occupation[o5]"},
}


def oracle(family):
    """Age held at 0, education at −0.001, levels of one coefficient as one column."""
    table = fair()
    marriages = [table.rate_marriage == f"r{level}" for level in (4, 3, 2, 1)]
    occupations = [table.occupation.isin([levels] if isinstance(levels, str) else levels) for levels in LEVELS[family]]
    x = np.column_stack([np.ones(len(table)), table[NUMBERS], *occupations, *marriages]).astype(float)
    plus = -0.001 * table.educ
    if family == "gaussian":
        return sm.OLS(table.affairs - plus, x).fit()
    return sm.GLM(table.some, x, sm.families.Binomial(), offset=plus).fit(tol=1e-14)


@pytest.fixture(scope="module", params=BOUNDS)
def both(request):
    found = fair_fit(request.param)
    return request.param, read_regression(found, DatasetFeatureStatistics()), oracle(request.param)


def test_what_is_on_a_bound_has_a_coefficient_and_which_bound_and_no_standard_error(both):
    family, kept, _ = both
    held = [column for column in kept.columns if column.role == "bound"]
    assert {column.name: column.bound for column in held} == BOUNDS[family]
    by_name = {column.name: column for column in kept.columns}
    assert by_name["age"].coefficient == 0
    assert by_name["educ"].coefficient == pytest.approx(-0.001, rel=1e-14)
    for column in held:
        assert column.standard_error is column.t is column.p is column.low is column.high is column.ratio_low is None
        like = by_name.get(column.bound)
        assert like is None or column.coefficient == like.coefficient
        assert (column.ratio is None) == (family == "gaussian")
        assert column.ratio is None or column.ratio == pytest.approx(np.exp(column.coefficient), rel=1e-14)
    assert (kept.constrained, len(held)) == (7, 4)
    assert kept.kkt < 1e-14
    assert Regression.model_validate_json(kept.model_dump_json()) == kept


def test_all_else_is_statsmodels_with_what_is_held_taken_as_known(both):
    family, kept, by = both
    by_name = {column.name: column for column in kept.columns}
    names = [level if isinstance(level, str) else level[0] for level in LEVELS[family]]
    names = [
        *NUMBERS,
        *(f"occupation[{name}]" for name in names),
        *(f"rate_marriage[r{level}]" for level in (4, 3, 2, 1)),
    ]
    columns = [kept.columns[0], *(by_name[name] for name in names)]
    assert [column.coefficient for column in columns] == pytest.approx(list(by.params), rel=1e-8)
    assert [column.standard_error for column in columns] == pytest.approx(list(by.bse), rel=1e-7)
    assert [column.p for column in columns] == pytest.approx(list(by.pvalues), rel=1e-5)
    assert (kept.rank, kept.degrees_of_freedom) == (len(by.params), by.df_resid)
    assert [kept.log_likelihood, kept.aic] == pytest.approx([by.llf, by.aic], rel=1e-9)


def test_features_are_tested_by_what_is_free_of_them(both):
    _, kept, by = both
    tests = {one.feature: one for one in kept.tests.features}
    assert tests["age"].test is tests["educ"].test is None
    for feature, places in (("occupation", range(3, 6)), ("rate_marriage", range(6, 10)), ("religious", [2])):
        wald = by.wald_test(np.eye(len(by.params))[list(places)], scalar=True)
        assert tests[feature].test.statistic == pytest.approx(float(wald.statistic), rel=1e-7)
        assert tests[feature].test.p == pytest.approx(float(wald.pvalue), rel=1e-5)
        assert tests[feature].test.degrees_of_freedom == len(places)
    assert kept.tests.overall is None  # education is held to another number than 0


def test_variance_inflation_is_of_the_columns_that_are_left():
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    kept = read_regression(fair_fit(), DatasetFeatureStatistics())
    vif = variance_inflation_factor(oracle("gaussian").model.exog, 1)
    assert next(one.gvif for one in kept.tests.features if one.feature == "yrs_married") == pytest.approx(vif, rel=1e-9)


def test_without_bounds_nothing_of_them_is_kept():
    kept = read_regression(table_fit(fair(), "affairs", NUMBERS), DatasetFeatureStatistics())
    assert (kept.constrained, kept.kkt, [column.bound for column in kept.columns]) == (0, None, [None] * 3)
