"""Clients of TF Serving made by others, in a process of their own: `python -m tests.e2e.clients NAME REST GRPC VERSION REQUEST`.

REQUEST is a JSON file: `{"inputs": {column: [value, …]}, "instances": [{column: value}, …]}`. Prints the predictions as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def ovms_grpc(name: str, rest: str, grpc: str, version: int, request: dict[str, Any]) -> Any:
    from ovmsclient import make_grpc_client

    del rest
    return _ovms(make_grpc_client(grpc), name, version, request)


def ovms_http(name: str, rest: str, grpc: str, version: int, request: dict[str, Any]) -> Any:
    from ovmsclient import make_http_client

    del grpc
    return _ovms(make_http_client(rest), name, version, request)


def _ovms(client: Any, name: str, version: int, request: dict[str, Any]) -> Any:
    assert client.get_model_status(name, version)[version]["state"] == "AVAILABLE"
    metadata = client.get_model_metadata(name, version)
    if "metadata" not in metadata:  # over HTTP it hands on what it got
        assert set(metadata["inputs"]) == set(request["inputs"])
    inputs = {
        key: np.array([value.encode() for value in values]) if isinstance(values[0], str) else np.float32(values)
        for key, values in request["inputs"].items()
    }
    answer = client.predict(inputs, name, version)
    if not isinstance(answer, dict):
        return np.asarray(answer).tolist()
    lists = {output: np.asarray(values).tolist() for output, values in answer.items()}  # of several outputs
    return {output: [v.decode() if isinstance(v, bytes) else v for v in values] for output, values in lists.items()}


def kserve_v1(name: str, rest: str, grpc: str, version: int, request: dict[str, Any]) -> Any:
    from kserve import InferenceRESTClient
    from kserve.inference_client import RESTConfig

    del grpc, version

    async def ask() -> Any:
        client = InferenceRESTClient(RESTConfig(protocol="v1"))
        answer = await client.infer(f"http://{rest}", {"instances": request["instances"]}, model_name=name)
        await client.close()
        return answer["predictions"]

    return asyncio.run(ask())


def tfx_client(name: str, rest: str, grpc: str, version: int, request: dict[str, Any]) -> Any:
    """TFX's own client sends requests and keeps no answer; it raises if one fails."""
    import tfx.components  # noqa: F401, I001 (first)
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2
    from tfx.components.infra_validator import types
    from tfx.components.infra_validator.model_server_clients.tensorflow_serving_client import TensorFlowServingClient

    del rest, version
    client = TensorFlowServingClient(grpc, name)
    assert client._GetServingStatus() == types.ModelServingStatus.READY
    message = predict_pb2.PredictRequest()
    message.model_spec.name = name
    for key, values in request["inputs"].items():
        kind = tf.string if isinstance(values[0], str) else tf.float32
        message.inputs[key].CopyFrom(tf.make_tensor_proto(values, kind))
    client.SendRequests([message])
    return None


if __name__ == "__main__":
    which, model, rest_address, grpc_address, number, file = sys.argv[1:]
    found = globals()[which](model, rest_address, grpc_address, int(number), json.loads(Path(file).read_text()))
    sys.stdout.write("\n" + json.dumps(found) + "\n")
