"""Finds requests that the model server answers as it should not. Run: python -m benchmarks.fuzz --seconds 600

atheris (libFuzzer) changes valid requests, byte by byte and in their structure, and keeps those that reach other lines of
pipeline/serving: whole HTTP requests, JSON bodies, packed bodies, and messages of each gRPC method. They are sent to the ports of
a real server in the fuzzing process, which serves every model of a root. Found is: a 5xx but 501, 503 and 504; INTERNAL, UNKNOWN
or DATA_LOSS of gRPC; a 200 whose body is no JSON; a traceback in the log; a good request that isn't answered as at first; more
than 30 seconds; more than 4 GiB; the end of the process. Each is written to `--found`, one file a kind: its first line says what,
the second is the way it was sent, the rest is what was sent. Ends with exit code 1 if there is any.

atheris is none of the project's dependencies: `.tools/uv pip install --python .venv/bin/python atheris`, or in a folder of
PYTHONPATH.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import hashlib
import http.client
import importlib.util
import json
import logging
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import psutil

from benchmarks.fuzz_mutations import mutate_json, mutate_message
from benchmarks.serving_process import newest_version
from benchmarks.serving_requests import (
    grpc_predict,
    grpc_regress,
    make_columns,
    rest_columns,
    rest_examples,
    rest_rows,
)

TIMEOUT = 30  # seconds
MOST_MIB = 4096
LONGEST = 65_536  # bytes of a request
SERVICE = "/tensorflow.serving."
METHODS = {
    "PredictionService/Predict": "predict_pb2.PredictRequest",
    "PredictionService/Regress": "regression_pb2.RegressionRequest",
    "PredictionService/Classify": "classification_pb2.ClassificationRequest",
    "PredictionService/MultiInference": "inference_pb2.MultiInferenceRequest",
    "PredictionService/GetModelMetadata": "get_model_metadata_pb2.GetModelMetadataRequest",
    "ModelService/GetModelStatus": "get_model_status_pb2.GetModelStatusRequest",
}
FINE_5XX = (501, 503, 504)
GOOD_EVERY = 500  # requests


def message_class(method: str) -> Any:
    """The class of a method's requests."""
    module, name = METHODS[method].split(".")
    return getattr(importlib.import_module(f"tensorflow_serving.apis.{module}"), name)


