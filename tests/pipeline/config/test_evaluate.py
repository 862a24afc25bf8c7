import pytest

from components.linear_model.families import FAMILIES
from tests.pipeline.config.test_file import load, one_line

CONFIG = """
name: clicks
data: {path: t.csv}
label: y
features: {x: numeric, k: categorical}
model: {family: %s}
"""


@pytest.mark.parametrize(
    ("family", "evaluate", "message"),
    [
        (
            "binomial",
            "limits: {r_squared: {min: 0}}",
            "evaluate.limits.r_squared: is no metric of the family binomial. Its own: log_",
        ),
        (
            "poisson",
            "limits: {auc: {min: 0.6}}",
            "evaluate.limits.auc: is no metric of the family poisson. Its own: poisson_dev",
        ),
        (
            "poisson",
            "slices: [[k], {columns: [k], limits: {f1: {min: 0.6}}}]",
            "evaluate.slices.1.limits.f1: is no metric of the family poisson.",
        ),
        ("binomial", "limits: {acu: {min: 0.6}}", "unknown metric 'acu'; did you mean 'auc'?"),
    ],
)
def test_a_metric_that_the_family_does_not_have_is_refused(tmp_path, family, evaluate, message):
    assert message in one_line(tmp_path, CONFIG % family + f"evaluate: {{{evaluate}}}\n")


@pytest.mark.parametrize("family", FAMILIES)
def test_limits_are_the_familys_where_none_are_given(tmp_path, family):
    limits = load(tmp_path, CONFIG % family).limits
    assert {name: limit.model_dump(exclude_none=True) for name, limit in limits.items()} == FAMILIES[family].limits
    own = load(tmp_path, CONFIG % family + "evaluate: {limits: {mean_prediction: {max: 3}}}\n").limits
    assert list(own) == ["mean_prediction"]
