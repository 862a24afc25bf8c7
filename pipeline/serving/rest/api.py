"""The REST API: TF Serving's paths, `/healthz` and `/metrics`."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from aiohttp import web
from google.protobuf import json_format
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataResponse, SignatureDefMap
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse

from pipeline.serving.errors import HTTP_STATUS, RequestError
from pipeline.serving.metrics import CONTENT_TYPE, RequestMetrics
from pipeline.serving.models.info_messages import SIGNATURE_DEF, model_metadata, model_status
from pipeline.serving.models.manager import ModelManager
from pipeline.serving.models.terms import Terms
from pipeline.serving.rest.bodies import Body, Memory, read_coding
from pipeline.serving.rest.errors import HttpError
from pipeline.serving.rest.http_server import Handler
from pipeline.serving.rest.path import Route, is_api, parse_path, target
from pipeline.serving.rest.pool import Deadline, Pool
from pipeline.serving.rest.predictions import PREDICTIONS, answer_prediction
from pipeline.serving.rest.response import CORS, Answer, compress
from pipeline.serving.settings import ServerSettings

QUICK = 0.002  # seconds of a processor, in which requests like one are answered: it is without waking another thread
LARGE = 1 << 20  # bytes of a request, unpacked: those that are longer are answered one at a time
BODIES = 8  # of the largest size, that may be in memory at once
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")  # that TF Serving takes, if only to refuse them
METRICS_PATHS = ("/metrics", "/monitoring/prometheus/metrics")  # the second is TF Serving's
_JSON = {"Content-Type": "application/json"}
_WHERE = "Models are below /v1/models/."
Said = tuple[bytes, Mapping[str, str]]  # the body of an answer, and headers that go with it
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
        self._pool = Pool(pool, settings.max_concurrency)
        self._memory = Memory(BODIES * settings.max_body_bytes)
        self._headers = {**_JSON, **CORS} if settings.cors else _JSON
        self._draining = draining
        self._terms = Terms(settings.max_rows, settings.max_body_bytes)  # of what is too quick to have a deadline
        self._generation = -1
        self._seconds: dict[
            tuple[str, str, int], float
        ] = {}  # that requests take, by model, method and digits of their size

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers a request for anything below /v1/, and for what there is nothing at."""
        begun = time.perf_counter()
        route = None
        more: Mapping[str, str] = {}
        try:
            route = _route(request)
            if route is None:
                code, name, body = 200, "OK", b""
            elif route.method in PREDICTIONS:
                content = Body(self._memory, self._settings.max_body_bytes, _coding(request))
                try:
                    await content.read(request, self._settings.read_seconds)
                    begun = time.perf_counter()
                    code, name, (body, more) = 200, "OK", await self._prediction(request, route, content)
                finally:
                    content.release()
            else:
                code, name, body = 200, "OK", self._info(route)
        except ConnectionError:
            raise  # nobody is there to be answered
        except Exception as error:  # noqa: BLE001 - the boundary: what is unexpected is logged, and the caller told so
            code, name, body, more = _failure(error, request)
        if route is not None:
            self._metrics.count(route.name, route.method, "rest", name, time.perf_counter() - begun)
        return Answer(code, body, {**self._headers, **more} if more else self._headers, close=code == 408)

    def _info(self, route: Route) -> bytes:
        if route.method == "status":
            return dumps_status(model_status(self._manager, route.name, route.version))
        return dumps_metadata(model_metadata(self._manager, route.name, route.version, route.label))

    async def _prediction(self, request: web.BaseRequest, route: Route, content: Body) -> Said:
        """A prediction, made here if such ones are quick, else in a thread and within the time limit."""
        if self._generation != self._manager.generation:  # the first call of a new version is never quick
            self._generation = self._manager.generation
            self._seconds.clear()
        accepted = request.headers.get("Accept-Encoding", "")
        if content.coding is None and self._seconds.get(_kind(route, content.data), QUICK) < QUICK:
            return self._call(route, content.data, accepted, self._terms)
        deadline = Deadline(self._settings.request_seconds, lambda: request.transport is None)
        terms = dataclasses.replace(self._terms, check=deadline.check)

        def call() -> Said | None:
            if not content.unpack(LARGE, deadline):
                return None
            return self._call(route, content.data, accepted, terms)

        def call_large() -> Said:
            content.unpack(self._settings.max_body_bytes, deadline)
            return self._call(route, content.data, accepted, terms)

        said = None
        if len(content.data) <= LARGE:
            content.share()
            said = await self._pool.run(call, deadline, False, content.release)
        if said is None:
            content.share()
            said = await self._pool.run(call_large, deadline, True, content.release)
        return said

    def _call(self, route: Route, body: bytes, accepted: str, terms: Terms) -> Said:
        begun = time.thread_time()
        said = compress(answer_prediction(self._manager, route, body, terms), accepted)
        kind = _kind(route, body)
        self._seconds[kind] = 0.8 * self._seconds.get(kind, QUICK) + 0.2 * (time.thread_time() - begun)
        return said

    async def health(self, request: web.BaseRequest) -> web.StreamResponse:
        """200 if a model can be asked, else 503. `degraded` if not all is served that should be; `reasons` says why, by model."""
        models, reasons = self._manager.available(), self._manager.reasons()
        well = self._manager.can_be_asked() and not self._draining()
        said = "draining" if self._draining() else "unavailable" if not well else "degraded" if reasons else "ok"
        body = json.dumps({"status": said, "models": models, **({"reasons": reasons} if reasons else {})}).encode()
        return web.Response(status=200 if well else 503, body=body, headers=_JSON)

    async def metrics(self, request: web.BaseRequest) -> web.StreamResponse:
        """What was counted."""
        page = await asyncio.to_thread(self._metrics.page)
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE})

    async def missing(self, request: web.BaseRequest) -> web.StreamResponse:
        """Says that there is nothing at a path."""
        return Answer(404, error_body(f"Not found: {request.method} {target(request.raw_path)}. {_WHERE}"), _JSON)


