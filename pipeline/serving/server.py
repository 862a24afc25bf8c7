"""The model server of one process: TF Serving's gRPC and REST APIs. `supervisor` runs several that share their ports."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import web

from pipeline.serving.grpc.server import GrpcServer
from pipeline.serving.metrics import RequestMetrics
from pipeline.serving.models.manager import ModelManager
from pipeline.serving.models.server_config import ServedModel
from pipeline.serving.rest.api import RestApi, build_handler
from pipeline.serving.rest.http_server import HttpServer, listen
from pipeline.serving.settings import ServerSettings

_LOG = logging.getLogger(__name__)


class Server:
    """Serves models.

    ```
    with Server(ServerSettings(rest_port=0, grpc_port=0), [ServedModel("taxi", Path("runs/serving/taxi"))]) as server:
        print(server.rest_port, server.grpc_port)
    ```

    Args:
      settings: how.
      models: which.
      extra_routes: of the REST server, such as that of a page at `/`.
      counts: the folder that the metrics of all processes that share the ports are kept in; None for a server alone.
      reload: has other models served, by all of them; None for a server alone.
      notice: takes a line for the operator, when a version can't be loaded.

    Attributes:
      manager: the models, loaded and not.
      rest_port: the one that is listened on, once started.
      grpc_port: the same.
    """

    def __init__(
        self,
        settings: ServerSettings,
        models: Sequence[ServedModel],
        extra_routes: Iterable[web.RouteDef] = (),
        counts: Path | None = None,
        reload: Callable[[Sequence[ServedModel]], None] | None = None,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._shared = counts is not None
        self.manager = ModelManager(models, settings.poll_seconds, failed=self._failed)
        self._reload = reload or self.manager.serve
        self._notice = notice
        self.metrics = RequestMetrics(self.manager, counts)
        self.rest_port = settings.rest_port
        self.grpc_port = settings.grpc_port
        self._draining = False
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="predict")
        api = RestApi(self.manager, self.metrics, settings, self._pool, lambda: self._draining)
        self._handler = build_handler(api, extra_routes)
        self._http: HttpServer | None = None
        self._grpc: GrpcServer | None = None

    def start(self) -> None:
        """Loads the models, be it with success or not, and opens both ports.

        Raises:
          RunError: a port can't be had; nothing is left open then.
        """
        settings = self._settings
        if self._shared:  # whoever connects before a model is loaded would wait, where another process can answer
            self.manager.start()
        sock = listen(settings.host, settings.rest_port, self._shared)
        try:
            if not self._shared:  # a port that is taken is said before models are loaded
                self.manager.start()
            self._grpc = GrpcServer(self.manager, self.metrics, settings, self._shared, self._reload)
            self.grpc_port = self._grpc.port
            self._http = HttpServer(
                self._handler, sock, settings.read_seconds, settings.keepalive_seconds, settings.drain_seconds
            )
            self._http.start()
            self.rest_port = sock.getsockname()[1]
        except BaseException:
            sock.close()
            self.stop()
            raise

    def stop(self) -> None:
        """Takes no more requests, lets running ones end within `drain_seconds`, and frees the models."""
        self._draining = True
        begun = time.monotonic()
        stopped = self._grpc.stop(self._settings.drain_seconds) if self._grpc is not None else None
        if self._http is not None:
            self._http.stop()
            self._http = None
        if stopped is not None:
            stopped.wait()
            self._grpc = None
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.manager.stop()
        _LOG.info("stopped within %.1f seconds", time.monotonic() - begun)

    def _failed(self, model: str, line: str) -> None:
        self.metrics.failed_load(model)
        self._notice(line)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
