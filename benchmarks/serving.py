"""The model server beside its peers. Run: python -m benchmarks.serving --model DIR [--seconds 5] [--peer-python PYTHON]

Calls one SavedModel's `serving_default` (raw columns) with 1 row and with 100, from one client and from eight: over REST and gRPC
of our server in a process of its own; in this process, without a server; and, with `--peer-python`, scikit-learn's
LinearRegression of as many columns in MLflow's scoring server (`PYTHON -m pip install mlflow`). Prints the latency, the requests
per second, and how many times MLflow's rate that is. Clients are threads of this process, the same for all; they share the
machine with the server.

`--publish` instead: while eight clients call, a new version is copied under another name and renamed every second. Ends with an
error if a request failed, or if the last version never answered.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.serving_load import (
    Client,
    Failed,
    GrpcClient,
    LocalClient,
    RestClient,
    Seen,
    free_port,
    process,
    run,
    wait,
)

BATCHES, CLIENTS = (1, 100), (1, 8)
NAME, SIGNATURE = "bench", "serving_default"
REST, GRPC, LOCAL, PEER = "REST", "gRPC", "in process", "MLflow"
KEPT = 3  # versions, with --publish

Columns = dict[str, npt.NDArray[Any]]


def find_model(path: Path) -> Path:
    """The folder of a SavedModel: `path`, or its highest version."""
    versions = sorted((child for child in path.iterdir() if child.name.isdigit()), key=lambda child: int(child.name))
    found = versions[-1] if versions else path
    if not (found / "saved_model.pb").exists():
        sys.exit(f"{path}: expected a SavedModel, or a folder of numbered ones")
    return found


def make_columns(model: Path, rows: int) -> Columns:
    """Columns for `serving_default`: random numbers, and a text that no vocabulary has."""
    from tensorflow.core.protobuf import saved_model_pb2
    from tensorflow.python.framework import dtypes

    saved = saved_model_pb2.SavedModel.FromString((model / "saved_model.pb").read_bytes())
    inputs = saved.meta_graphs[0].signature_def[SIGNATURE].inputs
    random = np.random.default_rng(0)
    columns: Columns = {}
    for name in sorted(inputs):
        dtype = dtypes.as_dtype(inputs[name].dtype)
        values = np.full(rows, b"benchmark", object) if dtype == dtypes.string else random.uniform(0, 10, rows)
        columns[name] = values.astype(dtype.as_numpy_dtype)
    return columns


def rest_body(columns: Columns) -> bytes:
    """The columns as `instances`."""
    plain = {
        name: [value.decode() for value in values] if values.dtype == object else values.tolist()
        for name, values in columns.items()
    }
    return json.dumps(
        {"instances": [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]}
    ).encode()


def grpc_request(columns: Columns) -> bytes:
    """The columns as a serialised PredictRequest."""
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = NAME
    request.model_spec.signature_name = SIGNATURE
    for name, values in columns.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
    return request.SerializeToString()


@contextlib.contextmanager
def our_server(base: Path) -> Iterator[tuple[int, int]]:
    """Our server on a base path; its REST and its gRPC port."""
    rest, grpc = free_port(), free_port()
    with process([sys.executable, "-m", "benchmarks.serving", "--serve", str(base), str(rest), str(grpc)]) as log:
        wait(f"http://127.0.0.1:{rest}/healthz", log)
        yield rest, grpc


def serve(base: str, rest_port: str, grpc_port: str) -> None:
    """Runs our server."""
    from pipeline.serving.models.server_config import ServedModel
    from pipeline.serving.server import Server
    from pipeline.serving.settings import ServerSettings

    server = Server(ServerSettings(rest_port=int(rest_port), grpc_port=int(grpc_port)), [ServedModel(NAME, Path(base))])
    server.start()
    server.run_until_signal()


PEER_MODEL = """
import sys, mlflow.sklearn, numpy as np
from sklearn.linear_model import LinearRegression
x = np.random.default_rng(0).uniform(0, 10, (1000, int(sys.argv[2])))
mlflow.sklearn.save_model(LinearRegression().fit(x, x.sum(axis=1)), sys.argv[1])
"""


@contextlib.contextmanager
def peer_server(python: str, width: int) -> Iterator[int]:
    """MLflow's scoring server with a LinearRegression of `width` columns; its port."""
    with tempfile.TemporaryDirectory() as folder:
        model = str(Path(folder) / "model")
        make = [python, "-c", PEER_MODEL, model, str(width)]
        made = subprocess.run(make, capture_output=True, text=True, check=False)  # noqa: S603
        if made.returncode:
            sys.exit(f"{python}: no model made:\n{made.stderr[-4000:]}")
        port = free_port()
        command = [python, "-m", "mlflow", "models", "serve", "-m", model, "-p", str(port), "--env-manager", "local"]
        env = {**os.environ, "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"}
        with process(command, env) as log:
            wait(f"http://127.0.0.1:{port}/ping", log)
            yield port


def peer_body(rows: int, width: int) -> bytes:
    """Rows as MLflow takes them."""
    data = np.random.default_rng(0).uniform(0, 10, (rows, width)).tolist()
    return json.dumps({"inputs": data}).encode()


def local_function(model: Path) -> Callable[[Columns], Callable[[], Any]]:
    """Loads a model here; makes calls of its signature."""
    import tensorflow as tf

    signature = tf.saved_model.load(str(model)).signatures[SIGNATURE]

    def make(columns: Columns) -> Callable[[], Any]:
        tensors = {name: tf.constant(values) for name, values in columns.items()}
        return lambda: {name: value.numpy() for name, value in signature(**tensors).items()}

    return make


