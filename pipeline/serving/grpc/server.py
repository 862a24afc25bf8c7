"""The gRPC server of one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent import futures

import grpc

from components.errors import RunError
from pipeline.serving.grpc.arrivals import Arrivals
from pipeline.serving.grpc.calls import Calls
from pipeline.serving.grpc.health import Health, describe
from pipeline.serving.grpc.services import MODEL_SERVICE, PREDICTION_SERVICE, ModelService, PredictionService
from pipeline.serving.metrics import RequestMetrics
from pipeline.serving.models.manager import ModelManager
from pipeline.serving.models.server_config import ServedModel
from pipeline.serving.settings import ServerSettings

STREAMS = 4  # one in so many calls may be a stream
_IDENTITY_AND_GZIP = 0b101  # deflate can't be told from a message, and nobody uses it


class GrpcServer:
    """TF Serving's gRPC API, gRPC's health service and its reflection.

    Args:
      manager: the models.
      metrics: counts.
      settings: where to listen, and limits.
      shared: whether other processes of this user may listen on the same port.
      reload: has other models served.

    Attributes:
      port: that is listened on.

    Raises:
      RunError: the port can't be had.
    """

    def __init__(
        self,
        manager: ModelManager,
        metrics: RequestMetrics,
        settings: ServerSettings,
        shared: bool,
        reload: Callable[[Sequence[ServedModel]], None],
    ) -> None:
        # A call has a thread while its message is on the way; `settings.threads` of them work at once.
        self._server = grpc.server(
            futures.ThreadPoolExecutor(settings.max_concurrency, thread_name_prefix="grpc"),
            maximum_concurrent_rpcs=settings.max_concurrency,
            options=[
                ("grpc.so_reuseport", int(shared)),
                ("grpc.max_receive_message_length", settings.max_body_bytes),
                # gRPC looks at the length of a packed message after it has unpacked all of it.
                ("grpc.per_message_decompression", 0),
                ("grpc.compression_enabled_algorithms_bitset", _IDENTITY_AND_GZIP),
            ],
        )
        self.port = self._bind(settings)
        self._arrivals = Arrivals(settings.read_seconds)
        self._health = Health(manager, self._arrivals, max(1, settings.max_concurrency // STREAMS))
        calls = Calls(settings, metrics, self._arrivals)
        services = {
            PREDICTION_SERVICE: PredictionService(manager).methods(),
            MODEL_SERVICE: ModelService(manager, reload).methods(),
        }
        for service, methods in services.items():
            describe(service, methods)
        handlers = [
            grpc.method_handlers_generic_handler(
                service, {name: calls.handler(method) for name, method in methods.items()}
            )
            for service, methods in services.items()
        ]
        self._server.add_generic_rpc_handlers((*handlers, *self._health.handlers()))
        self._server.start()

    def _bind(self, settings: ServerSettings) -> int:
        host, port = settings.host, settings.grpc_port
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            bound = self._server.add_insecure_port(address)
        except RuntimeError:
            bound = 0
        if not bound:
            raise RunError(
                f"gRPC: can't listen on {address}: the port is taken, or the address is not this machine's. "
                "Choose another --grpc-port (0 takes any that is free), or stop what listens there."
            )
        return bound

    def stop(self, seconds: float) -> threading.Event:
        """Takes no more calls; those that run get so many seconds. The event is set when all have ended."""
        self._health.drain()
        self._arrivals.stop()
        return self._server.stop(seconds)
