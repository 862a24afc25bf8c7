import numpy as np
import pytest
import statsmodels.api as sm
from sklearn import metrics

from components.linear_model.families import named
from components.trainer.training import LossPoint, Training
from pipeline.graph.regression import read_regression
from pipeline.graph.report.training_metrics import training_metrics
from pipeline.graph.steps.trainer import TRAINING
from tests.components.table_fits import table_fit
from tests.pipeline.graph.diagnosed import looked
from tests.pipeline.graph.report.sources import source
from tests.pipeline.graph.report.test_always_mean import MEASURES, drawn

SM = {
    "binomial": sm.families.Binomial,
    "poisson": sm.families.Poisson,
    "gamma": lambda: sm.families.Gamma(sm.families.links.Log()),
}


def told(fit, solver="exact", trace=(), diagnostics=None):
    training = Training(
        label="y",
        solver=solver,
        rows={"train": fit.rows},
        intercept=0.0,
        coefficients={},
        loss="mean squared error",
        loss_trace=[LossPoint(step=step, loss=loss) for step, loss in enumerate(trace)],
    )
    return training_metrics(source(fit, diagnostics, records={TRAINING: training}))


def regression(table, family="gaussian", **how):
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

    return read_regression(table_fit(table, "y", ["x"], family=family, **how), DatasetFeatureStatistics())


def test_least_squares_are_scikit_learns_figures():
    table = drawn("gaussian", 1, 500)
    table["w"] = np.random.default_rng(1).uniform(0.5, 2, 500)
    for weight in (None, "w"):
        found = told(regression(table, weight=weight))
        w = np.ones(500) if weight is None else table.w
        predicted = sm.WLS(table.y, sm.add_constant(table.x), weights=w).fit().fittedvalues
        square = metrics.mean_squared_error(table.y, predicted, sample_weight=w)
        assert found["mean_squared_error"] == pytest.approx(square, rel=1e-10)
        assert found["root_mean_squared_error"] == pytest.approx(square**0.5, rel=1e-10)
        assert found["r_squared"] == pytest.approx(metrics.r2_score(table.y, predicted, sample_weight=w), rel=1e-10)
        assert found["mean_label"] == pytest.approx(np.average(table.y, weights=w), rel=1e-12)
        assert "mean_absolute_error" not in found


@pytest.mark.parametrize("family", SM)
def test_other_families_are_scikit_learns_figures(family):
    table = drawn(family, 2, 500)
    found = told(regression(table, family))
    metric, _, measure = MEASURES[family]
    predicted = sm.GLM(table.y, sm.add_constant(table.x), SM[family]()).fit(tol=1e-14).fittedvalues
    model, null = measure(table.y, predicted), measure(table.y, np.full(500, table.y.mean()))
    assert found[metric] == pytest.approx(model, rel=1e-8)
    assert found["deviance_explained"] == pytest.approx(1 - model / null, rel=1e-6)


def test_gradient_descent_is_told_where_it_ended():
    table = drawn("gaussian", 3, 300)
    found = told(regression(table), "sgd", [5.0, 2.0, 1.5])
    assert found["mean_squared_error"] == 1.5
    assert found["r_squared"] == pytest.approx(1 - 1.5 / table.y.var(ddof=0), rel=1e-10)
    assert told(regression(drawn("poisson", 3, 300), "poisson"), "sgd", [1.0]) == {}
    assert told(regression(drawn("binomial", 3, 300), "binomial"), "sgd", [0.5])["log_loss"] == 0.5


def test_what_the_fit_does_not_tell_is_not_told():
    fit = regression(drawn("gaussian", 4, 100))
    assert told(fit.model_copy(update={"family": "gaussian(label=log)"})) == {}
    assert told(fit.model_copy(update={"class_weights": (1.0, 2.0)})) == {}
    assert training_metrics(source()) == {}


@pytest.mark.parametrize("family", ["gaussian", *SM])
def test_the_pass_over_the_rows_tells_the_others(family):
    table = drawn(family, 5, 400)
    table["w"] = np.random.default_rng(5).uniform(0.5, 2, 400)
    diagnostics, fit = looked(table, ["x"], family=family, weight="w")
    found = told(fit, diagnostics=diagnostics)
    design = sm.add_constant(table.x)
    link = sm.families.Gaussian if family == "gaussian" else SM[family]
    predicted = sm.GLM(table.y, design, link(), freq_weights=table.w).fit(tol=1e-14).fittedvalues
    mean = np.average(predicted, weights=table.w)
    expected = {
        "mean_absolute_error": metrics.mean_absolute_error(table.y, predicted, sample_weight=table.w),
        "root_mean_squared_error": metrics.mean_squared_error(table.y, predicted, sample_weight=table.w) ** 0.5,
        "brier_score": metrics.mean_squared_error(table.y, predicted, sample_weight=table.w),
        "calibration": mean / np.average(table.y, weights=table.w),
        "mean_prediction": mean,
    }
    there = {name: value for name, value in expected.items() if name in named(family).metric_names}
    assert {name: found[name] for name in there} == pytest.approx(there, rel=1e-8)
    assert "auc" not in found
