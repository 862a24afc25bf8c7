"""The embedded model server: TF Serving's gRPC and REST APIs in one process."""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
from aiohttp import web

from components.errors import RunError
from pipeline.serving.grpc.services import start_grpc
from pipeline.serving.metrics import RequestMetrics
from pipeline.serving.models.manager import ModelManager
from pipeline.serving.models.server_config import ServedModel
from pipeline.serving.rest.api import RestApi, build_app
from pipeline.serving.rest.http_server import HttpServer, listen
from pipeline.serving.settings import ServerSettings

SWITCH_SECONDS = 0.001  # a request waits so long, not Python's 5 ms, when a model is being loaded beside it
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

    Attributes:
      manager: the models, loaded and not.
      rest_port: the one that is listened on, once started.
      grpc_port: the same.
    """

    def __init__(
        self, settings: ServerSettings, models: Sequence[ServedModel], extra_routes: Iterable[web.RouteDef] = ()
    ) -> None:
        self._settings = settings
        self.manager = ModelManager(models, settings.poll_seconds)
        self.metrics = RequestMetrics(self.manager.available)
        self.rest_port = settings.rest_port
        self.grpc_port = settings.grpc_port
        self._draining = False
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="predict")
        api = RestApi(self.manager, self.metrics, settings, self._pool, lambda: self._draining)
        self._app = build_app(api, extra_routes)
        self._http: HttpServer | None = None
        self._grpc: grpc.Server | None = None

    def start(self) -> None:
        """Loads the models, be it with success or not, and opens both ports.

        Raises:
          RunError: a port can't be had; nothing is left open then.
        """
        settings = self._settings
        sock = listen(settings.host, settings.rest_port)  # a port that is taken is said before models are loaded
        try:
            self.manager.start()
            self._grpc, self.grpc_port = start_grpc(
                self.manager,
                self.metrics,
                settings.host,
                settings.grpc_port,
                settings.threads,
                settings.max_concurrency,
            )
            self._http = HttpServer(
                self._app, sock, settings.read_seconds, settings.keepalive_seconds, settings.drain_seconds
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

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run_until_signal(self) -> None:
        """Waits for SIGTERM or SIGINT, and stops. To be called in the main thread, after `start`.

        Raises:
          RunError: it is called in another thread, which signals never reach.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RunError("run_until_signal: expected the main thread; signals reach no other. Use start and stop.")
        signalled = threading.Event()
        previous = {
            number: signal.signal(number, lambda *_: signalled.set()) for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            # What is loaded now stays: without this, each full collection walks through all of TensorFlow, and requests wait.
            gc.collect()
            gc.freeze()
            sys.setswitchinterval(SWITCH_SECONDS)
            signalled.wait()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)  # a second signal does not wait
            self.stop()
