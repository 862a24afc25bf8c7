"""The gRPC services: PredictionService and ModelService, on TF Serving's own stubs."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from concurrent import futures
from typing import Protocol, TypeVar

import grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest, ClassificationResponse
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest, GetModelMetadataResponse
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest, GetModelStatusResponse
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest, MultiInferenceResponse
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest, ReloadConfigResponse
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.regression_pb2 import RegressionRequest, RegressionResponse

from components.errors import RunError
from pipeline.serving.errors import RequestError, invalid
from pipeline.serving.metrics import RequestMetrics
from pipeline.serving.models.info_messages import check_metadata_fields, model_metadata, model_status, requested_version
from pipeline.serving.models.manager import ModelManager
from pipeline.serving.models.prediction_messages import (
    answer_classify,
    answer_multi_inference,
    answer_predict,
    answer_regress,
)

LONGEST_MESSAGE = 1024  # of an error, after which TF Serving cuts it
_LOG = logging.getLogger(__name__)

S = TypeVar("S", bound="_Service")
Q = TypeVar("Q")
R = TypeVar("R")


class _Service:
    """What the services share.

    Args:
      manager: the models.
      metrics: counts.
    """

    def __init__(self, manager: ModelManager, metrics: RequestMetrics) -> None:
        self.manager = manager
        self.metrics = metrics


def _served(name: str) -> Callable[[Callable[[S, Q], R]], Callable[[S, Q, grpc.ServicerContext], R]]:
    """Makes a method of what takes a request and returns an answer or raises RequestError."""

    def decorate(method: Callable[[S, Q], R]) -> Callable[[S, Q, grpc.ServicerContext], R]:
        @functools.wraps(method)
        def serve(self: S, request: Q, context: grpc.ServicerContext) -> R:
            begun = time.perf_counter()
            try:
                remaining = context.time_remaining()
                if remaining is not None and remaining <= 0:
                    raise RequestError("DEADLINE_EXCEEDED", "Deadline exceeded before the request was begun")
                response = method(self, request)
            except RequestError as error:
                failure = error
            except Exception:  # noqa: BLE001 - the boundary: what is unexpected is logged here, and the caller told so
                _LOG.exception("gRPC %s failed", name)
                failure = RequestError("INTERNAL", "Internal error; the server's log has more.")
            else:
                self.metrics.count(_model_name(request), name, "grpc", "OK", time.perf_counter() - begun)
                return response
            self.metrics.count(_model_name(request), name, "grpc", failure.code, time.perf_counter() - begun)
            context.abort(grpc.StatusCode[failure.code], _cut(failure.message))
            raise failure  # not reached: abort raises

        return serve

    return decorate


def _model_name(request: object) -> str:
    """The model that a request names; "" if it names none."""
    tasks = getattr(request, "tasks", None)
    spec = getattr(tasks[0] if tasks else request, "model_spec", None)
    return str(getattr(spec, "name", ""))


def _cut(message: str) -> str:
    data = message.encode()
    if len(data) <= LONGEST_MESSAGE:
        return message
    return data[:LONGEST_MESSAGE].decode(errors="ignore") + "...TRUNCATED"


class _NamesModel(Protocol):
    model_spec: ModelSpec

    def HasField(self, name: str, /) -> bool: ...


def _need_spec(request: _NamesModel) -> ModelSpec:
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    return request.model_spec


class PredictionService(_Service, prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers predictions."""

    @_served("predict")
    def Predict(self, request: PredictRequest) -> PredictResponse:
        """Any signature, on tensors."""
        with self.manager.servable(*requested_version(_need_spec(request))) as servable:
            return answer_predict(servable, request)

    @_served("regress")
    def Regress(self, request: RegressionRequest) -> RegressionResponse:
        """A regression signature, on tf.Examples."""
        with self.manager.servable(*requested_version(_need_spec(request))) as servable:
            return answer_regress(servable, request)

    @_served("classify")
    def Classify(self, request: ClassificationRequest) -> ClassificationResponse:
        """A classification signature, on tf.Examples."""
        with self.manager.servable(*requested_version(_need_spec(request))) as servable:
            return answer_classify(servable, request)

    @_served("multi_inference")
    def MultiInference(self, request: MultiInferenceRequest) -> MultiInferenceResponse:
        """Several regression and classification signatures, on the same tf.Examples."""
        chosen = requested_version(request.tasks[0].model_spec) if request.tasks else ("", None, None)
        with self.manager.servable(*chosen) as servable:
            return answer_multi_inference(servable, request)

    @_served("metadata")
    def GetModelMetadata(self, request: GetModelMetadataRequest) -> GetModelMetadataResponse:
        """A model's signatures."""
        spec = _need_spec(request)
        check_metadata_fields(request.metadata_field)
        return model_metadata(self.manager, *requested_version(spec))


class ModelService(_Service, model_service_pb2_grpc.ModelServiceServicer):
    """Answers questions about models, and takes a new configuration."""

    @_served("status")
    def GetModelStatus(self, request: GetModelStatusRequest) -> GetModelStatusResponse:
        """The states of a model's versions."""
        name, version, _ = requested_version(_need_spec(request))
        return model_status(self.manager, name, version)

    @_served("reload_config")
    def HandleReloadConfigRequest(self, request: ReloadConfigRequest) -> ReloadConfigResponse:
        """Serves what the new configuration says, and nothing else."""
        self.manager.reload(request.config)
        response = ReloadConfigResponse()
        response.status.SetInParent()
        for metric in request.metric_names:
            response.metric.add(name=metric)
        return response


def start_grpc(
    manager: ModelManager, metrics: RequestMetrics, host: str, port: int, threads: int, max_concurrency: int
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
