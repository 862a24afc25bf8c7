import base64
import concurrent.futures
import json
import socket
import time
from typing import Any

import numpy as np
import pytest

from tests.pipeline.serving.conftest import DATA, Running, publish

pytestmark = pytest.mark.e2e

CASES = json.loads((DATA / "answers.json").read_text())["cases"]
NODE = "\n\t [[{{function_node"  # TF Serving tells the graph's names too


def same(ours: Any, theirs: Any) -> bool:
    """Equal as JSON, numbers as float32."""
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in theirs)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, (int, float)):
        return bool(np.array_equal(np.float32(ours), np.float32(theirs), equal_nan=True))
    return bool(ours == theirs)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize("case", CASES, ids=[str(index) for index in range(len(CASES))])
def test_answers_of_tf_serving(running: Running, case: dict[str, Any]) -> None:
    answer = running.post(f"/v1/models/m:{case['method']}", case["body"])
    assert answer.status == case["status"], answer.text
    assert answer.content_type == "application/json"
    expected = json.loads(case["answer"])
    if case["code"] == "OK":
        assert same(answer.json, expected), answer.text
    else:
        assert answer.error == expected["error"].partition(NODE)[0]


def test_status_and_metadata(running: Running) -> None:
    available = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("", "/versions/1", "/labels/stable", "/labels/none"):  # TF Serving, too, looks at no label here
        assert running.get(f"/v1/models/m{path}").json == {"model_version_status": [available]}
    answer = running.get("/v1/models/m/versions/1/metadata")
    assert answer.content_type == "application/json"
    assert answer.json["model_spec"] == {"name": "m", "signature_name": "", "version": "1"}
    signatures = answer.json["metadata"]["signature_def"]["signature_def"]
    assert {"raw", "serving_default", "regress", "transform_features"} <= set(signatures)
    x = {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}}
    assert signatures["raw"]["inputs"] == {"x": {**x, "name": "raw_x:0"}}
    assert signatures["raw"]["method_name"] == "tensorflow/serving/predict"


RAW = {"signature_name": "raw", "instances": [{"x": 0.5}]}
WRONG = [
    ("POST", "/v1/models/q:predict", RAW, 404, "Servable not found for request: Latest(q)"),
    ("POST", "/v1/models/m/versions/9:predict", RAW, 404, "Servable not found for request: Specific(m, 9)"),
    ("POST", "/v1/models/m/labels/z:predict", RAW, 400, "Unrecognized servable version label: z"),
    ("GET", "/v1/models/q", None, 404, "Could not find any versions of model q"),
    ("GET", "/v1/models/m/versions/9", None, 404, "Could not find version 9 of model m"),
    ("GET", "/v1/models/q/metadata", None, 404, "Servable not found for request: Latest(q)"),
    ("GET", "/v1/models", None, 400, "Missing model name in request."),
    (
        "POST",
        "/v1/models/m:predict",
        {"signature_name": "zz", "instances": [1]},
        400,
        'Serving signature name: "zz" not found in signature def',
    ),
    (
        "POST",
        "/v1/models/m:regress",
        {"signature_name": "zz", "examples": [{"x": 1.0}]},
        400,
        "No signature was found with the name: zz",
    ),
    (
        "POST",
        "/v1/models/m:classify",
        {"signature_name": "transform_features", "examples": [{"x": 1.0}]},
        400,
        "No classification inputs found in SignatureDef: ",
    ),
    (
        "POST",
        "/v1/models/m:predict",
        {"signature_name": "raw", "inputs": {}},
        400,
        "Missing named input: x in 'inputs' object.",
    ),
    ("POST", "/v1/models/m:predict", {"signature_name": "raw", "instances": [{"x": "a"}]}, 400, "not of expected type"),
    ("POST", "/v1/models/m:predict", {"signature_name": "raw", "instances": [{"x": [1, 2]}, {"x": [1]}]}, 400, ""),
    ("POST", "/v1/models/m:predict", b'{"instances": [', 400, "JSON Parse error: "),
    ("POST", "/v1/models/q:predict", b'{"instances": [', 400, "JSON Parse error: "),
    ("POST", "/v1/models/m:predict", b"", 400, "JSON Parse error: "),
    ("POST", "/v1/models/m:predict", b"\xff\xfe", 400, ""),
    ("POST", "/v1/models/m:predict", {"instances": [{"b64": "%%"}]}, 400, "Unable to base64 decode"),
    ("POST", "/v1/models/m", RAW, 400, "Malformed request: POST /v1/models/m"),
    ("POST", "/v1/models/m:predict?x=1", RAW, 400, "Malformed request: POST /v1/models/m:predict?x=1"),
    ("GET", "/v1/models/m:predict", None, 400, "Malformed request: GET /v1/models/m:predict"),
    ("PUT", "/v1/models/m:predict", RAW, 400, "Malformed request: PUT /v1/models/m:predict"),
    ("DELETE", "/v1/models/m", None, 400, "Malformed request: DELETE /v1/models/m"),
    ("OPTIONS", "/v1/models/m", None, 400, "Origin header is missing in CORS preflight"),
    ("GET", "/v2/models/m", None, 404, "Not found: GET /v2/models/m."),
    ("POST", "/healthz", RAW, 404, "Not found: POST /healthz."),
    ("PROPFIND", "/v1/models/m", None, 501, "Method PROPFIND is not implemented."),
    ("TRACE", "/v1/models/m", None, 501, "Method TRACE is not implemented."),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "words"), WRONG)
