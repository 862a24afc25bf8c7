"""Callers that would hurt the server, and what their neighbours see."""

import gzip
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipeline.serving.conftest import Running
from tests.pipeline.serving.grpc.test_services import Stubs, add_examples, predict_request, refused

pytestmark = pytest.mark.e2e
PREDICT = "/tensorflow.serving.PredictionService/Predict"
BODY_LIMIT = 2 << 20


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with one thread that works, two calls at once, and low limits."""
    from pipeline.serving.models.server_config import ServedModel
    from pipeline.serving.server import Server
    from pipeline.serving.settings import ServerSettings
    from tests.pipeline.serving.conftest import publish

    folder = tmp_path_factory.mktemp("limited") / "m"
    folder.mkdir()
    publish(folder, 1)
    settings = ServerSettings(
        rest_port=0,
        grpc_port=0,
        threads=1,
        max_concurrency=3,
        max_rows=1000,
        max_body_bytes=BODY_LIMIT,
        read_seconds=1.0,
        drain_seconds=2.0,
    )
    with Server(settings, [ServedModel("m", folder)]) as server:
        yield Running(server, folder)


@pytest.fixture
def stubs(limited: Running) -> Iterator[Stubs]:
    made = Stubs(limited.server.grpc_port)
    yield made
    made.channel.close()


class Slow:
    """Model calls, held up until they may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from pipeline.serving.models.servable import Servable

        self.begun = 0
        self.entered = threading.Event()
        self.go_on = threading.Event()
        call = Servable.call

        def slow(*args: Any) -> Any:
            self.begun += 1
            self.entered.set()
            assert self.go_on.wait(20)
            return call(*args)

        monkeypatch.setattr(Servable, "call", slow)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    made = Slow(monkeypatch)
    yield made
    made.go_on.set()


ROW = {"x": np.float32([1])}


@pytest.mark.parametrize("gone", ["deadline", "cancelled"])
def test_work_that_nobody_waits_for_is_not_begun(stubs: Stubs, slow: Slow, gone: str) -> None:
    import grpc

    first = stubs.prediction.Predict.future(predict_request(**ROW), timeout=20)
    assert slow.entered.wait(10)
    second = stubs.prediction.Predict.future(predict_request(**ROW), timeout=0.3 if gone == "deadline" else 20)
    time.sleep(0.2)
    if gone == "cancelled":
        second.cancel()
    else:
        assert second.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    time.sleep(0.1)
    slow.go_on.set()
    assert first.result().model_spec.name == "m"
    assert (
        stubs.prediction.Predict(predict_request(**ROW), timeout=10).model_spec.name == "m"
    )  # the third, after the second
    assert slow.begun == 2


def test_beyond_the_most_calls_at_once_they_are_refused_at_once(stubs: Stubs, slow: Slow) -> None:
    running = [stubs.prediction.Predict.future(predict_request(**ROW), timeout=20) for _ in range(3)]
    assert slow.entered.wait(10)
    time.sleep(0.2)
    begun = time.monotonic()
    assert refused(stubs.prediction.Predict, predict_request(**ROW))[0] == "RESOURCE_EXHAUSTED"
    assert time.monotonic() - begun < 0.5
    slow.go_on.set()
    for each in running:
        each.result()


def test_who_announces_a_message_and_does_not_send_it_is_cut_off(stubs: Stubs) -> None:
    import grpc

    ended = threading.Event()

    def nothing() -> Iterator[bytes]:
        ended.wait(20)
        yield from ()

    calls = [stubs.channel.stream_unary(PREDICT).future(nothing(), timeout=20) for _ in range(2)]
    try:
        time.sleep(0.2)
        assert (
            stubs.prediction.Predict(predict_request(**ROW), timeout=1).model_spec.name == "m"
        )  # the one thread is free
        assert [each.code() for each in calls] == [grpc.StatusCode.CANCELLED] * 2
    finally:
        ended.set()


