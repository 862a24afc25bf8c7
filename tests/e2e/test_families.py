"""The tips and the late flights, against statsmodels and scikit-learn on the same rows."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from tests.conftest import plumbline
from tests.e2e.gathered import gathered
from tests.e2e.oracles import examples

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def fit_of(run, name):
    from components.linear_model.linear_fit import LinearFit

    [folder] = (run.root / "pipelines" / name / "Fit/fit").iterdir()
    return LinearFit.load(str(folder))


def label_of(row, name):
    kept = row.features.feature[name]
    return (kept.int64_list.value or kept.float_list.value)[0]


def served(run, name, label, answer):
    """Labels and 32-bit predictions of the eval split, by the pushed model's own signature."""
    import tensorflow as tf

    rows = examples(run.root, name, "eval")
    model = tf.saved_model.load(run.show()["pushed"]["path"])
    serialized = tf.constant([row.SerializeToString() for row in rows])
    predicted = model.signatures["examples"](examples=serialized)[answer].numpy()
    return np.array([label_of(row, label) for row in rows], np.float64), predicted.astype(np.float64)


def test_the_tips_fit_is_statsmodels(tips_run):
    import statsmodels.api as sm

    fit = fit_of(tips_run, "taxi-tips")
    rows = gathered(tips_run.root, "taxi-tips", fit.design)
    kept = np.flatnonzero(~np.isnan(np.diag(fit.fit.covariance)))
    dense = np.column_stack([np.ones(len(rows["label"])), fit.design.dense(rows)])[:, kept]
    oracle = sm.GLM(rows["label"], dense, sm.families.Binomial()).fit(tol=1e-14, maxiter=100)
    assert fit.fit.penalty == 0
    assert fit.fit.coefficients[kept] == pytest.approx(oracle.params, rel=1e-8, abs=1e-10)
    assert fit.fit.standard_errors[kept] == pytest.approx(oracle.bse, rel=1e-7)
    assert fit.fit.p_values[kept] == pytest.approx(oracle.pvalues, rel=1e-6)
    shown = tips_run.show()["linear_fit"]
    assert shown["deviance"] == pytest.approx(oracle.deviance, rel=1e-10)
    assert shown["null_deviance"] == pytest.approx(oracle.null_deviance, rel=1e-10)
    assert shown["aic"] == pytest.approx(oracle.aic, rel=1e-10)
    assert shown["decrement"] < 1e-9


def test_the_tips_metrics_are_scikit_learns_of_the_same_predictions(tips_run):
    from sklearn import metrics

    label, probability = served(tips_run, "taxi-tips", "big_tip", "probability")
    overall = tips_run.show()["verdict"]["metrics"]["overall"]
    called = probability >= 1 / 6
    expected = {
        "log_loss": metrics.log_loss(label, probability),
        "deviance_explained": metrics.d2_log_loss_score(label, probability),
        "brier_score": metrics.brier_score_loss(label, probability),
        "calibration": probability.mean() / label.mean(),
        "accuracy": metrics.accuracy_score(label, called),
        "precision": metrics.precision_score(label, called),
        "recall": metrics.recall_score(label, called),
        "f1": metrics.f1_score(label, called),
        "mean_label": label.mean(),
        "mean_prediction": probability.mean(),
    }
    for name, value in expected.items():
        assert overall[name] == pytest.approx(value, abs=1e-6), name
    assert overall["auc"] == pytest.approx(metrics.roc_auc_score(label, probability), abs=1e-4)  # its bracket
    assert overall["auc_precision_recall"] == pytest.approx(
        metrics.average_precision_score(label, probability), abs=1e-3
    )
    found = tips_run.show()["verdict"]["tables"]["confusion"]
    (true_negative, false_positive), (false_negative, true_positive) = metrics.confusion_matrix(label, called).tolist()
    assert found["classes"] == ["no", "yes"]
    assert (found["true_negative"], found["false_positive"]) == (true_negative, false_positive)
    assert (found["false_negative"], found["true_positive"]) == (false_negative, true_positive)