def test_wrong_requests(running: Running, method: str, path: str, body: Any, status: int, words: str) -> None:
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    answer = running.call(method, path, data)
    assert answer.status == status, answer.text
    assert answer.content_type == "application/json"
    assert words in answer.error
    assert "Traceback" not in answer.text


def test_preflight(running: Running) -> None:
    answer = running.call("OPTIONS", "/v1/models/m:predict", headers={"Origin": "https://example.org"})
    assert (answer.status, answer.text) == (200, "")


def test_a_body_of_40_megabytes_is_refused(running: Running) -> None:
    row = b'{"x": 0.123456789},'
    body = b'{"signature_name": "raw", "instances": [' + row * (40_000_000 // len(row)) + b'{"x": 1}]}'
    answer = running.post("/v1/models/m:predict", body)
    assert (answer.status, answer.content_type) == (413, "application/json")
    assert answer.error == "Request body is larger than 33554432 bytes. Send fewer rows at once."


def test_many_rows(running: Running) -> None:
    rows = np.linspace(-5, 5, 20_000, dtype=np.float32)
    columns = running.post("/v1/models/m:predict", {"signature_name": "raw", "inputs": {"x": rows.tolist()}})
    instances = [{"x": value} for value in rows.tolist()]
    answer = running.post("/v1/models/m:predict", {"signature_name": "raw", "instances": instances})
    assert answer.json["predictions"] == columns.json["outputs"]
    assert len(columns.json["outputs"]) == 20_000


def test_slow_clients_are_cut(running: Running) -> None:
    head = b"POST /v1/models/m:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"

    def call(sent: bytes) -> tuple[bytes, float]:
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", running.server.rest_port), timeout=10) as client:
            client.sendall(sent)
            received = b""
            while data := client.recv(4096):
                received += data
        return received, time.monotonic() - begun

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(call, (head, head[:40], b"")))
    assert [received[:12] for received, _ in answers] == [b"HTTP/1.1 408", b"", b""]
    assert all(1 < seconds < 9 for _, seconds in answers)
    assert running.post("/v1/models/m:predict", RAW).status == 200


def test_garbage_is_no_http(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.server.rest_port), timeout=10) as client:
        client.sendall(b"\x00\xff garbage\r\n\r\n")
        received = client.recv(4096)
    assert received.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert b"Traceback" not in received


def test_unexpected_errors_are_told_without_a_trace(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from pipeline.serving.models import predictor

    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(predictor, "predict", fail)
    answer = running.post("/v1/models/m:predict", RAW)
    assert (answer.status, answer.error) == (500, "Internal error; the server's log has more.")
    assert "secret" in caplog.text


def test_slow_models_time_out_and_too_many_are_refused(start: Any, base: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.serving.models import predictor

    served = start(base, request_seconds=0.3, max_concurrency=2)
    predict = predictor.predict

    def slow(*arguments: Any) -> Any:
        time.sleep(1)
        return predict(*arguments)

    monkeypatch.setattr(predictor, "predict", slow)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: served.post("/v1/models/m:predict", RAW), range(4)))
    assert sorted(answer.status for answer in answers) == [503, 503, 504, 504]
    assert {answer.error for answer in answers} == {
        "Timed out waiting for notification",
        "Too many requests at once. Try again later.",
    }


def test_health_and_metrics(running: Running) -> None:
    answer = running.get("/healthz")
    assert (answer.status, answer.json) == (200, {"status": "ok", "models": {"m": [1]}})
    running.post("/v1/models/m:predict", RAW)
    running.post("/v1/models/none-such:predict", RAW)
    for path in ("/metrics", "/monitoring/prometheus/metrics"):
        answer = running.get(path)
        assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
        assert 'plumbline_requests_total{method="predict",model="m",protocol="rest",status="OK"}' in answer.text
        assert 'plumbline_request_seconds_bucket{le="0.001",method="predict",model="m",protocol="rest"}' in answer.text
        assert 'plumbline_model_version{model="m"} 1.0' in answer.text
        assert "none-such" not in answer.text


def test_no_version_is_unhealthy(start: Any, tmp_path: Any) -> None:
    served = start(tmp_path / "m")
    assert served.get("/healthz").status == 503
    (tmp_path / "m").mkdir()
    publish(tmp_path / "m", 4)
    deadline = time.monotonic() + 10
    while served.get("/healthz").status != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert served.get("/healthz").json["models"] == {"m": [4]}


def test_classify(start: Any, tmp_path: Any, classifier: Any) -> None:
    (tmp_path / "c").mkdir()
    publish(tmp_path / "c", 1, classifier)
    served = start(tmp_path / "c")
    answer = served.post("/v1/models/m:classify", {"signature_name": "classify", "examples": [{"x": 0.25}, {"x": 1.0}]})
    assert answer.json == {"results": [[["yes", 0.25], ["no", 0.75]], [["yes", 1.0], ["no", 0.0]]]}
    answer = served.post("/v1/models/m:classify", {"signature_name": "scores_alone", "examples": [{"x": 0.25}]})
    assert answer.json == {"results": [[["", 0.25]]]}
    answer = served.post("/v1/models/m:predict", {"instances": [{"a": 2.5, "b": "pear"}]})
    encoded = {"b64": base64.b64encode(b"pear").decode()}
    assert answer.json == {"predictions": [{"double": 5.0, "length": 4, "text_bytes": encoded}]}


def test_what_is_no_signature_to_call(running: Running) -> None:
    answer = running.post("/v1/models/m:predict", {"signature_name": "__saved_model_init_op", "inputs": {}})
    assert answer.status == 400, answer.text
