import pytest
from pydantic import ValidationError

from components.fit.settings import Clustered, Exact, Sgd, exact_of, model_from_json
from components.linear_model.elastic_net import ElasticNet


@pytest.mark.parametrize(
    "wrong", [{"learning_rate": 0}, {"steps": 0}, {"batch_size": 0}, {"momentum": 0.9}, {"steps": 1.5}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        Sgd(**wrong)


def test_a_prior_leaves_no_folds_to_choose_a_threshold_by():
    with pytest.raises(ValidationError, match="threshold: with a prior no fold is held out"):
        Exact(family="binomial", prior="log_f", threshold={"metric": "f1"})
    assert Exact(family="binomial", prior="log_f", threshold=0.3).threshold == 0.3


def test_what_needs_one_more_pass_over_the_rows():
    assert Exact().diagnosed
    assert not Exact(diagnostics=False).diagnosed
    assert Exact(diagnostics=False, errors="hc3").diagnosed
    clustered = model_from_json({"errors": {"cluster": "firm"}, "diagnostics": False})
    assert clustered == Exact(errors=Clustered(cluster="firm"), diagnostics=False)
    assert (clustered.cluster, clustered.diagnosed) == ("firm", True)
    assert Exact(errors="hc0").cluster is None
    assert model_from_json(clustered.model_dump(mode="json")) == clustered


def test_of_gradient_descent_the_exact_fit_takes_what_all_solvers_have_in_common():
    descent = Sgd(family="binomial", class_weight="balanced", steps=7)
    assert exact_of(descent) == Exact(family="binomial", class_weight="balanced")
    assert exact_of(Exact(l2=2.0)) == Exact(l2=2.0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"l2": 1.0}, "elastic_net: is instead of l2. Leave one out"),
        ({"l2": "auto"}, "elastic_net: is instead of l2"),
        ({"constraints": {"a": "positive"}}, "elastic_net: is instead of constraints"),
        ({"errors": "hc3"}, "elastic_net: is instead of errors, for it claims no standard errors"),
        ({"refine": True}, "elastic_net: is instead of refine: true, which is of fits without penalty"),
        (
            {"family": "binomial"},
            "elastic_net: is of least squares .* of binomial the penalty is ridge, every fold solved",
        ),
        ({"family": "binomial", "prior": "log_f"}, "elastic_net: is of least squares"),
        ({"errors": "hc3"}, "elastic_net: is instead of errors, for it claims no standard errors"),
        ({"constraints": {"a": "positive"}}, "elastic_net: is instead of constraints"),
        ({"elastic_net": {"l1_ratio": 0}}, "greater than 0"),
        ({"elastic_net": {"l1_ratio": []}}, "at least 1 item"),
        (
            {"elastic_net": {"alpha": 0}},
            "must be 'auto' or a finite number above 0; without a penalty leave elastic_net out",
        ),
        ({"elastic_net": {"alpha": True}}, "must be 'auto' or a finite number above 0"),
        ({"elastic_net": {"rule": "best"}}, "'least' or 'one_standard_error'"),
    ],
)
def test_an_elastic_net_is_of_least_squares_and_alone(wrong, said):
    with pytest.raises(ValidationError, match=said):
        Exact(**{"elastic_net": {}, **wrong})


def test_an_elastic_net_is_a_penalty():
    exact = model_from_json({"solver": "exact", "elastic_net": {"l1_ratio": [0.5, 1], "rule": "one_standard_error"}})
    assert exact.penalised
    assert exact.elastic_net.net() == ElasticNet((0.5, 1.0), "auto", "one_standard_error")
    assert model_from_json(exact.model_dump(mode="json")) == exact
    assert Exact(elastic_net={"l1_ratio": 1}).elastic_net.net() == ElasticNet(1.0)
    assert Exact(l2=1.0).penalised
    assert not Exact().penalised
