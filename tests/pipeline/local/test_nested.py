"""Nested models beside statsmodels' `anova_lm`, on tables that come with it; and what is refused."""

import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats

from components.errors import RunError
from components.linear_model.elastic_net import ElasticNet
from pipeline.local.nested import Nested, NotNestedError, nested_test
from pipeline.local.summary import RunSummary
from tests.components import bounded_fits
from tests.components.bounded_fits import fair_fit
from tests.components.table_fits import table_fit
from tests.pipeline.summaries import summary_of


@pytest.fixture(scope="module")
def fair():
    """Fair (1978)."""
    table = sm.datasets.fair.load_pandas().data
    table["occupation"] = table.occupation.map(lambda value: f"o{value:.0f}")
    return table.assign(
        counts=table.affairs.round(), some=(table.affairs > 0).astype(float), weight=0.5 + table.educ / 10
    )


def runs(table, label, few, many, **how):
    """The larger model first: the order is not the user's to know."""
    return (
        ("b.yaml", summary_of(table_fit(table, label, many, **how))),
        ("a.yaml", summary_of(table_fit(table, label, few, **how))),
    )


FEW, MANY = ["age", "children"], ["occupation", "children", "age", "religious"]
TEXTS = [" + ".join(FEW), "C(occupation) + children + age + religious"]


@pytest.mark.parametrize("weight", [None, "weight"])
def test_f_and_p_are_those_of_anova(fair, weight):
    found = nested_test(*runs(fair, "affairs", FEW, MANY, weight=weight))
    by = [smf.wls(f"affairs ~ {text}", fair, weights=1.0 if weight is None else fair[weight]).fit() for text in TEXTS]
    anova = sm.stats.anova_lm(*by).iloc[1]
    assert found.statistic == "F"
    assert found.test.statistic == pytest.approx(anova["F"], rel=1e-8)
    assert found.test.p == pytest.approx(anova["Pr(>F)"], rel=1e-8)
    assert found.test.degrees_of_freedom == anova["df_diff"] == 6
    assert found.residual == anova["df_resid"]
    assert [model.name for model in (found.smaller, found.larger)] == ["a.yaml", "b.yaml"]
    for model, one in zip((found.smaller, found.larger), by, strict=True):
        assert (model.coefficients, model.degrees_of_freedom) == (one.df_model + 1, one.df_resid)
        assert [model.remaining, model.log_likelihood] == pytest.approx([one.ssr, one.llf], rel=1e-9)
        assert [model.aic, model.bic] == pytest.approx([one.aic, one.bic], rel=1e-9)
    assert found.more[-1] == "religious"
    assert [name.partition("[")[0] for name in found.more[:-1]] == ["occupation"] * 5
    assert Nested.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_other_families_are_compared_by_their_likelihoods(fair, family):
    label = "some" if family == "binomial" else "counts"
    found = nested_test(*runs(fair, label, FEW, MANY, family=family))
    oracle = getattr(sm.families, family.title())()
    by = [smf.glm(f"{label} ~ {text}", fair, family=oracle).fit(tol=1e-13) for text in TEXTS]
    ratio = 2 * (by[1].llf - by[0].llf)
    assert (found.statistic, found.residual, found.measure) == ("χ²", None, "deviance")
    assert found.test.statistic == pytest.approx(ratio, rel=1e-8)
    assert found.test.p == pytest.approx(stats.chi2.sf(ratio, 6), rel=1e-6)


def test_an_estimated_dispersion_is_that_of_the_larger_model(fair):
    table = fair.assign(amount=fair.affairs + 0.5)
    found = nested_test(*runs(table, "amount", FEW, MANY, family="gamma"))
    oracle = sm.families.Gamma(sm.families.links.Log())
    few, many = (smf.glm(f"amount ~ {text}", table, family=oracle).fit(tol=1e-13) for text in TEXTS)
    f = (few.deviance - many.deviance) / 6 / many.scale
    assert (found.statistic, found.residual) == ("F", many.df_resid)
    assert found.test.statistic == pytest.approx(f, rel=1e-8)
    assert found.test.p == pytest.approx(stats.f.sf(f, 6, many.df_resid), rel=1e-6)


