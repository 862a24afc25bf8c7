"""What families say of the gate: deviances of means, and metrics that it knows."""

import numpy as np
import pytest
from sklearn.metrics import mean_tweedie_deviance

from components.linear_model.families import FAMILIES, named
from components.model_gate.formulas import FORMULAS

AREAS = {"auc", "auc_precision_recall"}


@pytest.mark.parametrize("text", [*FAMILIES, "binomial(link=probit)", "binomial(link=cloglog)", "tweedie(power=1.2)"])
def test_the_deviance_of_means_is_that_of_the_linear_predictor(text):
    family, eta = named(text), np.linspace(-2, 1.5, 40)
    label = np.tile([0.0, 1.0], 20) if family.classes else np.tile([1.0, 3.0], 20)
    from components.linear_model import array_functions

    mean = family.link.inverse(eta, array_functions)
    np.testing.assert_allclose(family.unit_deviance(label, mean), family.deviance(label, eta), rtol=1e-9)
    assert np.all(family.unit_deviance(mean, mean) >= 0)
    np.testing.assert_allclose(family.unit_deviance(mean, mean), 0, atol=1e-13)


@pytest.mark.parametrize(
    ("text", "power"), [("gaussian", 0), ("poisson", 1), ("tweedie(power=1.2)", 1.2), ("gamma", 2)]
)
def test_the_deviance_of_means_is_scikit_learns(text, power):
    mean = np.random.default_rng(0).gamma(2, 3, 50)
    label = np.round(mean[::-1]) + (power == 2)
    found = named(text).unit_deviance(label, mean).mean()
    assert found == pytest.approx(mean_tweedie_deviance(label, mean, power=power), rel=1e-12)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_the_gate_knows_a_formula_of_each_metric(family):
    assert {metric.formula or metric.name for metric in family.metrics} <= {*FORMULAS, *AREAS}
    assert {family.compared_by, family.compared_across_by, *family.headline} <= set(family.metric_names)
    [across] = [metric for metric in family.metrics if metric.name == family.compared_across_by]
    assert FORMULAS[across.formula or across.name].above == {"squared": 1.0}
    low, high = family.clipped
    assert np.float32(low) == low
    assert np.float32(high) == high