def _coding(request: web.BaseRequest) -> str | None:
    return read_coding(request.headers.get("Content-Encoding"))


def _kind(route: Route, body: bytes) -> tuple[str, str, int]:
    """Requests of one kind take about as long."""
    return route.name, route.method, len(body).bit_length()


def _route(request: web.BaseRequest) -> Route | None:
    """What a request asks for; None for OPTIONS, which TF Serving answers without a body."""
    method = request.method
    if method not in METHODS:
        raise HttpError(501, f"Method {method} is not implemented. Send GET or POST.")
    if method != "OPTIONS":
        return parse_path(method, target(request.raw_path))
    origin = request.headers.get("Origin", "")
    if "http://" not in origin and "https://" not in origin:
        raise RequestError("FAILED_PRECONDITION", "Origin header is missing in CORS preflight")
    return None


def _failure(error: Exception, request: web.BaseRequest) -> tuple[int, str, bytes, Mapping[str, str]]:
    """HTTP status, status for the metrics, body, and headers."""
    if isinstance(error, RequestError):
        return HTTP_STATUS[error.code], error.code, error_body(error.message), {}
    if isinstance(error, HttpError):
        return error.code, error.status, error_body(error.message), error.headers
    _LOG.error("REST %s %s failed", request.method, request.raw_path, exc_info=error)
    return 500, "INTERNAL", error_body("Internal error; the server's log has more."), {}


def build_handler(api: RestApi, extra_routes: Iterable[web.RouteDef] = ()) -> Handler:
    """What answers every request.

    Args:
      api: answers.
      extra_routes: other paths to get, such as that of a page at `/`; they may not be below /v1/.
    """
    pages: dict[str, Callable[[Any], Awaitable[web.StreamResponse]]] = {
        "/healthz": api.health,
        **dict.fromkeys(METRICS_PATHS, api.metrics),
        **{route.path: cast("Any", route.handler) for route in extra_routes},
    }

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        path = target(request.raw_path)
        if is_api(path):
            return await api.handle(request)
        page = pages.get(path.partition("?")[0]) if request.method in ("GET", "HEAD") else None
        return await (page or api.missing)(request)

    return answer