def test_probabilities_are_calibrated_and_the_threshold_is_that_of_the_costs(tips_run):
    fit = fit_of(tips_run, "taxi-tips")
    rows = gathered(tips_run.root, "taxi-tips", fit.design)
    eta = fit.fit.coefficients[0] + fit.design.dense(rows) @ fit.fit.coefficients[1:]
    # With an intercept, the probabilities of the training rows add up to their labels: the score is 0 there.
    assert (1 / (1 + np.exp(-eta))).mean() == pytest.approx(rows["label"].mean(), rel=1e-9)
    low, high = tips_run.show()["verdict"]["intervals"]["overall"]["calibration"]
    assert high - low < 0.1
    assert fit.threshold == 1 / (1 + 5)
    cost = {
        threshold: np.sum(np.where(1 / (1 + np.exp(-eta)) >= threshold, rows["label"] == 0, 5 * rows["label"]))
        for threshold in (0.02, 1 / 6, 0.5, 0.7)
    }
    assert min(cost, key=cost.get) == 1 / 6


def test_the_late_flights_fit_is_statsmodels(delays_run):
    import statsmodels.api as sm

    fit = fit_of(delays_run, "late-flights")
    rows = gathered(delays_run.root, "late-flights", fit.design)
    kept = np.flatnonzero(~np.isnan(np.diag(fit.fit.covariance)))
    dense = np.column_stack([np.ones(len(rows["label"])), fit.design.dense(rows)])
    [offset] = fit.design.offsets
    assert fit.fit.coefficients[offset] == 1
    oracle = sm.GLM(rows["label"], dense[:, kept], sm.families.Poisson(), offset=dense[:, offset]).fit(tol=1e-14)
    assert fit.fit.coefficients[kept] == pytest.approx(oracle.params, rel=1e-8, abs=1e-10)
    assert fit.fit.standard_errors[kept] == pytest.approx(oracle.bse, rel=1e-8)
    shown = delays_run.show()["linear_fit"]
    assert shown["null_deviance"] == pytest.approx(oracle.null_deviance, rel=1e-10)
    assert shown["pearson"] == pytest.approx(oracle.pearson_chi2 / oracle.df_resid, rel=1e-9)
    assert shown["bic"] == pytest.approx(oracle.bic_llf, rel=1e-10)


def test_the_late_flights_metrics_are_scikit_learns(delays_run):
    from sklearn import metrics

    label, mean = served(delays_run, "late-flights", "late", "prediction")
    overall = delays_run.show()["verdict"]["metrics"]["overall"]
    assert overall["poisson_deviance"] == pytest.approx(metrics.mean_poisson_deviance(label, mean), abs=1e-6)
    assert overall["deviance_explained"] == pytest.approx(metrics.d2_tweedie_score(label, mean, power=1), abs=1e-6)
    assert overall["mean_absolute_error"] == pytest.approx(metrics.mean_absolute_error(label, mean), abs=1e-6)
    assert overall["root_mean_squared_error"] == pytest.approx(
        math.sqrt(metrics.mean_squared_error(label, mean)), abs=1e-6
    )


def test_twice_the_flights_are_twice_the_late_ones(delays_run):
    row = {
        "airport": "JFK", "month": "7", "weekday": "5", "hour": 17, "temp": 80, "wind_speed": 9, "precip": 0, "visib": 10,
    }  # fmt: skip
    rows = [json.dumps({**row, "flights": flights}) for flights in (20, 40)]
    both = [plumbline("predict", delays_run.config, "--root", delays_run.root, "--json", text).out for text in rows]
    once, twice = (json.loads(text)["predictions"][0] for text in both)
    assert twice == pytest.approx(2 * once, rel=1e-6)
    none = plumbline("predict", delays_run.config, "--root", delays_run.root, "--json", json.dumps(row))
    assert none.code != 0
    assert "flights" in none.err


def test_a_second_run_takes_everything_from_the_first(tips_run):
    done = plumbline("run", tips_run.config, "--root", tips_run.root)
    assert done.code == 0, done.out + done.err
    assert "14 of 14 cached" in done.out


def test_a_refused_run_says_why_and_pushes_nothing(refused_run):
    assert "auc on overall is 0.94" in refused_run.out
    assert "the limit is at least 0.99: not kept" in refused_run.out
    assert not (refused_run.root / "serving/taxi-tips").exists()
