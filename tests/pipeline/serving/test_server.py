import http.client
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.errors import RunError
from tests.pipeline.serving.conftest import http_call, publish

pytestmark = pytest.mark.e2e

RAW = json.dumps({"signature_name": "raw", "instances": [{"x": 0.5}]})
PATH = "/v1/models/m:predict"


def until(condition: Any, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def test_hot_reload_under_load_fails_no_request(start: Any, base: Path) -> None:
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_service_pb2_grpc
    from tensorflow_serving.apis.predict_pb2 import PredictRequest

    served = start(base, poll_seconds=0.05)
    done = threading.Event()
    failures: list[object] = []
    answered = [0, 0]
    seen: set[int] = set()

    def rest() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", served.server.rest_port, timeout=20)
        while not done.is_set():
            connection.request("POST", PATH, RAW)
            answer = connection.getresponse()
            body = answer.read()
            answered[0] += 1
            if answer.status != 200:
                failures.append(body)
        connection.close()

    def rpc() -> None:
        request = PredictRequest()
        request.model_spec.name = "m"
        request.model_spec.signature_name = "raw"
        request.inputs["x"].CopyFrom(tf.make_tensor_proto([0.5]))
        with grpc.insecure_channel(f"127.0.0.1:{served.server.grpc_port}") as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            while not done.is_set():
                try:
                    response = stub.Predict(request, timeout=20)
                    seen.add(response.model_spec.version.value)
                    assert np.float32(response.outputs["outputs"].float_val[0]) == np.float32(1.07847297)
                    answered[1] += 1
                except (grpc.RpcError, AssertionError) as error:
                    failures.append(error)

    threads = [threading.Thread(target=target) for target in (rest, rest, rpc, rpc)]
    for thread in threads:
        thread.start()
    for version in range(2, 14):
        publish(base, version)
        time.sleep(0.3)
    until(lambda: served.server.manager.available() == {"m": [13]})
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert min(answered) > 50
    assert len(seen) > 4


def test_a_broken_new_version(start: Any, base: Path) -> None:
    served = start(base)
    (base / "2").mkdir()
    until(lambda: len(served.get("/v1/models/m").json["model_version_status"]) == 2)
    until(lambda: served.get("/v1/models/m/versions/2").json["model_version_status"][0]["state"] == "END")
    broken, old = served.get("/v1/models/m").json["model_version_status"]
    assert broken["status"]["error_code"] == "NOT_FOUND"
    assert broken["status"]["error_message"].startswith("Could not find SavedModel .pb or .pbtxt")
    assert (old["version"], old["state"]) == ("1", "AVAILABLE")
    assert served.post(PATH, RAW).status == 200
    assert served.get("/healthz").status == 200
    publish(base, 3)
    until(lambda: served.get("/healthz").json["models"] == {"m": [3]})


def test_stop_lets_running_requests_end(start: Any, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_service_pb2_grpc
    from tensorflow_serving.apis.predict_pb2 import PredictRequest

    from pipeline.serving.models.servable import Servable

    served = start(base)
    call = Servable.call
    begun = threading.Semaphore(0)

    def slow(*arguments: Any) -> Any:
        begun.release()
        time.sleep(0.7)
        return call(*arguments)

    monkeypatch.setattr(Servable, "call", slow)
    answers: list[Any] = []
    request = PredictRequest()
    request.model_spec.name = "m"
    request.model_spec.signature_name = "raw"
    request.inputs["x"].CopyFrom(tf.make_tensor_proto([0.5]))

    def rpc() -> None:
        with grpc.insecure_channel(f"127.0.0.1:{served.server.grpc_port}") as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            answers.append(len(stub.Predict(request, timeout=10).outputs))

    threads = [
        threading.Thread(target=lambda: answers.append(served.post(PATH, RAW).status)),
        threading.Thread(target=rpc),
    ]
    for thread in threads:
        thread.start()
    assert begun.acquire(timeout=10)
    assert begun.acquire(timeout=10)
    stopped = time.monotonic()
    served.server.stop()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [1, 200]
    assert time.monotonic() - stopped < 5
    with pytest.raises(ConnectionRefusedError):
        served.get("/healthz")


def test_a_taken_port_is_said(start: Any, base: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RunError, match=rf"^REST: can't listen on 127.0.0.1:{port}: Address already in use\."):
            start(base, rest_port=port)
        with pytest.raises(RunError, match=rf"^gRPC: can't listen on 127.0.0.1:{port}: the port is taken"):
            start(base, grpc_port=port)
    first = start(base)
    with pytest.raises(RunError, match="gRPC: can't listen"):
        start(base, grpc_port=first.server.grpc_port)
    assert first.post(PATH, RAW).status == 200


def test_extra_routes(base: Path) -> None:
    from aiohttp import web

    from pipeline.serving.models.server_config import ServedModel
    from pipeline.serving.server import Server
    from pipeline.serving.settings import ServerSettings

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    settings = ServerSettings(rest_port=0, grpc_port=0)
    with Server(settings, [ServedModel("m", base)], extra_routes=[web.get("/", page)]) as server:
        assert http_call(server.rest_port, "GET", "/").text == "hello"
        assert http_call(server.rest_port, "POST", PATH, RAW).status == 200
