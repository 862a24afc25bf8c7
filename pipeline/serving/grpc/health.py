"""gRPC's health service, as kubelets and load balancers ask it, and its reflection, as grpcurl does."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2
from grpc_health.v1.health import SERVICE_NAME as HEALTH_SERVICE
from grpc_reflection.v1alpha.reflection import SERVICE_NAME as REFLECTION_SERVICE
from grpc_reflection.v1alpha.reflection import ReflectionServicer
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest

from pipeline.serving.errors import RequestError
from pipeline.serving.grpc.arrivals import Arrivals
from pipeline.serving.grpc.calls import Method
from pipeline.serving.grpc.messages import parse
from pipeline.serving.grpc.services import MODEL_SERVICE, PREDICTION_SERVICE
from pipeline.serving.models.manager import ModelManager

LONGEST_NAME = 200  # characters of a service that is told back
SHORT = 1 << 16  # bytes, more than any question here needs
WATCH_SECONDS = 0.5  # between two looks of who watches
# The server as a whole, its services, and these as TF Serving's own health service names them.
WHOLE = ("", PREDICTION_SERVICE, MODEL_SERVICE, "PredictionService", "ModelService")
_Response = health_pb2.HealthCheckResponse


class Health:
    """Says which models are served, and which services there are.

    None of it waits for predictions that are under way: a busy server is well.

    Args:
      manager: the models.
      arrivals: cuts off who does not send.
      most_open: streams that may be open at once; each has a thread to itself.
    """

    def __init__(self, manager: ModelManager, arrivals: Arrivals, most_open: int) -> None:
        self._manager = manager
        self._arrivals = arrivals
        self._open = threading.Semaphore(most_open)
        self._draining = threading.Event()
        self._reflection = ReflectionServicer((PREDICTION_SERVICE, MODEL_SERVICE, HEALTH_SERVICE, REFLECTION_SERVICE))

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """What gRPC calls. Streams for gRPC, as in `calls`."""
        health = {
            "Check": grpc.stream_unary_rpc_method_handler(self._check),
            "Watch": grpc.stream_stream_rpc_method_handler(self._watch),
        }
        reflection = {"ServerReflectionInfo": grpc.stream_stream_rpc_method_handler(self._reflect)}
        return [
            grpc.method_handlers_generic_handler(HEALTH_SERVICE, health),
            grpc.method_handlers_generic_handler(REFLECTION_SERVICE, reflection),
        ]

    def drain(self) -> None:
        """Says NOT_SERVING from now on, and ends the watching once that is said."""
        self._draining.set()

    def status(self, service: str) -> int:
        """The state of the server ("") or of a model, by its name: a number of HealthCheckResponse.ServingStatus."""
        models = self._manager.available()
        if service in WHOLE:
            serving = self._manager.can_be_asked()  # as /healthz says
        elif service in models:
            serving = bool(models[service])
        else:
            return int(_Response.SERVICE_UNKNOWN)
        return int(_Response.SERVING if serving and not self._draining.is_set() else _Response.NOT_SERVING)

    def _service(self, messages: Iterator[bytes], context: grpc.ServicerContext) -> str:
        with self._arrivals.within(context):
            data = next(messages, b"")
        return str(_parsed(data, health_pb2.HealthCheckRequest, context).service)

    def _check(self, messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        service = self._service(messages, context)
        status = self.status(service)
        if status == _Response.SERVICE_UNKNOWN:
            context.abort(grpc.StatusCode.NOT_FOUND, f"There is no model or service {service[:LONGEST_NAME]}")
        return bytes(_Response(status=status).SerializeToString())

    def _watch(self, messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        with self._one_more(context):
            service = self._service(messages, context)
            said = None
            while context.is_active():
                draining = self._draining.is_set()
                status = self.status(service)
                if status != said:
                    yield _Response(status=status).SerializeToString()
                    said = status
                if draining:
                    return
                self._draining.wait(WATCH_SECONDS)

    def _reflect(self, messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        with self._one_more(context), self._arrivals.within(context):
            requests = (_parsed(data, ServerReflectionRequest, context) for data in messages)
            for response in self._reflection.ServerReflectionInfo(requests, context):
                yield response.SerializeToString()

    @contextlib.contextmanager
    def _one_more(self, context: grpc.ServicerContext) -> Iterator[None]:
        if not self._open.acquire(blocking=False):
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Too many streams are open. Ask by Check.")
        try:
            yield
        finally:
            self._open.release()


def describe(service: str, methods: Mapping[str, Method]) -> None:
    """Makes a service known to the reflection, if protobuf doesn't know it.

    Those who import TF Serving's descriptions of its services find that protobuf 6 can't load them; those of the messages it can.

    Args:
      service: its full name.
      methods: by their names.
    """
    pool = descriptor_pool.Default()
    package, _, name = service.rpartition(".")
    with contextlib.suppress(KeyError):
        pool.FindServiceByName(service)
        return
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{service.replace('.', '/')}.proto", package=package, syntax="proto3"
    )
    described = file.service.add(name=name)
    for key, method in methods.items():
        kinds = [kind.DESCRIPTOR for kind in (method.request, method.response)]
        file.dependency.extend(sorted({kind.file.name for kind in kinds} - {*file.dependency}))
        described.method.add(name=key, input_type=f".{kinds[0].full_name}", output_type=f".{kinds[1].full_name}")
    pool.Add(file)


def _parsed(data: bytes, kind: type[Message], context: grpc.ServicerContext) -> Any:
    try:
        return parse(data, kind, SHORT)
    except RequestError as error:
        context.abort(grpc.StatusCode[error.code], error.message)