def test_a_call_without_a_message(stubs: Stubs) -> None:
    import grpc

    with pytest.raises(grpc.RpcError) as caught:
        stubs.channel.stream_unary(PREDICT)(iter(()), timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert caught.value.details() == "PredictRequest: no message was sent"


def test_packed_calls(stubs: Stubs) -> None:
    import grpc

    request = predict_request(x=np.zeros(1000, np.float32))
    answer = stubs.prediction.Predict(request, compression=grpc.Compression.Gzip, timeout=10)
    assert answer == stubs.prediction.Predict(request, timeout=10)
    with pytest.raises(grpc.RpcError) as caught:
        stubs.prediction.Predict(request, compression=grpc.Compression.Deflate, timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_bomb_is_not_unpacked(limited: Running) -> None:
    import grpc

    size = 200 << 20
    packed = gzip.compress(bytes(size))
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{limited.server.grpc_port}", options) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(PREDICT)(packed, timeout=10)  # as a packed message comes
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "unpacked" in caught.value.details()
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(PREDICT)(bytes(BODY_LIMIT + 1), timeout=10)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_rows(stubs: Stubs) -> None:
    from tensorflow_serving.apis.regression_pb2 import RegressionRequest

    words = "A request may stand for 1000 rows; this one stands for %d. Send fewer, or start the server with a higher --max-rows."
    request = predict_request(x=np.zeros(1001, np.float32))
    assert refused(stubs.prediction.Predict, request) == ("INVALID_ARGUMENT", words % 1001)
    request = predict_request(**ROW)
    request.inputs["x"].tensor_shape.dim[0].size = 1 << 28  # of a request of a few bytes
    assert refused(stubs.prediction.Predict, request) == ("INVALID_ARGUMENT", words % (1 << 28))
    values = [0.5] * 1001
    examples = add_examples(RegressionRequest(), *values)
    assert refused(stubs.prediction.Regress, examples) == ("INVALID_ARGUMENT", words % 1001)


def test_a_context_stands_in_each_example(stubs: Stubs) -> None:
    from tensorflow_serving.apis.regression_pb2 import RegressionRequest

    request = RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "m", "regress"
    part = request.input.example_list_with_context
    part.context.features.feature["x"].float_list.value.append(1.0)
    part.context.features.feature["y"].bytes_list.value.append(bytes(BODY_LIMIT // 1000))
    for _ in range(1000):
        part.examples.add()
    code, words = refused(stubs.prediction.Regress, request)
    assert code == "INVALID_ARGUMENT"
    assert "stands in each of 1000 examples, which is more than 2097152 bytes together" in words
    del part.examples[900:]
    assert len(stubs.prediction.Regress(request, timeout=10).result.regressions) == 900


def test_questions_are_short(stubs: Stubs) -> None:
    from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest

    request = GetModelMetadataRequest(metadata_field=["signature_def"] * 100_000)
    request.model_spec.name = "m"
    assert refused(stubs.prediction.GetModelMetadata, request)[0] == "RESOURCE_EXHAUSTED"
    request.metadata_field[:] = ["signature_def"] * 20_000
    assert refused(stubs.prediction.GetModelMetadata, request) == (
        "INVALID_ARGUMENT",
        "A request may have 10000 fields in such a place; this one has more.",
    )


def test_large_messages_wait_for_each_other(stubs: Stubs, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.serving.grpc import calls

    monkeypatch.setattr(calls, "LARGE", 1000)
    monkeypatch.setattr(calls, "HELD", 0)
    large = predict_request(x=np.zeros(1000, np.float32))
    assert refused(stubs.prediction.Predict, large) == (
        "RESOURCE_EXHAUSTED",
        "Too many large requests at once. Try again later.",
    )
    monkeypatch.setattr(calls, "HELD", 1)
    slow.go_on.set()
    assert len(stubs.prediction.Predict(large, timeout=10).outputs["outputs"].float_val) == 1000


def test_the_counts_say_why(limited: Running, stubs: Stubs) -> None:
    request = predict_request(x=np.zeros(1001, np.float32))
    refused(stubs.prediction.Predict, request)
    page = limited.get("/metrics").text
    labels = 'method="predict",model="m",protocol="grpc",status="INVALID_ARGUMENT"'
    assert f"plumbline_requests_total{{{labels}}}" in page


def test_unexpected_errors_are_logged_and_told(
    stubs: Stubs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    from pipeline.serving.models.servable import Servable

    def fail(*_: Any) -> None:
        raise OSError(str(tmp_path))

    monkeypatch.setattr(Servable, "call", fail)
    assert refused(stubs.prediction.Predict, predict_request(**ROW)) == (
        "INTERNAL",
        "Internal error; the server's log has more.",
    )
    assert "gRPC predict failed" in caplog.text
