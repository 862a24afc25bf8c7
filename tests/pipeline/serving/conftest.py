"""What the tests of the model server share: a model, its versions on disk, one running server, and clients."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "data" / "tfserving"
MODEL = DATA / "model" / "1"


def publish(base: Path, version: int, source: Path = MODEL) -> Path:
    """Puts a version into a base path, with one rename."""
    staging, final = base / f".staging-{version}", base / str(version)
    shutil.copytree(source, staging)
    os.rename(staging, final)
    return final


@dataclasses.dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    text: str
    content_type: str | None

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> str:
        assert set(self.json) == {"error"}
        return self.json["error"]


Call = Callable[..., Answer]


def http_call(port: int, method: str, path: str, body: bytes | str | None = None, headers: Any = None) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode(), answer.getheader("Content-Type"))
    finally:
        connection.close()


@dataclasses.dataclass(frozen=True)
class Running:
    """A server that runs, and ways to call it."""

    server: Any
    base: Path

    def get(self, path: str) -> Answer:
        return http_call(self.server.rest_port, "GET", path)

    def post(self, path: str, body: Any) -> Answer:
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return http_call(self.server.rest_port, "POST", path, data)

    def call(self, method: str, path: str, body: bytes | None = None, headers: Any = None) -> Answer:
        return http_call(self.server.rest_port, method, path, body, headers)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A base path with version 1."""
    folder = tmp_path / "m"
    folder.mkdir()
    publish(folder, 1)
    return folder


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Starts servers of model `m`, which end with the test."""
    from pipeline.serving.models.server_config import ServedModel, VersionPolicy
    from pipeline.serving.server import Server
    from pipeline.serving.settings import ServerSettings

    servers = []

    def begin(base: Path, policy: Any = None, labels: Any = None, **settings: Any) -> Running:
        options = {"rest_port": 0, "grpc_port": 0, "poll_seconds": 0.1, "threads": 4, **settings}
        server = Server(ServerSettings(**options), [ServedModel("m", base, policy or VersionPolicy(), labels or {})])
        server.start()
        servers.append(server)
        return Running(server, base)

    yield begin
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server of model `m`, version 1, for all tests of a module."""
    from pipeline.serving.models.server_config import ServedModel
    from pipeline.serving.server import Server
    from pipeline.serving.settings import ServerSettings

    folder = tmp_path_factory.mktemp("served") / "m"
    folder.mkdir()
    publish(folder, 1)
    settings = ServerSettings(rest_port=0, grpc_port=0, poll_seconds=0.2, read_seconds=1.5, threads=4)
    with Server(settings, [ServedModel("m", folder, labels={"stable": 1})]) as server:
        yield Running(server, folder)


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel with signatures for Classify, one for Regress, and ones that are wrong for both."""
    import tensorflow as tf

    def parse(examples: Any) -> Any:
        return tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def classify(inputs: Any) -> Any:
        scores = tf.stack([parse(inputs), 1 - parse(inputs)], 1)
        return {"classes": tf.tile(tf.constant([["yes", "no"]]), [tf.shape(inputs)[0], 1]), "scores": scores}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def scores_alone(inputs: Any) -> Any:
        return {"scores": tf.stack([parse(inputs)], 1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def regress(inputs: Any) -> Any:
        return {"outputs": tf.reshape(2 * parse(inputs), [-1, 1])}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def wide(inputs: Any) -> Any:
        return {"outputs": tf.stack([parse(inputs), parse(inputs)], 1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def one_for_all(inputs: Any) -> Any:
        return {"outputs": tf.reduce_sum(parse(inputs), keepdims=True)}

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.float32, name="a"), tf.TensorSpec([None], tf.string, name="b")]
    )
    def two(a: Any, b: Any) -> Any:
        return {"length": tf.strings.length(b), "double": tf.cast(a, tf.float64) * 2, "text_bytes": b}

    folder = tmp_path_factory.mktemp("classifier") / "model"
    functions = (classify, scores_alone, regress, wide, one_for_all, two)
    names = ("classify", "scores_alone", "regress", "wide", "one_for_all", "serving_default")
    tf.saved_model.save(tf.Module(), str(folder), signatures=dict(zip(names, functions, strict=True)))
    return folder
