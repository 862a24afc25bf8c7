import numpy as np
import pytest
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

from components.linear_model.elastic_net import ElasticNet
from components.serving_check.report import CheckReport, Latency
from components.trainer.training import FromExact, LossPoint, Training
from pipeline.graph.regression import read_regression
from pipeline.graph.report.page import page
from pipeline.graph.report.sections import made
from pipeline.graph.report.sections.made import SECTION
from pipeline.graph.report.source import StepTime
from pipeline.graph.steps.example_gen import CLEANING
from pipeline.graph.steps.serving_check import CHECK
from pipeline.graph.steps.trainer import TRAINING
from tests.components.table_fits import table_fit
from tests.pipeline.graph.diagnosed import COUNTS, rows
from tests.pipeline.graph.report.sources import document, source


def fitted(**how):
    return table_fit(rows(300), "y", ["x", "z", "c"], **how)


def read(fit=None, **more):
    found = source(None if fit is None else read_regression(fit, DatasetFeatureStatistics()), **more)
    found.__dict__["exact"] = fit
    section = SECTION.read(found)
    assert section is not None
    return section


def test_the_penalty_and_its_path_are_the_fits():
    fit = fitted()
    found = read(fit).fit
    assert found.penalty.path == [] or all(point.standard_error is None for point in found.penalty.path)
    assert [point.cv_error for point in found.penalty.path] == [point["cv_error"] for point in fit.fit.ridge_path]
    assert (found.penalty.penalty, found.penalty.rule) == (fit.fit.penalty, fit.fit.penalty_rule)
    assert found.condition_number == fit.fit.condition_number
    assert found.penalty.ends(1) == [None] * len(found.penalty.path)


def test_of_an_elastic_net_the_part_that_was_taken_is_drawn():
    fit = fitted(elastic_net=ElasticNet((0.5, 1.0)))
    penalty = read(fit).fit.penalty
    selection = fit.fit.selection
    assert (penalty.penalty, penalty.l1_ratio) == (selection.alpha, selection.l1_ratio)
    assert {point.l1_ratio for point in penalty.path} == {0.5, 1.0}
    assert {point.l1_ratio for point in penalty.drawn} == {selection.l1_ratio}
    first = penalty.drawn[0]
    assert penalty.ends(-1)[0] == first.cv_error - first.standard_error
    text = page(document(made=read(fit)))
    assert "there are no standard errors" in text


def test_a_long_descent_is_told_in_so_many_points(monkeypatch):
    monkeypatch.setattr(made, "MOST_POINTS", 10)
    losses = np.geomspace(5, 1, 95).tolist()
    training = Training(
        label="y",
        solver="sgd",
        rows={"train": 300},
        intercept=0.0,
        coefficients={},
        loss="mean squared error",
        loss_trace=[LossPoint(step=step, loss=loss) for step, loss in enumerate(losses)],
        from_exact=FromExact(length=2.5, largest=2.0, column="x"),
    )
    fit = fitted()
    descent = read(fit, records={TRAINING: training}).descent
    assert (descent.steps[0], descent.steps[-1]) == (0, 94)
    assert len(descent.steps) <= 11
    assert descent.losses == [losses[step] for step in descent.steps]
    assert descent.least == pytest.approx(fit.fit.residual_sum_of_squares / 300)
    assert descent.errors == 2.5
    short = training.model_copy(update={"loss_trace": training.loss_trace[:1]})
    assert read(fit, records={TRAINING: short}).descent.steps == [0]
    exact = training.model_copy(update={"solver": "exact", "loss_trace": []})
    assert read(fit, records={TRAINING: exact}).descent is None


def test_where_it_comes_from_is_said_without_a_folder():
    check = CheckReport(problems=[], compared=12, latency_ms=Latency(p50=0.3, p99=2.0))
    times = [StepTime(step="Fit", cached=True, seconds=0.5), StepTime(step="Trainer", cached=False, seconds=1.5)]
    found = read(records={CHECK: check, CLEANING: COUNTS}, times=times)
    assert "path: t.csv" in found.config
    assert "/home/me" not in found.model_dump_json()
    assert (found.files, found.seconds, found.fit) == (2, 2.0, None)
    assert found.check.model_dump() == {"compared": 12, "median": 0.3, "ninety_ninth": 2.0}
    assert len(found.code) == len(found.fingerprint) == 64
    assert {"python", "plumbline", "numpy"} <= set(found.versions)


def test_every_number_of_the_page_is_the_jsons():
    found = read(fitted(), times=[StepTime(step="Fit", cached=False, seconds=1.23456789)])
    text = page(document(made=found))
    for value in (found.fit.condition_number, found.fit.penalty.penalty, 1.23456789):
        assert f'<data value="{value!r}">' in text
