"""What a summary keeps of the regression, of every family, beside statsmodels."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import Lasso
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

from components.linear_model.elastic_net import ElasticNet
from components.linear_model.families import named
from pipeline.graph.regression import Regression, read_regression
from tests.components.fits import ORACLES, drawn, fitted, oracle
from tests.components.table_fits import table_fit

MODELS = {
    "gaussian": "y, in its units",
    "binomial": "log odds of y = yes",
    "binomial(link=probit)": "probit of the probability of y = yes",
    "binomial(link=cloglog)": "complementary log-log of the probability of y = yes",
    "poisson": "log of the mean of y per unit of nights",
    "gamma": "log of the mean of y",
    "tweedie": "log of the mean of y",
}
RATIOS = {"binomial": "odds ratio", "binomial(link=cloglog)": "hazard ratio"} | dict.fromkeys(
    ("poisson", "gamma", "tweedie"), "rate ratio"
)


@pytest.fixture(scope="module", params=ORACLES)
def both(request):
    """A family, what is kept of its fit, and statsmodels' fit."""
    rows = drawn(request.param, exposed=request.param == "poisson")
    kept = read_regression(fitted(request.param, rows), DatasetFeatureStatistics())
    return request.param, kept, oracle(request.param, rows)


def estimated(kept):
    return [column for column in kept.columns if column.standard_error is not None]


def of_all(kept, name):
    return [getattr(column, name) for column in estimated(kept)]


def test_estimates_and_intervals_are_statsmodels(both):
    family, kept, by = both
    freedom = by.df_resid if named(family).dispersion == "estimated" else np.inf
    assert of_all(kept, "name") == ["(intercept)", "miles", "c[card]", "c[none]"]
    assert of_all(kept, "coefficient") == pytest.approx(by.params, rel=1e-8)
    assert of_all(kept, "standard_error") == pytest.approx(by.bse, rel=1e-6)
    assert of_all(kept, "t") == pytest.approx(by.tvalues, rel=1e-6)
    assert of_all(kept, "p") == pytest.approx(2 * stats.t.sf(np.abs(by.tvalues), freedom), rel=1e-4)
    half = stats.t.ppf(0.975, freedom) * by.bse
    assert of_all(kept, "low") == pytest.approx(by.params - half, rel=1e-6)
    assert of_all(kept, "high") == pytest.approx(by.params + half, rel=1e-6)


def test_ratios_are_the_exponentials_where_the_link_makes_them_ratios(both):
    family, kept, _ = both
    assert kept.ratio == RATIOS.get(family)
    intercept, *others = estimated(kept)
    assert intercept.ratio is None
    for column in others:
        found = [column.ratio, column.ratio_low, column.ratio_high]
        if kept.ratio is None:
            assert found == [None, None, None]
        else:
            assert found == pytest.approx(np.exp([column.coefficient, column.low, column.high]), rel=1e-14)


def test_columns_without_a_coefficient_of_their_own_have_a_role_and_no_ratio(both):
    family, kept, _ = both
    roles = {column.name: column.role for column in kept.columns if column.role is not None}
    dropped = dict.fromkeys(("c[(other)]", "c[(missing)]"), "dropped")
    offset = {"nights": "offset"} if family == "poisson" else {}
    assert roles == {"c[cash]": "reference", **dropped, **offset}
    assert all(column.ratio is None for column in kept.columns if column.role is not None)
    assert [column.coefficient for column in kept.columns if column.role == "offset"] == [1.0] * len(offset)


def test_what_is_modelled_is_said(both):
    family, kept, _ = both
    assert kept.models == MODELS[family]
    assert kept.exposure == ("nights" if family == "poisson" else None)


def test_the_fit_as_a_whole_is_statsmodels(both):
    family, kept, by = both
    assert (kept.rows, kept.degrees_of_freedom) == (400, by.df_resid)
    if family == "gaussian":
        assert (kept.deviance, kept.passes, kept.decrement) == (None, None, None)
        assert kept.loss == pytest.approx(by.deviance / 400)
        return
    assert kept.deviance == pytest.approx(by.deviance, rel=1e-9)
    assert kept.null_deviance == pytest.approx(by.null_deviance, rel=1e-9)
    assert kept.deviance_explained == pytest.approx(1 - by.deviance / by.null_deviance)
    assert kept.pearson == pytest.approx(by.pearson_chi2 / by.df_resid, rel=1e-6)
    assert kept.dispersion == pytest.approx(by.scale, rel=1e-6)
    assert 0 <= kept.decrement < 1e-6 < kept.passes
    if named(family).dispersion == "one":
        assert [kept.aic, kept.bic] == pytest.approx([by.aic, by.bic_llf], rel=1e-9)
    assert (kept.aic is None) == (family == "tweedie")


def selected():
    """A lasso of which one feature is left out wholly, another in part."""
    draw = np.random.default_rng(9)
    table = pd.DataFrame({"a": draw.normal(5, 2, 600), "b": draw.normal(size=600), "c": draw.choice(list("xyz"), 600)})
    table["c"] = table["c"].astype(object)
    table["y"] = 3 + 2 * table["a"] + 1.5 * (table["c"] == "x") + draw.normal(size=600)
    return table, table_fit(table, "y", ["a", "b", "c"], elastic_net=ElasticNet(1.0, 0.2))


def test_what_an_elastic_net_leaves_out_has_a_role():
    table, found = selected()
    kept = read_regression(found, DatasetFeatureStatistics())
    [reference] = [column.name for column in kept.columns if column.role == "reference"]
    z = (table["a"] - table["a"].mean()) / table["a"].std(ddof=0)
    levels = [name for name in ("c[x]", "c[y]", "c[z]") if name != reference]
    design = np.column_stack([z, table["b"], *(table["c"] == name[2] for name in levels)])
    design[:, 1] = (design[:, 1] - design[:, 1].mean()) / design[:, 1].std()
    peer = Lasso(alpha=0.2, tol=1e-14, max_iter=100_000).fit(design, table["y"])
    by = dict(zip(["a", "b", *levels], peer.coef_, strict=True))
    columns = {column.name: column for column in kept.columns}
    assert columns["a"].coefficient == pytest.approx(by["a"] / table["a"].std(ddof=0), rel=1e-9)
    assert {name for name in by if columns[name].role == "left out"} == {name for name in by if by[name] == 0}
    assert by["b"] == columns["b"].coefficient == 0
    assert all(column.standard_error is column.p is column.low is None for column in kept.columns)
    assert kept.selected.features_left_out == ["b"]
    assert (kept.selected.columns, kept.selected.of) == (np.count_nonzero(peer.coef_), 4)
    assert (kept.penalty, kept.penalty_rule, kept.selected.l1_ratio) == (0.2, "lasso: given", 1.0)
    assert kept.selected.kkt <= kept.selected.kkt_on_path < 1e-11
    assert [entry["alpha"] for entry in kept.selected.path].count(0.2) == 1
    assert kept.tests.because is not None
    assert Regression.model_validate(json.loads(kept.model_dump_json())) == kept


def test_json_has_all_of_it(both):
    _, kept, _ = both
    assert Regression.model_validate(json.loads(kept.model_dump_json())) == kept
