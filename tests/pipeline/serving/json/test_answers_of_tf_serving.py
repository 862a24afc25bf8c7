"""Bodies that were sent to TF Serving, and what it answered: `tests/data/tfserving/answers.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.serving.errors import RequestError
from pipeline.serving.json.answers import format_predict, format_regress
from pipeline.serving.json.examples import parse_regress
from pipeline.serving.json.predict import parse_predict

DATA = Path(__file__).parents[3] / "data" / "tfserving"
CASES = json.loads((DATA / "answers.json").read_text())["cases"]


@pytest.fixture(scope="module")
def model() -> Any:
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString((DATA / "model" / "1" / "saved_model.pb").read_bytes())
    return tf.saved_model.load(DATA / "model" / "1"), dict(saved.meta_graphs[0].signature_def)


@pytest.mark.e2e
@pytest.mark.parametrize("case", CASES, ids=[f"{case['method']} {case['body'][:60]}" for case in CASES])
def test_answers_of_tf_serving(model: Any, case: dict[str, Any]) -> None:
    """The mapping; what a signature itself says to its inputs is the server's to test."""
    import tensorflow as tf

    loaded, defs = model
    body = case["body"].encode()
    try:
        if case["method"] == "predict":
            call = parse_predict(body, defs)
            inputs = call.inputs
        else:
            call = parse_regress(body, defs)
            inputs = {"inputs": np.array(call.examples, object)}
    except RequestError as error:
        assert (error.code, {"error": error.message}) == (case["code"], json.loads(case["answer"]))
        return
    assert call.signature in defs
    if "is required but could not be found" in case["answer"] or "No regression inputs" in case["answer"]:
        return
    assert case["code"] == "OK"
    outputs = loaded.signatures[call.signature](
        **{
            name: tf.reshape(tf.constant(value), [-1]) if value.ndim == 0 else tf.constant(value)
            for name, value in inputs.items()
        }
    )
    arrays = {name: value.numpy() for name, value in outputs.items()}
    if case["method"] == "predict":
        written = format_predict(arrays, call.row_format)
    else:
        written = format_regress(arrays["outputs"].ravel())
    found, expected = json.loads(written), json.loads(case["answer"])
    assert found.keys() == expected.keys()
    for key in expected:
        np.testing.assert_array_equal(np.array(found[key], np.float32), np.array(expected[key], np.float32))
