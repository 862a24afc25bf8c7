"""The check on models of classes and of counts that were made without a pipeline, whole and spoilt."""

from __future__ import annotations

import base64
import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from components.linear_model.portable import MODEL_FILE
from components.publishing.manifest import read_manifest, write_manifest
from tests.components.exported import example, tips, visits

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def golden_of(columns):
    rows = [example(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]
    return {"rows": columns, "examples": [base64.b64encode(row).decode() for row in rows]}


@pytest.fixture(scope="module")
def tips_rows():
    return golden_of(tips(20, seed=40)[0])


@pytest.fixture(scope="module")
def visits_rows():
    return golden_of(visits(20, seed=40)[0])


def problems(folder, golden):
    from components.serving_check.check import check

    return check(folder, golden).problems


@pytest.fixture
def spoilt(tips_version, tips_rows, tmp_path):
    """What is found wrong with a copy whose model.json says something else than the SavedModel."""

    def make(**changed):
        folder = Path(shutil.copytree(tips_version.folder, tmp_path / "model"))
        (folder / MODEL_FILE).write_text(dataclasses.replace(tips_version.model, **changed).to_text())
        write_manifest(folder, read_manifest(folder).facts)
        return problems(folder, tips_rows)

    return make


def test_whole_models_pass(tips_version, visits_version, tips_rows, visits_rows):
    assert problems(tips_version.folder, tips_rows) == []
    assert problems(visits_version.folder, visits_rows) == []


def test_another_threshold_is_named_by_the_first_row_that_it_changes(spoilt):
    found = spoilt(threshold=0.9)
    assert [text.partition(", row ")[0] for text in found] == ["serving_default: class", "explain: class"]
    assert all(text.endswith("expected none (model.json), received tipped") for text in found)


def test_other_names_of_the_classes_are_named(spoilt):
    found = spoilt(classes=["tipped", "none"])
    assert [text.partition(", row ")[0] for text in found] == [
        "serving_default: class", "explain: class", "classify: classes",
    ]  # fmt: skip


def test_an_error_of_a_small_probability_is_named_though_it_is_small(spoilt, tips_version):
    """An intercept that is off by 1e-3 changes no probability of these by more than 2.5e-4."""
    coefficients = tips_version.model.coefficients.copy()
    coefficients[0] += 1e-3
    found = [text.partition(", row ")[0] for text in spoilt(coefficients=coefficients)]
    assert {"serving_default: probability", "explain: linear_predictor", "classify: scores of none"} <= set(found)
    assert {"classify: scores of tipped", "examples: probability", "serving_default: high"} <= set(found)


def test_a_model_that_answers_no_interval_is_found(spoilt, tips_version):
    """model.json has none where the SavedModel answers one."""
    found = spoilt(interval=None)
    assert found[0] == "serving_default: high: expected shape (0,), received (20,)"


def test_the_warm_up_asks_for_classes_or_means(tips_version, visits_version):
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    from components.serving_check.requests import WARM_UP_FILE

    kinds = []
    for version in (tips_version, visits_version):
        records = tf.data.TFRecordDataset(str(version.folder / WARM_UP_FILE)).as_numpy_iterator()
        kinds.append({prediction_log_pb2.PredictionLog.FromString(record).WhichOneof("log_type") for record in records})
    assert kinds == [{"predict_log", "classify_log"}, {"predict_log", "regress_log"}]


def test_made_rows_have_an_exposure_in_every_row(visits_version):
    from components.serving_check.made_rows import made_rows

    rows = made_rows(visits_version.model)
    assert None in rows["age"]
    assert np.all(np.array(rows["years"], float) > 0)