class Found(logging.Handler):
    """Takes what was found, and what is logged with a traceback.

    Args:
      folder: for a file of each kind.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.sent: tuple[str, bytes] = ("", b"")

    def emit(self, record: logging.LogRecord) -> None:
        """A record of the log."""
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            said = f"logged by {record.name}: {record.getMessage()[:100]}: {error!r}"[:400]
            self.add(said, f"{record.name} {record.msg} {type(error).__name__}")

    def add(self, what: str, kind: str = "") -> None:
        """What was found; the first of its kind is kept."""
        kind = kind or re.sub(r"\d+|'[^']*'|\"[^\"]*\"", "…", what)[:120]
        path = self._folder / hashlib.sha256(kind.encode()).hexdigest()[:12]
        if not path.exists():
            path.write_bytes(f"{what}\n{self.sent[0]}\n".encode(errors="replace") + self.sent[1])


class Sender:
    """Sends a request in one of the ways, and looks at the answer.

    Args:
      rest_port: of the server.
      grpc_port: of the server.
      names: of its models.
      found: takes what is wrong.
    """

    def __init__(self, rest_port: int, grpc_port: int, names: list[str], found: Found) -> None:
        self._rest_port = rest_port
        self._found = found
        self._connection = http.client.HTTPConnection("127.0.0.1", rest_port, timeout=TIMEOUT)
        channel = grpc.insecure_channel(f"127.0.0.1:{grpc_port}")
        self.ways: dict[str, Callable[[bytes], object]] = {"HTTP": self._http}
        for name in names:
            for verb in ("predict", "regress", "classify"):
                path = f"/v1/models/{name}:{verb}"
                self.ways[f"JSON {path}"] = functools.partial(self._rest, path)
            packed = f"/v1/models/{name}:predict"
            self.ways[f"packed {packed}"] = functools.partial(self._rest, packed, encoding="gzip")
        for method in METHODS:
            call = channel.unary_unary(SERVICE + method, request_serializer=None, response_deserializer=None)
            self.ways[f"gRPC {method}"] = functools.partial(self._grpc, call)

    def send(self, way: str, data: bytes) -> None:
        """Sends."""
        self._found.sent = (way, data)
        self.ways[way](data)

    def good(self, path: str, body: bytes) -> bytes:
        """The answer to a request that is valid."""
        return self._rest(path, body)

    def _rest(self, path: str, data: bytes, encoding: str = "identity") -> bytes:
        headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
        try:
            self._connection.request("POST", path, data, headers)
            answer = self._connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._found.add(f"REST: no answer: {error!r}")
            return b""
        self._look(answer.status, said)
        return said

    def _look(self, status: int, said: bytes) -> None:
        if status >= 500 and status not in FINE_5XX:
            self._found.add(f"REST: {status} {said[:200]!r}")
        try:
            json.loads(said)
        except (ValueError, RecursionError) as error:
            self._found.add(f"REST: {status} and no JSON: {error} in {said[:200]!r}")

    def _http(self, data: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self._rest_port), timeout=TIMEOUT) as connection:
            said = b""
            with contextlib.suppress(ConnectionError):
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while more := connection.recv(65536):
                    said += more
        status = re.match(rb"HTTP/1\.[01] (\d{3})", said)
        if said and not status:
            self._found.add(f"HTTP: an answer without a status: {said[:100]!r}")
        if status and int(status[1]) >= 500 and int(status[1]) not in (*FINE_5XX, 505):
            self._found.add(f"HTTP: {said[:300]!r}")

    def _grpc(self, call: Callable[..., bytes], data: bytes) -> None:
        try:
            call(data, timeout=TIMEOUT)
        except grpc.RpcError as error:
            if error.code().name in ("INTERNAL", "UNKNOWN", "DATA_LOSS", "DEADLINE_EXCEEDED", "UNAVAILABLE"):
                self._found.add(f"gRPC: {error.code().name} {error.details()}")


def seeds(root: Path, names: list[str]) -> dict[str, list[bytes]]:
    """Valid requests, by the word that their way begins with, or by their method."""
    found: dict[str, list[bytes]] = {"HTTP": [], "JSON": [], "packed": [], **{method: [] for method in METHODS}}
    for name in names:
        columns = make_columns(newest_version(root, name), 2)
        bodies = [rest_rows(columns), rest_columns(columns), rest_rows(columns, "explain"), rest_examples(columns)]
        found["JSON"] += bodies
        found["packed"].append(gzip.compress(bodies[0]))
        head = f"POST /v1/models/{name}:predict HTTP/1.1\r\nHost: x\r\n"
        chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(bodies[0]), bodies[0])
        found["HTTP"].append(f"{head}Content-Length: {len(bodies[0])}\r\n\r\n".encode() + bodies[0])
        found["HTTP"].append(head.encode() + chunked)
        found["HTTP"] += [
            f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in (f"/v1/models/{name}/versions/1", "/")
        ]
        found["HTTP"].append(f"OPTIONS /v1/models/{name}/metadata HTTP/1.0\r\nOrigin: http://x\r\n\r\n".encode())
        found["PredictionService/Predict"] += [grpc_predict(name, columns), grpc_predict(name, columns, "explain")]
        regress = grpc_regress(name, columns)
        found["PredictionService/Regress"].append(regress)
        found["PredictionService/Classify"].append(grpc_regress(name, columns, "classify"))
        multi = message_class("PredictionService/MultiInference")()
        multi.input.ParseFromString(
            message_class("PredictionService/Regress").FromString(regress).input.SerializeToString()
        )
        for method in ("regress", "classify"):
            task = multi.tasks.add(method_name=f"tensorflow/serving/{method}")
            task.model_spec.name, task.model_spec.signature_name = name, method
        found["PredictionService/MultiInference"].append(multi.SerializeToString())
        metadata = message_class("PredictionService/GetModelMetadata")(metadata_field=["signature_def"])
        metadata.model_spec.name = name
        found["PredictionService/GetModelMetadata"].append(metadata.SerializeToString())
        status = message_class("ModelService/GetModelStatus")()
        status.model_spec.name = name
        found["ModelService/GetModelStatus"].append(status.SerializeToString())
    return found


def work(root: Path, folder: Path, seconds: int) -> None:
    """Fuzzes; the process ends with it."""
    import atheris

    with atheris.instrument_imports(include=["pipeline.serving"]):
        from pipeline.serving.models.server_config import ServedModel
        from pipeline.serving.server import Server
        from pipeline.serving.settings import ServerSettings

    names = sorted(path.name for path in (root / "serving").iterdir() if path.is_dir())
    found = Found(folder)
    logging.getLogger().addHandler(found)
    server = Server(
        ServerSettings(rest_port=0, grpc_port=0), [ServedModel(name, root / "serving" / name) for name in names]
    )
    server.start()
    sender = Sender(server.rest_port, server.grpc_port, names, found)
    ways = list(sender.ways)
    corpus = Path(tempfile.mkdtemp(prefix="plumbline-fuzz-"))
    valid = seeds(root, names)
    for number, way in enumerate(ways):
        kind, _, rest = way.partition(" ")
        for index, data in enumerate(valid[rest if kind == "gRPC" else kind]):
            (corpus / f"{number}-{index}").write_bytes(bytes([number]) + data)
    good = rest_columns(make_columns(newest_version(root, names[0]), 3))
    good_path = f"/v1/models/{names[0]}:predict"
    expected = sender.good(good_path, good)
    sent = 0

    def one(data: bytes) -> None:
        nonlocal sent
        if data:
            sender.send(ways[data[0] % len(ways)], data[1:])
            sent += 1
            if sent % GOOD_EVERY == 0 and sender.good(good_path, good) != expected:
                found.add("a good request is answered as it was not at first")

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        chance = random.Random(seed)  # noqa: S311 - libFuzzer's own seed, to be repeatable
        if not data or chance.random() < 0.3:
            return atheris.Mutate(data, longest)
        number = data[0] % len(ways)
        kind, _, rest = ways[number].partition(" ")
        if kind == "JSON":
            changed = mutate_json(data[1:], chance)
        elif kind == "gRPC":
            message = message_class(rest)()
            try:
                message.ParseFromString(data[1:])
                for _ in range(chance.choice([1, 1, 2, 4])):
                    mutate_message(message, chance)
                changed = message.SerializeToString()
            except Exception:  # noqa: BLE001 - protobuf's own errors, of bytes that are no message or a value that is refused
                return atheris.Mutate(data, longest)
        else:
            return atheris.Mutate(data, longest)
        return bytes([number]) + changed if len(changed) < longest else data

    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={TIMEOUT}", f"-rss_limit_mb={MOST_MIB}"]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={folder}/ended-", str(corpus)], one, custom_mutator=mutate)
    atheris.Fuzz()


def main() -> None:
    """Fuzzes in a process of its own, and says what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("runs"), help="of finished runs; all its models are served")
    parser.add_argument("--seconds", type=int, default=600, help="to go on for")
    parser.add_argument("--found", type=Path, help="a folder for what is found; a new one of /tmp if it isn't said")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.exit("atheris: not installed. Install it: .tools/uv pip install --python .venv/bin/python atheris")
    root = arguments.root.resolve()
    if arguments.worker:
        work(root, arguments.found, arguments.seconds)
        return
    folder = (arguments.found or Path(tempfile.mkdtemp(prefix="plumbline-found-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.fuzz", "--worker", "--root", str(root), "--found", str(folder)]
    peak = 0
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([*command, "--seconds", str(arguments.seconds)], stdout=log, stderr=log)  # noqa: S603
        while process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                peak = max(peak, psutil.Process(process.pid).memory_info().rss)
            time.sleep(0.5)
        log.seek(0)
        said = log.read().decode(errors="replace")
    progress = re.findall(r"^#(\d+)\s+\w+\s+(?:cov: (\d+))?.*", said, re.MULTILINE)
    done = re.findall(r"Done (\d+) runs in (\d+) second", said)
    kinds = sorted(folder.iterdir())
    runs = int(done[-1][0]) if done else int(progress[-1][0]) if progress else 0
    covered = progress[-1][1] if progress else "0"
    print(  # noqa: T201
        f"{runs:,} requests in {arguments.seconds} s, {covered} branches of pipeline/serving reached, peak {peak >> 20:,} MiB; "
        f"the process ended with {process.returncode}; found: {len(kinds)} ({folder})"
    )
    for path in kinds:
        print(f"  {path.name}: " + " | ".join(path.read_bytes().decode(errors="replace").split("\n")[:2])[:400])  # noqa: T201
    if process.returncode or not runs:
        print(said[-3000:])  # noqa: T201
    sys.exit(bool(kinds or process.returncode or not runs))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
