"""The REST API: TF Serving's paths, `/healthz` and `/metrics`."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web
from google.protobuf import json_format
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataResponse, SignatureDefMap
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse

from pipeline.serving.errors import HTTP_STATUS, RequestError
from pipeline.serving.metrics import CONTENT_TYPE, RequestMetrics
from pipeline.serving.models.info_messages import SIGNATURE_DEF, model_metadata, model_status
from pipeline.serving.models.manager import ModelManager
from pipeline.serving.rest.path import Route, is_api, parse_path
from pipeline.serving.rest.predictions import PREDICTIONS, answer_prediction
from pipeline.serving.settings import ServerSettings

SMALL = 1 << 14  # bytes of a request, up to which a quick model is called without waking another thread
QUICK = 0.002  # seconds
UNSENT = 1 << 16  # bytes of an answer, up to which it fits the socket's buffer
BODIES = 16  # of the largest size, that may be in memory at once
METRICS_PATHS = ("/metrics", "/monitoring/prometheus/metrics")  # the second is TF Serving's
_JSON = {"Content-Type": "application/json"}
_LOG = logging.getLogger(__name__)


def error_body(message: str) -> bytes:
    """The body of an error, as TF Serving writes it."""
    return json.dumps({"error": message}, ensure_ascii=False, indent=4).encode(errors="replace")


def dumps_status(response: GetModelStatusResponse) -> bytes:
    """A GetModelStatusResponse as TF Serving's JSON: 64-bit integers as strings, fields without a value included."""
    fields = json_format.MessageToDict(response, always_print_fields_with_no_presence=True)
    return json.dumps(fields, ensure_ascii=False, indent=1).encode()


def dumps_metadata(response: GetModelMetadataResponse) -> bytes:
    """A GetModelMetadataResponse as TF Serving's JSON, the signatures unpacked."""
    signatures = SignatureDefMap()
    response.metadata[SIGNATURE_DEF].Unpack(signatures)
    spec, definitions = (
        json_format.MessageToDict(message, always_print_fields_with_no_presence=True, preserving_proto_field_name=True)
        for message in (response.model_spec, signatures)
    )
    fields = {"model_spec": spec, "metadata": {SIGNATURE_DEF: definitions}}
    return json.dumps(fields, ensure_ascii=False, indent=1).encode()


