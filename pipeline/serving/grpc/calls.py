"""One call: its message is received and parsed within bounds, and worked at while its caller waits.

gRPC's own server unpacks and parses whatever comes, in the one thread that all calls come through. So the handlers here take
the bytes as they came, and do that in the call's own thread.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf.message import Message

from pipeline.serving.errors import RequestError
from pipeline.serving.grpc.arrivals import Arrivals
from pipeline.serving.grpc.messages import is_packed, parse, unpack
from pipeline.serving.metrics import RequestMetrics
from pipeline.serving.models.terms import Terms
from pipeline.serving.settings import ServerSettings

LARGE = 1 << 20  # bytes of a message, above which only one is parsed and answered at a time
HELD = 16  # messages of the largest size that may wait for their turn
LONGEST_ERROR = 1024  # bytes of an error's text, after which TF Serving cuts it
_LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Method:
    """A method of a service.

    Attributes:
      name: in the metrics.
      request: its message.
      response: what it is answered by.
      answer: makes an answer of it; raises RequestError.
      max_bytes: of the message, if less than what predictions may have.
    """

    name: str
    request: type[Message]
    response: type[Message]
    answer: Callable[[Any, Terms], Message]
    max_bytes: int | None = None


def check_waits(context: grpc.ServicerContext) -> None:
    """Raises RequestError if the caller's deadline has passed, or the caller is gone."""
    if context.time_remaining() <= 0:
        raise RequestError("DEADLINE_EXCEEDED", "Deadline exceeded before the request was answered")
    if not context.is_active():
        raise RequestError("CANCELLED", "The caller has gone")


def _cut(message: str) -> str:
    data = message.encode(errors="replace")
    if len(data) <= LONGEST_ERROR:
        return data.decode()
    return data[:LONGEST_ERROR].decode(errors="ignore") + "...TRUNCATED"


def _model_name(request: Any) -> str:
    """The model that a request names; "" if it names none."""
    tasks = getattr(request, "tasks", None)
    spec = getattr(tasks[0] if tasks else request, "model_spec", None)
    return str(getattr(spec, "name", ""))


class Calls:
    """What all calls of a server share.

    Args:
      settings: limits.
      metrics: counts.
      arrivals: cuts off who does not send.
    """

    def __init__(self, settings: ServerSettings, metrics: RequestMetrics, arrivals: Arrivals) -> None:
        self._settings = settings
        self._metrics = metrics
        self._arrivals = arrivals
        self._working = threading.Semaphore(settings.threads)
        self._large = threading.Semaphore(1)
        self._held = 0
        self._held_lock = threading.Lock()

    def handler(self, method: Method) -> grpc.RpcMethodHandler:
        """What gRPC calls for a method. A stream for gRPC, so that it is this thread that waits for the one message of it."""

        def serve(messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
            with self._arrivals.within(context):
                data = next(messages, None)
            begun = time.perf_counter()
            model = ""
            try:
                if data is None:
                    raise RequestError("UNIMPLEMENTED", f"{method.request.DESCRIPTOR.name}: no message was sent")
                with self._turn(context, data) as unpacked:
                    del data
                    request = parse(unpacked, method.request, method.max_bytes or self._settings.max_body_bytes)
                    del unpacked
                    model = _model_name(request)
                    check_waits(context)
                    response = method.answer(request, self._terms(context)).SerializeToString()
                    check_waits(context)
            except RequestError as error:
                failure = error
            except Exception:  # noqa: BLE001 - the boundary: what is unexpected is logged here, and the caller told so
                _LOG.exception("gRPC %s failed", method.name)
                failure = RequestError("INTERNAL", "Internal error; the server's log has more.")
            else:
                self._metrics.count(model, method.name, "grpc", "OK", time.perf_counter() - begun)
                return response
            self._metrics.count(model, method.name, "grpc", failure.code, time.perf_counter() - begun)
            context.abort(grpc.StatusCode[failure.code], _cut(failure.message))
            raise failure  # not reached: abort raises

        return grpc.stream_unary_rpc_method_handler(serve)

    def _terms(self, context: grpc.ServicerContext) -> Terms:
        return Terms(self._settings.max_rows, self._settings.max_body_bytes, lambda: check_waits(context))

    @contextlib.contextmanager
    def _turn(self, context: grpc.ServicerContext, data: bytes) -> Iterator[bytes]:
        """Waits until this call's message may be worked at; the message, unpacked.

        Raises:
          RequestError: the caller has gone meanwhile, or too much waits already.
        """
        if is_packed(data):
            with self._slot(self._working, context):
                data = unpack(data, self._settings.max_body_bytes)
        if len(data) <= LARGE:
            with self._slot(self._working, context):
                yield data
            return
        with self._room(len(data)), self._slot(self._large, context), self._slot(self._working, context):
            yield data

    @contextlib.contextmanager
    def _slot(self, semaphore: threading.Semaphore, context: grpc.ServicerContext) -> Iterator[None]:
        if not semaphore.acquire(blocking=False):
            seconds = min(context.time_remaining(), self._settings.request_seconds)
            if not semaphore.acquire(timeout=seconds):
                raise RequestError("DEADLINE_EXCEEDED", "Deadline exceeded before the request was begun")
        try:
            check_waits(context)
            yield
        finally:
            semaphore.release()

    @contextlib.contextmanager
    def _room(self, size: int) -> Iterator[None]:
        with self._held_lock:
            if self._held + size > HELD * self._settings.max_body_bytes:
                raise RequestError("RESOURCE_EXHAUSTED", "Too many large requests at once. Try again later.")
            self._held += size
        try:
            yield
        finally:
            with self._held_lock:
                self._held -= size
