"""The check on the files that a whole run pushed, whole and spoilt."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest

from components.publishing.manifest import read_manifest, write_manifest
from tests.e2e.oracles import examples

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.fixture
def model(seed_run, tmp_path):
    return Path(shutil.copytree(seed_run.show()["pushed"]["path"], tmp_path / "model"))


@pytest.fixture(scope="module")
def golden(seed_run):
    rows = examples(seed_run.root, "seed", "eval")[:4]
    values = [row.features.feature["x"].float_list.value[0] for row in rows]
    encoded = [base64.b64encode(row.SerializeToString()).decode() for row in rows]
    return {"rows": {"x": [*values, None, 1e6]}, "examples": encoded}


def problems(model, golden):
    from components.serving_check.check import check

    return check(model, golden).problems


def sign_again(model):
    write_manifest(model, read_manifest(model).facts)


def test_what_was_pushed_passes(seed_run, model, golden):
    assert problems(model, golden) == []
    report = seed_run.show()["serving_check"]
    assert report["compared"] > 50
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p99"]


def test_the_manifest_names_verdict_metrics_and_versions(model):
    manifest = read_manifest(model)
    assert manifest.facts["verdict"]["blessed"] is True
    assert manifest.facts["metrics"]["mean_squared_error"] > 0
    assert manifest.facts["versions"]["tensorflow"] == "2.21.0"
    assert {"saved_model.pb", "model.json", "assets.extra/tf_serving_warmup_requests"} <= set(manifest.files)


def test_a_changed_file_is_named(model, golden):
    with (model / "model.json").open("a") as file:
        file.write(" ")
    [problem] = problems(model, golden)
    assert "model.json" in problem


def test_weights_that_differ_from_the_fit_are_named_with_row_and_figures(model, golden):
    value = json.loads((model / "model.json").read_text())
    value["coefficients"][1] *= 1.001
    (model / "model.json").write_text(json.dumps(value))
    sign_again(model)
    found = problems(model, golden)
    assert any(text.startswith("serving_default: prediction, row ") for text in found)
    assert any(text.startswith("explain: contribution_x, row ") for text in found)
    assert any(text.startswith("regress: outputs, row ") for text in found)


def test_a_warm_up_request_that_fails_is_named(model, golden):
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.model_spec.signature_name = "serving_default"
    log.predict_log.request.inputs["x"].CopyFrom(tf.make_tensor_proto(["a text"]))
    path = model / "assets.extra/tf_serving_warmup_requests"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(log.SerializeToString())
    sign_again(model)
    [problem] = problems(model, golden)
    assert problem.startswith("tf_serving_warmup_requests, record 1: ")


def test_a_spoilt_model_stops_the_step_with_the_reason(model, golden):
    from components.errors import RunError
    from components.serving_check.process import CheckProcess

    (model / "saved_model.pb").write_bytes(b"not a model")
    sign_again(model)
    with pytest.raises(RunError, match=r"the model to be pushed .*Nothing was pushed\."):
        CheckProcess().check(model, golden)