class _HttpError(Exception):
    """An answer that is none of TF Serving's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class RestApi:
    """Answers REST requests.

    Args:
      manager: the models.
      metrics: counts.
      settings: limits.
      pool: calls models that are slow, or with much.
      draining: whether the server is about to stop.
    """

    def __init__(
        self,
        manager: ModelManager,
        metrics: RequestMetrics,
        settings: ServerSettings,
        pool: ThreadPoolExecutor,
        draining: Callable[[], bool],
    ) -> None:
        self._manager = manager
        self._metrics = metrics
        self._settings = settings
        self._pool = pool
        self._draining = draining
        self._running = 0
        self._buffered = 0
        self._generation = -1
        self._seconds: dict[str, float] = {}  # that small requests take, by model

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers a request for anything but `/healthz`, `/metrics` and the page."""
        begun = time.perf_counter()
        route = None
        try:
            route = _route(request)
            data = await self._read(request) if route is not None and route.method in PREDICTIONS else b""
            begun = time.perf_counter()
            code, name, body = 200, "OK", await self._answer(route, data)
        except ConnectionError:
            raise  # nobody is there to be answered
        except Exception as error:  # noqa: BLE001 - the boundary: what is unexpected is logged, and the caller told so
            code, name, body = _failure(error, request)
        if route is not None:
            self._metrics.count(route.name, route.method, "rest", name, time.perf_counter() - begun)
        response = web.Response(status=code, body=body, headers=_JSON)
        if code == 408:
            response.force_close()
        return response if len(body) <= UNSENT else await self._send(request, response)

    async def _read(self, request: web.BaseRequest) -> bytes:
        """A request's body.

        Raises:
          _HttpError: it is too long, comes too slowly, or can't be unpacked.
          RequestError: there are too many others.
        """
        limit = self._settings.max_body_bytes
        too_long = _HttpError(413, f"Request body is larger than {limit} bytes. Send fewer rows at once.")
        if (request.content_length or 0) > limit:
            raise too_long
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._settings.read_seconds):
                while chunk := await request.content.readany():
                    size += len(chunk)
                    self._buffered += len(chunk)
                    chunks.append(chunk)
                    if size > limit:
                        raise too_long
                    if self._buffered > BODIES * limit:
                        raise RequestError("RESOURCE_EXHAUSTED", "Too many large requests at once. Try again later.")
        except TimeoutError as error:
            seconds = self._settings.read_seconds
            raise _HttpError(408, f"Request body did not arrive within {seconds:g} seconds.") from error
        except web.RequestPayloadError as error:
            raise _HttpError(
                400, "Request body can't be read: it is cut off, or not encoded as its headers say."
            ) from error
        finally:
            self._buffered -= size
        return b"".join(chunks)

    async def _answer(self, route: Route | None, body: bytes) -> bytes:
        if route is None:
            return b""
        if route.method == "status":
            return dumps_status(model_status(self._manager, route.name, route.version))
        if route.method == "metadata":
            return dumps_metadata(model_metadata(self._manager, route.name, route.version, route.label))
        return await self._prediction(route, body)

    async def _prediction(self, route: Route, body: bytes) -> bytes:
        """A prediction, made here if it is small and the model quick, else in a thread and within the time limit."""
        if self._generation != self._manager.generation:  # the first call of a new version is never quick
            self._generation = self._manager.generation
            self._seconds.clear()
        small = len(body) <= SMALL
        if small and self._seconds.get(route.name, QUICK) < QUICK:
            return self._call(route, body, small)
        if self._running >= self._settings.max_concurrency:
            raise RequestError("RESOURCE_EXHAUSTED", "Too many requests at once. Try again later.")
        self._running += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, self._call, route, body, small)
        future.add_done_callback(self._finished)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self._settings.request_seconds)
        except TimeoutError as error:
            raise RequestError("DEADLINE_EXCEEDED", "Timed out waiting for notification") from error

    def _finished(self, future: asyncio.Future[bytes]) -> None:
        self._running -= 1
        if not future.cancelled():
            future.exception()  # it may be that nobody waits for it any more

    def _call(self, route: Route, body: bytes, small: bool) -> bytes:
        begun = time.perf_counter()
        said = answer_prediction(self._manager, route, body)
        if small:
            taken = time.perf_counter() - begun
            self._seconds[route.name] = 0.8 * self._seconds.get(route.name, QUICK) + 0.2 * taken
        return said

    async def _send(self, request: web.BaseRequest, response: web.Response) -> web.StreamResponse:
        """Sends a long answer; a client that does not take it is cut off."""
        try:
            async with asyncio.timeout(self._settings.read_seconds):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the client does not read its answer") from None
        return response

    async def health(self, request: web.BaseRequest) -> web.StreamResponse:
        """200 if every model has a loaded version, else 503."""
        models = self._manager.available()
        well = all(models.values()) and bool(models) and not self._draining()
        said = "draining" if self._draining() else "ok" if well else "unavailable"
        body = json.dumps({"status": said, "models": models}).encode()
        return web.Response(status=200 if well else 503, body=body, headers=_JSON)

    async def metrics(self, request: web.BaseRequest) -> web.StreamResponse:
        """What was counted."""
        return web.Response(body=self._metrics.page(), headers={"Content-Type": CONTENT_TYPE})


def _route(request: web.BaseRequest) -> Route | None:
    """What a request asks for; None for OPTIONS, which TF Serving answers without a body."""
    path = request.raw_path
    if not is_api(path):
        raise _HttpError(404, f"Not found: {request.method} {path}. Models are below /v1/models/.")
    if request.method != "OPTIONS":
        return parse_path(request.method, path)
    origin = request.headers.get("Origin", "")
    if "http://" not in origin and "https://" not in origin:
        raise RequestError("FAILED_PRECONDITION", "Origin header is missing in CORS preflight")
    return None


def _failure(error: Exception, request: web.BaseRequest) -> tuple[int, str, bytes]:
    """HTTP status, status for the metrics, and body."""
    if isinstance(error, RequestError):
        return HTTP_STATUS[error.code], error.code, error_body(error.message)
    if isinstance(error, _HttpError):
        return error.code, str(error.code), error_body(error.message)
    _LOG.error("REST %s %s failed", request.method, request.raw_path, exc_info=error)
    return 500, "INTERNAL", error_body("Internal error; the server's log has more.")


def build_app(api: RestApi, extra_routes: Iterable[web.RouteDef] = ()) -> web.Application:
    """The application.

    Args:
      api: answers.
      extra_routes: other routes, such as that of a page at `/`; they may not be below /v1/.
    """
    app = web.Application()
    app.router.add_routes(extra_routes)
    app.router.add_get("/healthz", api.health)
    for path in METRICS_PATHS:
        app.router.add_get(path, api.metrics)
    app.router.add_route("*", "/{path:.*}", api.handle)
    return app
