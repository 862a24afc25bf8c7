"""One worker process of the server: answers requests, and takes orders from the process that started it (`supervisor`)."""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import gc
import itertools
import logging
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from components.errors import RunError
from pipeline.serving.errors import Code, RequestError
from pipeline.serving.models.server_config import ServedModel
from pipeline.serving.settings import ServerSettings

if TYPE_CHECKING:
    from pipeline.serving.server import Server

SWITCH_SECONDS = 0.001  # a request waits so long, not Python's 5 ms, when a model is being loaded beside it
END_SECONDS = 5.0  # that a worker has to end after `drain_seconds`
_LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Ready:
    """A worker to its supervisor: it serves. `reasons` says why not all that it should, for the operator."""

    reasons: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Refused:
    """A worker to its supervisor: it can't serve, and ends."""

    message: str


@dataclasses.dataclass(frozen=True)
class Noticed:
    """A worker to its supervisor: something that the operator should read."""

    message: str


class Alive:
    """The supervisor to a worker, which answers with the same: it is not stuck."""


@dataclasses.dataclass(frozen=True)
class Serve:
    """Serve these models and no others. From a worker that a client has told so to the supervisor, and from it to all workers."""

    token: int
    models: Sequence[ServedModel]


@dataclasses.dataclass(frozen=True)
class Served:
    """The answer to `Serve`, both ways: code and message of what went wrong, if anything did."""

    token: int
    error: tuple[Code, str] | None


class Stop:
    """The supervisor to a worker: let running requests end, and end."""


Message = Ready | Refused | Noticed | Alive | Serve | Served | Stop


class Orders:
    """The worker's end of its connection to the supervisor.

    Args:
      connection: to it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._tokens = itertools.count(1)
        self._asked: dict[int, tuple[threading.Event, list[tuple[Code, str] | None]]] = {}
        self._one_by_one = ThreadPoolExecutor(1, thread_name_prefix="orders")

    def send(self, message: Message) -> None:
        """Sends; nothing happens if the supervisor is gone, since the worker ends then."""
        with contextlib.suppress(OSError), self._lock:
            self._connection.send(message)

    def serve_everywhere(self, models: Sequence[ServedModel]) -> None:
        """Has all workers serve these models, and waits until they do.

        Raises:
          RequestError: a model can't be loaded by one of them, or the server ends.
        """
        token = next(self._tokens)
        answered, errors = self._asked[token] = (threading.Event(), [])
        self.send(Serve(token, models))
        answered.wait()
        del self._asked[token]
        for error in errors:
            if error is not None:
                raise RequestError(*error)

    def follow(self, server: Server) -> bool:
        """Does what the supervisor says until it says stop, or is gone; whether it is still there."""
        try:
            while True:
                message = self._connection.recv()
                if isinstance(message, Stop):
                    return True
                if isinstance(message, Alive):
                    self.send(message)
                elif isinstance(message, Serve):
                    self._one_by_one.submit(self._serve, server, message)  # in the same order in all workers
                elif isinstance(message, Served):
                    self._answer(message.token, message.error)
        except (EOFError, OSError):
            return False
        finally:
            for token in list(self._asked):
                self._answer(token, ("UNAVAILABLE", "The server is about to stop."))

    def _answer(self, token: int, error: tuple[Code, str] | None) -> None:
        answered, errors = self._asked[token]
        errors.append(error)
        answered.set()

    def _serve(self, server: Server, message: Serve) -> None:
        error: tuple[Code, str] | None = None
        try:
            server.manager.replace(message.models)
        except RequestError as refused:
            error = refused.code, refused.message
        except Exception:  # noqa: BLE001 - the boundary: whoever asked waits for an answer, and the log has more
            _LOG.exception("other models could not be served")
            error = "INTERNAL", "Internal error; the server's log has more."
        self.send(Served(message.token, error))


def work(
    settings: ServerSettings, models: Sequence[ServedModel], counts: Path, number: int, connection: Connection
) -> None:
    """What the process does.

    Args:
      settings: with the ports that the supervisor holds.
      models: to be served.
      counts: the folder that all workers' metrics are kept in.
      number: of the worker.
      connection: to the supervisor.
    """
    from pipeline.serving.metrics import share_counts
    from pipeline.serving.page import page_routes, served
    from pipeline.serving.server import Server

    logging.basicConfig(
        level=logging.INFO, format=f"%(asctime)s %(levelname)s worker {number} %(name)s: %(message)s", force=True
    )
    logging.captureWarnings(True)
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # a terminal sends it to all processes; the supervisor says what is done
    signal.signal(signal.SIGTERM, _end)
    share_counts(counts, number)
    orders = Orders(connection)

    def reload(models: Sequence[ServedModel]) -> None:
        server.manager.check_labels(models)  # here alone: all workers do the same then, whatever each has loaded by now
        orders.serve_everywhere(models)

    server = Server(
        settings,
        models,
        page_routes(lambda: served(server.manager)),
        counts=counts,
        reload=reload,
        notice=lambda text: orders.send(Noticed(text)),
    )
    try:
        server.start()
        reasons = [line for lines in server.manager.reasons().values() for line in lines]
        if models and not any(server.manager.available().values()):
            raise RunError(
                f"nothing can be served: {'; '.join(reasons).rstrip('.')}. Publish a version that can be loaded."
            )
        gc.collect()  # what is loaded now stays, as what was `preloaded` does
        gc.freeze()
        sys.setswitchinterval(SWITCH_SECONDS)
        orders.send(Ready(reasons))
        if not orders.follow(server):
            shutil.rmtree(counts, ignore_errors=True)  # nobody else will
    except RunError as error:
        orders.send(Refused(str(error)))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        faulthandler.dump_traceback_later(settings.drain_seconds + END_SECONDS, exit=True)  # whatever hangs then
        server.stop()


def _end(*_: object) -> None:
    """Takes SIGTERM: requests that run are answered, and the process ends."""
    raise SystemExit
