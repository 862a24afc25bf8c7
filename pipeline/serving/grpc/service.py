"""The gRPC services: PredictionService and ModelService, on TF Serving's own stubs."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from tensorflow_serving.apis import (
    model_management_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from components.errors import RunError
from pipeline.serving.errors import RequestError
from pipeline.serving.metrics import Metrics
from pipeline.serving.models import answers, status
from pipeline.serving.models.manager import Manager

LONGEST_MESSAGE = 1024  # of an error, after which TF Serving cuts it
_LOG = logging.getLogger(__name__)

Method = Callable[[Any, Any], Any]


def _served(name: str) -> Callable[[Method], Callable[[Any, Any, grpc.ServicerContext], Any]]:
    """Makes a method of what takes a request and returns an answer or raises RequestError."""

    def decorate(method: Method) -> Callable[[Any, Any, grpc.ServicerContext], Any]:
        @functools.wraps(method)
        def serve(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
            begun = time.perf_counter()
            code, message = "OK", ""
            response = None
            try:
                remaining = context.time_remaining()
                if remaining is not None and remaining <= 0:
                    raise RequestError("DEADLINE_EXCEEDED", "Deadline exceeded before the request was begun")
                response = method(self, request)
            except RequestError as error:
                code, message = error.code, error.message
            except Exception:  # noqa: BLE001 - the boundary: what is unexpected is logged here, and the caller told so
                _LOG.exception("gRPC %s failed", name)
                code, message = "INTERNAL", "Internal error; the server's log has more."
            spec = request.tasks[0].model_spec if name == "multi_inference" and request.tasks else request
            model = getattr(getattr(spec, "model_spec", spec), "name", "")
            self.metrics.count(model, name, "grpc", code, time.perf_counter() - begun)
            if code != "OK":
                context.abort(grpc.StatusCode[code], _cut(message))
            return response

        return serve

    return decorate


def _cut(message: str) -> str:
    data = message.encode()
    if len(data) <= LONGEST_MESSAGE:
        return message
    return data[:LONGEST_MESSAGE].decode(errors="ignore") + "...TRUNCATED"


def _need_spec(request: Any) -> Any:
    if not request.HasField("model_spec"):
        raise RequestError("INVALID_ARGUMENT", "Missing ModelSpec")
    return request.model_spec


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers predictions."""

    def __init__(self, manager: Manager, metrics: Metrics) -> None:
        self.manager = manager
        self.metrics = metrics

    @_served("predict")
    def Predict(self, request: Any) -> Any:
        """Any signature, on tensors."""
        with self.manager.servable(*status.choice(_need_spec(request))) as servable:
            return answers.answer_predict(servable, request)

    @_served("regress")
    def Regress(self, request: Any) -> Any:
        """A regression signature, on tf.Examples."""
        with self.manager.servable(*status.choice(_need_spec(request))) as servable:
            return answers.answer_regress(servable, request)

    @_served("classify")
    def Classify(self, request: Any) -> Any:
        """A classification signature, on tf.Examples."""
        with self.manager.servable(*status.choice(_need_spec(request))) as servable:
            return answers.answer_classify(servable, request)

    @_served("multi_inference")
    def MultiInference(self, request: Any) -> Any:
        """Several regression and classification signatures, on the same tf.Examples."""
        chosen = status.choice(request.tasks[0].model_spec) if request.tasks else ("", None, None)
        with self.manager.servable(*chosen) as servable:
            return answers.answer_multi_inference(servable, request)

    @_served("metadata")
    def GetModelMetadata(self, request: Any) -> Any:
        """A model's signatures."""
        spec = _need_spec(request)
        status.check_metadata_fields(request.metadata_field)
        return status.model_metadata(self.manager, *status.choice(spec))


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """Answers questions about models, and takes a new configuration."""

    def __init__(self, manager: Manager, metrics: Metrics) -> None:
        self.manager = manager
        self.metrics = metrics

    @_served("status")
    def GetModelStatus(self, request: Any) -> Any:
        """The states of a model's versions."""
        name, version, _ = status.choice(_need_spec(request))
        return status.model_status(self.manager, name, version)

    @_served("reload_config")
    def HandleReloadConfigRequest(self, request: Any) -> Any:
        """Serves what the new configuration says, and nothing else."""
        self.manager.reload(request.config)
        response = model_management_pb2.ReloadConfigResponse()
        response.status.SetInParent()
        for metric in request.metric_names:
            response.metric.add(name=metric)
        return response


def start(
    manager: Manager, metrics: Metrics, host: str, port: int, threads: int, max_concurrency: int
) -> tuple[grpc.Server, int]:
    """Starts the gRPC server.

    Args:
      manager: the models.
      metrics: counts.
      host: to listen on.
      port: to listen on; 0 for any that is free.
      threads: that answer.
      max_concurrency: requests that may be waiting or worked on; more are refused with RESOURCE_EXHAUSTED.

    Returns:
      The server, and its port.

    Raises:
      RunError: the port can't be had.
    """
    server = grpc.server(
        futures.ThreadPoolExecutor(threads, thread_name_prefix="grpc"),
        maximum_concurrent_rpcs=max_concurrency,
        options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", (1 << 31) - 1)],
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionService(manager, metrics), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(manager, metrics), server)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        bound = server.add_insecure_port(address)
    except RuntimeError:
        bound = 0
    if not bound:
        raise RunError(
            f"gRPC: can't listen on {address}: the port is taken, or the address is not this machine's. "
            "Choose another --grpc-port (0 takes any that is free), or stop what listens there."
        )
    server.start()
    return server, bound
