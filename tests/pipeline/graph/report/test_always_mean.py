import math

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from components.linear_model.families import named
from pipeline.graph.regression import read_regression
from pipeline.graph.report.always_mean import always_mean
from tests.components.table_fits import table_fit

MEASURES = {
    "gaussian": ("mean_squared_error", "r_squared", metrics.mean_squared_error),
    "binomial": ("log_loss", "deviance_explained", lambda y, p: metrics.log_loss(y, p, labels=[0, 1])),
    "poisson": ("poisson_deviance", "deviance_explained", metrics.mean_poisson_deviance),
    "gamma": ("gamma_deviance", "deviance_explained", metrics.mean_gamma_deviance),
    "tweedie(power=1.5)": (
        "tweedie_deviance",
        "deviance_explained",
        lambda y, p: metrics.mean_tweedie_deviance(y, p, power=1.5),
    ),
}


def drawn(family, seed, rows):
    """Labels whose mean grows with x."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=rows)
    y = {
        "gaussian": lambda: 1 + x + generator.normal(size=rows),
        "binomial": lambda: (generator.random(rows) < 1 / (1 + np.exp(-x))).astype(float),
        "poisson": lambda: generator.poisson(np.exp(x / 2)).astype(float),
        "gamma": lambda: generator.gamma(3, np.exp(x / 2)) + 0.01,
        "tweedie(power=1.5)": lambda: generator.poisson(np.exp(x / 2)) * generator.gamma(2, size=rows),
    }[family]()
    return pd.DataFrame({"x": x, "y": y})


def verdict(values=None, cross_validated=None, held_out=True):
    from components.model_gate.verdict import Verdict

    return Verdict(
        blessed=True,
        reasons=[],
        checks=[],
        split="eval" if held_out else "train",
        metrics={"overall": values or {}},
        intervals={"overall": {}},
        cross_validated=cross_validated,
        baseline=None,
    )


@pytest.mark.parametrize("family", MEASURES)
def test_the_constant_is_off_by_what_scikit_learn_says(family):
    train, held_out = drawn(family, 1, 400), drawn(family, 2, 300)
    fit = read_regression(table_fit(train, "y", ["x"], family=family), _no_statistics())
    metric, explained, measure = MEASURES[family]
    assert named(family).compared_by == metric
    guess = held_out.y.mean() * np.exp(held_out.x / 10) if family != "binomial" else 0.2 + 0.5 * (held_out.x > 0)
    own = measure(held_out.y, np.full(300, held_out.y.mean()))
    model = measure(held_out.y, guess)
    values = {metric: model, explained: 1 - model / own, "mean_label": held_out.y.mean()}
    found = always_mean(verdict(values), fit)
    assert (found.of, found.by, found.metric) == ("training rows", "held_out", metric)
    assert found.constant == pytest.approx(train.y.mean(), rel=1e-12)
    assert found.mean == pytest.approx(measure(held_out.y, np.full(300, train.y.mean())), rel=1e-10)
    assert found.saved == pytest.approx(1 - model / found.mean)
    assert found.apart == abs(found.saved)
    assert (found.root_mean is not None) == (family == "gaussian")


def test_without_held_out_rows_the_cross_validation_is_asked():
    table = drawn("gaussian", 3, 200)
    fit = read_regression(table_fit(table, "y", ["x"]), _no_statistics())
    folds = {"mean_squared_error": 1.0, "r_squared": 0.6, "rows": 200.0}
    found = always_mean(verdict({"mean_label": table.y.mean()}, cross_validated=folds, held_out=False), fit)
    assert (found.by, found.mean) == ("cross_validated", pytest.approx(2.5))
    assert found.root_mean == math.sqrt(found.mean)


def test_of_a_transformed_label_it_is_the_mean_of_these_rows():
    table = drawn("gamma", 4, 200)
    fit = read_regression(table_fit(table, "y", ["x"], family="gaussian"), _no_statistics())
    fit = fit.model_copy(update={"family": "gaussian(label=log)"})
    found = always_mean(verdict({"mean_squared_error": 2.0, "r_squared": 0.5, "mean_label": 7.0}), fit)
    assert (found.of, found.constant, found.mean) == ("these rows", 7.0, 4.0)
    folds = {"mean_squared_error": 3.0, "r_squared": 0.5, "rows": 200.0}
    found = always_mean(verdict({"mean_label": 8.0}, cross_validated=folds, held_out=False), fit)
    assert (found.by, found.constant, found.mean) == ("cross_validated", 8.0, 6.0)


@pytest.mark.parametrize("values", [{}, {"mean_squared_error": 1.0, "r_squared": None, "mean_label": 1.0}])
def test_nothing_is_told_without_the_figures(values):
    fit = read_regression(table_fit(drawn("gaussian", 5, 50), "y", ["x"]), _no_statistics())
    assert always_mean(verdict(values), fit) is None


def test_of_a_transformed_label_the_constant_is_in_its_own_units():
    train = drawn("gamma", 1, 400)
    fit = read_regression(table_fit(train.assign(y=np.log(train.y)), "y", ["x"]), _no_statistics())
    fit = fit.model_copy(update={"family": "gaussian(label=log)"})
    own = metrics.mean_squared_error(train.y, np.full(400, train.y.mean()))
    folds = {"mean_squared_error": 0.6 * own, "r_squared": 0.4, "rows": 400}
    found = always_mean(verdict({"mean_label": train.y.mean()}, folds, held_out=False), fit)
    assert (found.of, found.by) == ("these rows", "cross_validated")
    assert found.constant == train.y.mean()
    assert found.mean == pytest.approx(own)


def _no_statistics():
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

    return DatasetFeatureStatistics()
