"""Requests of a SavedModel with raw columns, as our clients send them: JSON and serialised messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SIGNATURE = "serving_default"
PREDICT = "/tensorflow.serving.PredictionService/Predict"
REGRESS = "/tensorflow.serving.PredictionService/Regress"

Columns = dict[str, npt.NDArray[Any]]


def make_columns(model: Path, rows: int) -> Columns:
    """Columns [rows] for `serving_default`: random numbers, and a text that no vocabulary has."""
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


def plain(columns: Columns) -> dict[str, list[Any]]:
    """The columns as JSON has them. Numbers have the digits that a client's 32-bit float has, not those of a 64-bit one."""
    return {
        name: [value.decode() for value in values] if values.dtype == object else [float(str(v)) for v in values]
        for name, values in columns.items()
    }


def row_dicts(columns: Columns) -> list[dict[str, Any]]:
    """The columns as rows, each an object."""
    listed = plain(columns)
    return [dict(zip(listed, row, strict=True)) for row in zip(*listed.values(), strict=True)]


def rest_rows(columns: Columns, signature: str = SIGNATURE) -> bytes:
    """The columns as a body of `instances`."""
    return json.dumps({"signature_name": signature, "instances": row_dicts(columns)}).encode()


def rest_columns(columns: Columns, signature: str = SIGNATURE) -> bytes:
    """The columns as a body of `inputs`."""
    return json.dumps({"signature_name": signature, "inputs": plain(columns)}).encode()


def rest_examples(columns: Columns, signature: str = "regress") -> bytes:
    """The columns as a body of `examples`."""
    return json.dumps({"signature_name": signature, "examples": row_dicts(columns)}).encode()


def grpc_predict(name: str, columns: Columns, signature: str = SIGNATURE) -> bytes:
    """The columns as a serialised PredictRequest for a model."""
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for column, values in columns.items():
        request.inputs[column].CopyFrom(tf.make_tensor_proto(values))
    return request.SerializeToString()


def grpc_regress(name: str, columns: Columns, signature: str = "regress") -> bytes:
    """The columns as a serialised RegressionRequest for a model."""
    from tensorflow_serving.apis import regression_pb2

    request = regression_pb2.RegressionRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for row in row_dicts(columns):
        features = request.input.example_list.examples.add().features.feature
        for column, value in row.items():
            if isinstance(value, str):
                features[column].bytes_list.value.append(value.encode())
            else:
                features[column].float_list.value.append(value)
    return request.SerializeToString()


def framed(message: bytes) -> bytes:
    """A message as gRPC sends it: whether it is compressed, its length, itself."""
    return b"\0" + len(message).to_bytes(4, "big") + message
