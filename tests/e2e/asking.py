"""One question put to a pushed model in every way that there is: predictions [n] as float64, to be compared."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import math
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.linear_model.portable import PortableModel
from tests.conftest import REPOSITORY, WholeRun, plumbline

Columns = Mapping[str, Sequence[Any]]
"""By feature, values as a model's inputs take them: numbers (None where missing), and texts."""
Answers = NDArray[np.float64]


@contextlib.contextmanager
def serving(run: WholeRun) -> Iterator[tuple[str, str]]:
    """REST and gRPC addresses of `plumbline serve`, while it runs."""
    ports = ["--rest-port", "0", "--grpc-port", "0"]
    command = [sys.executable, "-m", "pipeline.cli", "serve", str(run.config), "--root", str(run.root), *ports]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(6))
        try:
            [rest], [grpc] = re.findall(r"http://(\S+)/\n", said), re.findall(r"gRPC +(\S+)", said)
            yield rest, grpc
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert "docker run" in said


def by_json(run: WholeRun, rows: Sequence[Mapping[str, Any]], *options: str) -> Answers:
    """`plumbline predict --json`."""
    done = plumbline("predict", run.config, "--root", run.root, "--json", json.dumps(rows), *options)
    assert done.code == 0, done.err
    return np.array(json.loads(done.out)["predictions"], np.float64)


def by_file(run: WholeRun, table: Path, folder: Path) -> Answers:
    """`plumbline predict --file`."""
    out = folder / "answers.parquet"
    done = plumbline("predict", run.config, "--root", run.root, "--file", table, "--output", out)
    assert (done.code, done.err) == (0, ""), done.err
    return pq.read_table(out).column("prediction").to_numpy().astype(np.float64)


@dataclasses.dataclass(frozen=True)
class Client:
    """Asks a running server.

    Attributes:
      rest, grpc: its addresses.
      model: model.json.
      name: of the model.
    """

    rest: str
    grpc: str
    model: PortableModel
    name: str

    def by_rows(self, columns: Columns) -> Answers:
        """REST, `instances`."""
        sent = {name: _for_json(values) for name, values in columns.items()}
        instances = [dict(zip(sent, row, strict=True)) for row in zip(*sent.values(), strict=True)]
        return np.array(self.post("predict", {"instances": instances})["predictions"], np.float64)

    def by_columns(self, columns: Columns) -> Answers:
        """REST, `inputs`."""
        sent = {name: _for_json(values) for name, values in columns.items()}
        return np.array(self.post("predict", {"inputs": sent})["outputs"], np.float64)

    def by_example(self, columns: Columns) -> Answers:
        """REST, serialised tf.Examples; a missing value is none there."""
        encoded = [{"b64": base64.b64encode(example).decode()} for example in examples(self.model, columns)]
        body = {"signature_name": "examples", "instances": encoded}
        return np.array(self.post("predict", body)["predictions"], np.float64)

    def by_regress(self, columns: Columns) -> Answers:
        """REST, TF Serving's Regress; a missing value is none there."""
        wide = {name for name, column in self.model.raw_columns.items() if column.wide}
        sent = [
            {
                name: int(value) if name in wide else value
                for name, value in zip(columns, row, strict=True)
                if value is not None and value != ""
            }
            for row in zip(*columns.values(), strict=True)
        ]
        body = {"signature_name": "regress", "examples": sent}
        return np.array(self.post("regress", body)["results"], np.float64)

    def by_grpc(self, columns: Columns) -> Answers:
        """gRPC Predict, by TF Serving's stubs."""
        import grpc
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

        request = predict_pb2.PredictRequest()
        request.model_spec.name = self.name
        for name, column in self.model.raw_columns.items():
            values = columns[name]
            kind = tf.string
            if not isinstance(values[0], str):
                kind = tf.float64 if column.type == "int64" else tf.float32
                values = [math.nan if value is None else value for value in values]
            request.inputs[name].CopyFrom(tf.make_tensor_proto(values, kind))
        with grpc.insecure_channel(self.grpc) as channel:
            answer = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=30)
        return np.array(answer.outputs["prediction"].float_val, np.float64)

    def every_way(self, columns: Columns) -> dict[str, Answers]:
        """All answers of the server, by the way they were asked for."""
        return {
            "REST rows": self.by_rows(columns),
            "REST columns": self.by_columns(columns),
            "gRPC": self.by_grpc(columns),
            "tf.Example": self.by_example(columns),
        }

    def get(self, path: str = "") -> Any:
        """The JSON below the model's address."""
        return self._call(path, None)

    def post(self, verb: str, body: Any) -> Any:
        """The JSON that a request is answered with."""
        return self._call(f":{verb}", json.dumps(body).encode())

    def _call(self, path: str, data: bytes | None) -> Any:
        with urllib.request.urlopen(f"http://{self.rest}/v1/models/{self.name}{path}", data, 30) as answer:
            return json.load(answer)


def examples(model: PortableModel, columns: Columns) -> list[bytes]:
    """Rows as serialised tf.Examples, of the kinds that ingest writes."""
    import tensorflow as tf

    kinds = {name: column.type for name, column in model.raw_columns.items()}
    tokens = {token.strip() for token in model.missing}
    found = []
    for row in zip(*(columns[name] for name in kinds), strict=True):
        example = tf.train.Example()
        for (name, kind), value in zip(kinds.items(), row, strict=True):
            if value is None or (isinstance(value, str) and value.strip() in tokens):
                continue
            whole = int(float(value)) if kind == "int64" and not isinstance(value, (int, str)) else value
            as_kind = {"bytes": str(value).encode(), "int64": whole, "float": value}[kind]
            getattr(example.features.feature[name], f"{kind}_list").value.append(
                int(as_kind) if kind == "int64" else as_kind
            )
        found.append(example.SerializeToString())
    return found


def pushed_model(run: WholeRun) -> PortableModel:
    """model.json of what a run pushed."""
    return PortableModel.from_text((Path(run.show()["pushed"]["path"]) / "model.json").read_text())


def _for_json(values: Sequence[Any]) -> list[Any]:
    """TF Serving has no null: a missing number is NaN."""
    return [math.nan if value is None else value for value in values]
