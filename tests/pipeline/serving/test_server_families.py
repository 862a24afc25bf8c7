"""Models of classes and of counts in the embedded server, asked by TF Serving's stubs, by plain HTTP and by others' clients."""

from __future__ import annotations

import base64
import html
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from components.linear_model.scoring import score
from tests.components.exported import example, tips, visits
from tests.conftest import REPOSITORY, MadeVersion
from tests.pipeline.serving.conftest import Answer, http_call

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ROWS = 12


@pytest.fixture(scope="module")
def server(tips_version: MadeVersion, visits_version: MadeVersion) -> Iterator[Any]:
    from pipeline.serving.models.server_config import ServedModel
    from pipeline.serving.page import page_routes, served
    from pipeline.serving.server import Server
    from pipeline.serving.settings import ServerSettings

    models = [ServedModel("tips", tips_version.serving), ServedModel("visits", visits_version.serving)]
    started = Server(ServerSettings(rest_port=0, grpc_port=0), models, page_routes(lambda: served(started.manager)))
    with started:
        yield started


@pytest.fixture(scope="module")
def stub(server: Any) -> Iterator[Any]:
    import grpc
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)


def in_rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


TIPS, VISITS = (draw(ROWS, seed=20)[0] for draw in (tips, visits))


def post(server: Any, path: str, body: Any) -> Answer:
    return http_call(server.rest_port, "POST", f"/v1/models/{path}", json.dumps(body))


def by_hand(model: Any, miles: float, city: str) -> float:
    """The probability from the figures of model.json, by the logistic function alone."""
    b = dict(zip(model.columns, model.coefficients, strict=True))
    term = next(term for term in model.design.terms if term.feature == "miles")
    eta = b["(intercept)"] + b["miles"] * (np.float32(miles) - term.mean) / term.std + b[f"city[{city}]"]
    return 1 / (1 + math.exp(-eta))


def test_a_rest_answer_by_hand(server: Any, tips_version: MadeVersion) -> None:
    answer = post(server, "tips:predict", {"instances": in_rows(TIPS)})
    assert answer.status == 200
    for row, found in zip(in_rows(TIPS), answer.json["predictions"], strict=True):
        probability = by_hand(tips_version.model, **row)
        assert set(found) == {"probability", "class", "low", "high"}
        assert found["probability"] == pytest.approx(probability, rel=2e-6)
        assert found["class"] == ("tipped" if probability >= 1 / 6 else "none")
        assert 0 < found["low"] < found["probability"] < found["high"] < 1


def test_classify_over_rest_is_a_list_of_pairs_for_each_example(server: Any, tips_version: MadeVersion) -> None:
    answer = post(server, "tips:classify", {"signature_name": "classify", "examples": in_rows(TIPS)})
    assert (answer.status, set(answer.json)) == (200, {"results"})
    for row, found in zip(in_rows(TIPS), answer.json["results"], strict=True):
        probability = by_hand(tips_version.model, **row)
        assert [label for label, _ in found] == ["none", "tipped"]
        assert [score for _, score in found] == pytest.approx([1 - probability, probability], rel=2e-6)
    # A row that lacks a feature is one whose value is missing.
    answer = post(server, "tips:classify", {"signature_name": "classify", "examples": [{"city": "a"}]})
    fill = tips_version.model.features[0]["fill"]
    assert answer.json["results"][0][1][1] == pytest.approx(by_hand(tips_version.model, fill, "a"), rel=2e-6)


def test_the_other_rest_forms(server: Any, tips_version: MadeVersion, visits_version: MadeVersion) -> None:
    expected = score(tips_version.model, TIPS)
    columns = post(server, "tips:predict", {"signature_name": "explain", "inputs": TIPS}).json["outputs"]
    assert set(columns) == set(expected)
    for name, values in expected.items():
        same = values.tolist() if name == "class" else pytest.approx(values, rel=2e-6, abs=2e-6)
        assert columns[name] == same, name
    encoded = [{"b64": base64.b64encode(example(row)).decode()} for row in in_rows(TIPS)]
    plain = post(server, "tips:predict", {"signature_name": "examples", "instances": encoded}).json["predictions"]
    assert plain == pytest.approx(expected["probability"], rel=2e-6)
    counts = score(visits_version.model, VISITS)["prediction"]
    answer = post(server, "visits:regress", {"signature_name": "regress", "examples": in_rows(VISITS)})
    assert answer.json["results"] == pytest.approx(counts, rel=2e-6)
    answer = post(server, "visits:predict", {"instances": in_rows(VISITS)})
    assert [row["prediction"] for row in answer.json["predictions"]] == pytest.approx(counts, rel=2e-6)
    assert all(0 < row["low"] < row["prediction"] < row["high"] for row in answer.json["predictions"])


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("visits:classify", {"examples": in_rows(VISITS), "signature_name": "regress"}, "No classification|Expected"),
        ("visits:classify", {"examples": in_rows(VISITS), "signature_name": "classify"}, "No signature was found with"),
        ("tips:regress", {"examples": in_rows(TIPS), "signature_name": "classify"}, "Expected one output Tensor"),
        ("tips:classify", {"examples": in_rows(TIPS)}, "Expected one input Tensor"),
    ],
)
def test_what_a_model_is_not_made_for_is_said(server: Any, path: str, body: Any, message: str) -> None:
    answer = post(server, path, body)
    assert answer.status == 400
    assert re.search(message, answer.error)