def test_another_reference_level_is_no_other_model(fair):
    """The levels of both are in each other's span, whichever is left out."""
    table = fair.assign(level=fair.occupation.where(fair.occupation != "o3", "o2"))
    found = nested_test(*runs(table, "affairs", ["level"], ["level", "age"]))
    by = [smf.ols(f"affairs ~ {text}", table).fit() for text in ("C(level)", "C(level) + age")]
    assert found.test.statistic == pytest.approx(sm.stats.anova_lm(*by)["F"].iloc[1], rel=1e-8)
    assert found.more == ["age"]


@pytest.mark.parametrize(
    ("few", "many", "changed", "said"),
    [
        (FEW, MANY, {"rows": 6000}, "the training rows of a.yaml and b.yaml is 6000 and 6366: both runs need"),
        (FEW, MANY, {"label": "counts"}, "the label of a.yaml and b.yaml is counts and affairs"),
        (FEW, MANY, {"weight": "weight"}, "the sum of the weights of a.yaml and b.yaml is 12229 and 6366:"),
        (FEW, MANY, {"shuffled": "affairs"}, "no like of the same values in b.yaml: age, children"),
        (FEW, MANY, {"shuffled": "age"}, "no like of the same values in b.yaml: age"),
        (["age", "educ"], MANY, {}, "no like of the same values in b.yaml: educ"),
        (MANY, MANY, {}, "a.yaml and b.yaml have 9 coefficients each"),
        (FEW, MANY, {"l2": 1.0}, "a.yaml has a penalty, 1 (given), and what that leaves"),
        (FEW, MANY, {"elastic_net": ElasticNet(1.0, 0.01)}, "a.yaml has a penalty, 0.01 (lasso: given)"),
        (
            FEW,
            MANY,
            {"family": "poisson", "label": "counts"},
            "the family of a.yaml and b.yaml is poisson and gaussian",
        ),
    ],
)
def test_what_is_not_nested_or_not_of_the_same_rows_is_refused(fair, few, many, changed, said):
    how = dict(changed)
    table = fair.iloc[: how.pop("rows", len(fair))]
    shuffled = how.pop("shuffled", None)
    if shuffled is not None:
        table = table.assign(**{shuffled: table[shuffled].sample(frac=1, random_state=1).to_numpy()})
    smaller = summary_of(table_fit(table, how.pop("label", "affairs"), few, **how))
    larger = summary_of(table_fit(fair, "affairs", many))
    with pytest.raises(NotNestedError) as error:
        nested_test(("a.yaml", smaller), ("b.yaml", larger))
    assert said in str(error.value)
    assert "a.yaml" in str(error.value)


def test_what_a_bound_leaves_unexplained_has_no_test():
    with pytest.raises(NotNestedError, match="bounded has constraints that hold"):
        nested_test(
            ("plain", summary_of(table_fit(bounded_fits.fair(), "affairs", ["age"]))),
            ("bounded", summary_of(fair_fit())),
        )


def test_an_offset_is_in_both_or_in_neither(fair):
    pair = (
        ("a", summary_of(table_fit(fair, "counts", ["age"], family="poisson", exposure="yrs_married"))),
        ("b", summary_of(table_fit(fair, "counts", ["age", "educ"], family="poisson"))),
    )
    with pytest.raises(NotNestedError, match="no like of the same values in b: yrs_married"):
        nested_test(*pair)


def test_a_run_without_a_fit_or_of_an_earlier_version_is_said(fair):
    [(_, found), _] = runs(fair, "affairs", FEW, MANY)
    with pytest.raises(RunError, match="ended before a model was fitted"):
        nested_test(("a", found), ("b", RunSummary.begin("n", "2026", "x.log")))
    earlier = RunSummary.begin("n", "2026", "x.log")
    earlier.linear_fit = found.linear_fit.model_copy(update={"tests": None})
    with pytest.raises(NotNestedError, match="an earlier version of Plumbline made the run of b"):
        nested_test(("a", found), ("b", earlier))