def compare(model: Path, seconds: float, peer_python: str | None) -> None:
    """Measures all, in turn for each number of rows and clients, and prints a table."""
    with contextlib.ExitStack() as stack:
        base = stack.enter_context(tempfile.TemporaryDirectory())
        shutil.copytree(model, Path(base) / NAME / "1")
        rest, grpc = stack.enter_context(our_server(Path(base) / NAME))
        width = len(make_columns(model, 1))
        peer = stack.enter_context(peer_server(peer_python, width)) if peer_python else None
        local = local_function(model)
        print(f"{width} columns, {seconds:g} s each, {os.cpu_count()} processors")  # noqa: T201
        heads = "".join(
            f"{head:>12}" for head in ("rows", "clients", "p50 ms", "p99 ms", "requests/s", "× MLflow", "failed")
        )
        print(f"{'':<12}{heads}")  # noqa: T201
        for rows in BATCHES:
            columns = make_columns(model, rows)
            makers: dict[str, Callable[[], Client]] = {
                REST: functools.partial(RestClient, rest, f"/v1/models/{NAME}:predict", rest_body(columns)),
                GRPC: functools.partial(GrpcClient, grpc, grpc_request(columns)),
                LOCAL: functools.partial(LocalClient, local(columns)),
            }
            if peer:
                makers[PEER] = functools.partial(RestClient, peer, "/invocations", peer_body(rows, width))
            for clients in CLIENTS:
                seen = {kind: run(make, clients, seconds) for kind, make in makers.items()}
                for kind, each in seen.items():
                    print(line(kind, rows, clients, each, seen.get(PEER)), flush=True)  # noqa: T201


def line(kind: str, rows: int, clients: int, seen: Seen, peer: Seen | None) -> str:
    """One line of the table, followed by a failure's text if there is one."""
    ratio = f"{seen.rate / peer.rate:.2f}" if peer else ""
    cells = (rows, clients, f"{seen.p50:.3f}", f"{seen.p99:.3f}", f"{seen.rate:,.0f}", ratio, len(seen.failures))
    return (
        f"{kind:<12}"
        + "".join(f"{cell:>12}" for cell in cells)
        + "".join(f"\n    {text}" for text in seen.failures[:1])
    )


def publish(model: Path, seconds: float) -> None:
    """Publishes a version a second while clients call; prints what they saw."""
    from tensorflow_serving.apis import predict_pb2

    columns = make_columns(model, 1)
    answered: dict[int, int] = {}
    lock = threading.Lock()
    last = 1

    def note(said: bytes) -> None:
        version = predict_pb2.PredictResponse.FromString(said).model_spec.version.value
        with lock:
            answered[version] = answered.get(version, 0) + 1

    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / NAME
        shutil.copytree(model, base / "1")
        with our_server(base) as (rest, grpc):
            found: list[Seen] = []
            make_rest = functools.partial(RestClient, rest, f"/v1/models/{NAME}:predict", rest_body(columns))
            make_grpc = functools.partial(GrpcClient, grpc, grpc_request(columns))
            half = max(CLIENTS) // 2
            runs = [
                threading.Thread(target=lambda: found.append(run(make_rest, half, seconds))),
                threading.Thread(target=lambda: found.append(run(make_grpc, half, seconds, note))),
            ]
            for each in runs:
                each.start()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                last += 1
                shutil.copytree(model, base / f".staging-{last}")
                os.rename(base / f".staging-{last}", base / str(last))
                shutil.rmtree(base / str(last - KEPT), ignore_errors=True)
                time.sleep(1)
            for each in runs:
                each.join()
            reached = _reached(make_grpc(), note, answered, last)
    failures = [text for seen in found for text in seen.failures]
    print(  # noqa: T201
        f"{sum(seen.requests for seen in found):,} requests of {2 * half} clients in {seconds:g} s, {len(failures)} failed; "
        f"{last - 1} versions published, answers from {len(answered)} versions; "
        f"p50 {max(seen.p50 for seen in found):.2f} ms, p99 {max(seen.p99 for seen in found):.2f} ms"
    )
    if failures:
        sys.exit(f"a request failed: {failures[0]}")
    if not reached:
        sys.exit(f"version {last} never answered; {max(answered)} did")


def _reached(client: Client, note: Callable[[bytes], None], answered: dict[int, int], version: int) -> bool:
    end = time.monotonic() + 30
    while version not in answered and time.monotonic() < end:
        with contextlib.suppress(Failed):
            note(client.call())
        time.sleep(0.1)
    client.close()
    return version in answered


def main() -> None:
    """Measures, or publishes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a SavedModel with raw columns, or a folder of its versions")
    parser.add_argument("--seconds", type=float, default=5.0, help="that each measurement takes")
    parser.add_argument("--peer-python", help="a Python with mlflow and scikit-learn")
    parser.add_argument("--publish", action="store_true", help="publish a version a second while clients call")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(*arguments.serve)
    elif not arguments.model:
        parser.error("--model is needed")
    elif arguments.publish:
        publish(find_model(arguments.model), arguments.seconds)
    else:
        compare(find_model(arguments.model), arguments.seconds, arguments.peer_python)


if __name__ == "__main__":
    main()