@pytest.mark.parametrize("years", ["NaN", "0", "-2"])
def test_a_row_without_its_exposure_is_refused(server: Any, years: str) -> None:
    wanted = "years: expected an exposure, a number above 0, in every row"
    answer = post(server, "visits:predict", {"instances": [{"age": 30, "insured": "true", "years": float(years)}]})
    assert (answer.status, wanted in answer.error) == (400, True)
    lacks = {"age": 30, "insured": "true"} | ({} if years == "NaN" else {"years": float(years)})
    answer = post(server, "visits:regress", {"signature_name": "regress", "examples": [lacks]})
    assert (answer.status, wanted in answer.error) == (400, True)


def test_every_grpc_method(server: Any, stub: Any, tips_version: MadeVersion, visits_version: MadeVersion) -> None:
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import classification_pb2, inference_pb2, predict_pb2, regression_pb2

    expected, counts = score(tips_version.model, TIPS), score(visits_version.model, VISITS)["prediction"]
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "tips"
    request.inputs["miles"].CopyFrom(tf.make_tensor_proto(TIPS["miles"], tf.float32))
    request.inputs["city"].CopyFrom(tf.make_tensor_proto(TIPS["city"]))
    outputs = stub.Predict(request, timeout=30).outputs
    assert set(outputs) == {"probability", "class", "low", "high"}
    for name in ("probability", "low", "high"):
        assert list(outputs[name].float_val) == pytest.approx(expected[name], rel=2e-6), name
    assert [text.decode() for text in outputs["class"].string_val] == expected["class"].tolist()

    classify = classification_pb2.ClassificationRequest()
    classify.model_spec.name, classify.model_spec.signature_name = "tips", "classify"
    classify.input.example_list.examples.extend(tf.train.Example.FromString(example(row)) for row in in_rows(TIPS))
    answer = stub.Classify(classify, timeout=30)
    assert answer.model_spec.version.value == 1
    found = [[(item.label, item.score) for item in row.classes] for row in answer.result.classifications]
    assert [[label for label, _ in row] for row in found] == [["none", "tipped"]] * ROWS
    assert [row[1][1] for row in found] == pytest.approx(expected["probability"], rel=2e-6)
    assert [row[0][1] for row in found] == pytest.approx(1 - expected["probability"], rel=2e-6)

    regress = regression_pb2.RegressionRequest()
    regress.model_spec.name, regress.model_spec.signature_name = "visits", "regress"
    regress.input.example_list.examples.extend(tf.train.Example.FromString(example(row)) for row in in_rows(VISITS))
    answer = stub.Regress(regress, timeout=30)
    assert [row.value for row in answer.result.regressions] == pytest.approx(counts, rel=2e-6)
    regress.model_spec.name = "tips"
    with pytest.raises(grpc.RpcError) as caught:
        stub.Regress(regress, timeout=30)
    assert "No signature was found with the name: regress" in caught.value.details()

    both = inference_pb2.MultiInferenceRequest(input=classify.input)
    both.tasks.add(method_name="tensorflow/serving/classify").model_spec.CopyFrom(classify.model_spec)
    [result] = stub.MultiInference(both, timeout=30).results
    assert result.classification_result == stub.Classify(classify, timeout=30).result


def test_metadata_has_the_classes(server: Any, stub: Any) -> None:
    from tensorflow_serving.apis import get_model_metadata_pb2

    answer = http_call(server.rest_port, "GET", "/v1/models/tips/metadata").json
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert signatures["classify"]["method_name"] == "tensorflow/serving/classify"
    assert {key: value["dtype"] for key, value in signatures["classify"]["outputs"].items()} == {
        "classes": "DT_STRING",
        "scores": "DT_FLOAT",
    }
    assert signatures["serving_default"]["outputs"]["class"]["dtype"] == "DT_STRING"
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "tips"
    found = get_model_metadata_pb2.SignatureDefMap()
    stub.GetModelMetadata(request, timeout=30).metadata["signature_def"].Unpack(found)
    assert set(found.signature_def) == set(signatures)


@pytest.mark.parametrize("client", ["ovms_grpc", "ovms_http", "kserve_v1", "tfx_client"])
def test_clients_made_by_others(server: Any, tips_version: MadeVersion, tmp_path: Any, client: str) -> None:
    (tmp_path / "request.json").write_text(json.dumps({"inputs": TIPS, "instances": in_rows(TIPS)}))
    addresses = [f"127.0.0.1:{server.rest_port}", f"127.0.0.1:{server.grpc_port}"]
    command = [
        sys.executable,
        "-m",
        "tests.e2e.clients",
        client,
        "tips",
        *addresses,
        "1",
        str(tmp_path / "request.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    if client == "kserve_v1":
        answer = {name: [row[name] for row in answer] for name in answer[0]}
    if client != "tfx_client":
        expected = score(tips_version.model, TIPS)
        assert answer["class"] == expected["class"].tolist()
        assert answer["probability"] == pytest.approx(expected["probability"], rel=2e-6)


def test_curl(server: Any, tips_version: MadeVersion) -> None:
    body = json.dumps({"signature_name": "classify", "examples": in_rows(TIPS)})
    url = f"http://127.0.0.1:{server.rest_port}/v1/models/tips:classify"
    done = subprocess.run(["curl", "-s", "-d", "@-", url], input=body, capture_output=True, text=True, check=True)
    found = [row[1] for row in json.loads(done.stdout)["results"]]
    assert [label for label, _ in found] == ["tipped"] * ROWS
    assert [value for _, value in found] == pytest.approx(score(tips_version.model, TIPS)["probability"], rel=2e-6)


def test_the_page_says_what_contributions_are_in(server: Any) -> None:
    text = html.unescape(http_call(server.rest_port, "GET", "/").text)
    assert '"parts": "log odds ratio"' in text
    assert '"parts": "log rate ratio"' in text
