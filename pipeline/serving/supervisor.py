"""The process that `plumbline serve` is: it holds the ports, starts the workers, and starts one again that has ended.

The workers share both ports (SO_REUSEPORT): the kernel gives each connection to one of them. They are forks of a process that
imported TensorFlow once, so that a new one serves after the time that its models take to load. A worker ends when this process
does, whatever ended it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import logging
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing import connection, forkserver, resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path

from components.child_python import starting
from components.errors import RunError
from pipeline.serving import worker
from pipeline.serving.errors import Code
from pipeline.serving.models.server_config import ServedModel
from pipeline.serving.settings import ServerSettings

CONTEXT = multiprocessing.get_context("forkserver")
PRELOAD = ["pipeline.serving.preloaded"]
STEADY_SECONDS = 10.0  # a worker that serves for less is started again after a pause, which doubles
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
BEAT_SECONDS = 5.0  # between two questions to a worker whether it is alive
BEATS = 6  # without an answer, after which it is ended
LOST = 255  # multiprocessing's exit code of a process whose own was not handed on by the process that forked it
_LOG = logging.getLogger(__name__)

Failure = tuple[Code, str] | None


class _Signalled(Exception):
    """A signal came while the workers were started."""


@dataclasses.dataclass
class _Worker:
    """A worker process.

    Attributes:
      number: from 1.
      process: of now.
      link: to it.
      life: a file descriptor that can be read from as soon as the process has ended.
      serves_since: when it began to serve, by the monotonic clock; None before.
      unanswered: how often it was asked whether it is alive, since it answered last.
      refused: why it can't serve, if it says so.
    """

    number: int
    process: BaseProcess
    link: connection.Connection
    life: int
    serves_since: float | None = None
    unanswered: int = 0
    refused: str | None = None

    def __str__(self) -> str:
        return f"worker {self.number} (process {self.process.pid})"

    def send(self, message: worker.Message) -> None:
        """Sends; nothing happens if it has ended."""
        with contextlib.suppress(OSError):
            self.link.send(message)

    def kill(self) -> None:
        """Ends it at once."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self.life, signal.SIGKILL)

    def ended(self, seconds: float) -> bool:
        """Whether it has ended, after at most so many seconds."""
        return bool(connection.wait([self.life], seconds))

    def close(self) -> None:
        """Frees what this process has of one that has ended."""
        self.process.join(1.0)
        self.link.close()
        os.close(self.life)


class Supervisor:
    """Runs the workers.

    Args:
      settings: how; `workers` says how many.
      models: which.
      say: takes a line for the operator.
      reread: gives other models to serve when the file that names them has changed, else None.

    Attributes:
      rest_port: the one that is listened on, once started.
      grpc_port: the same.
      stopping: whether SIGTERM or SIGINT came.
    """

    def __init__(
        self,
        settings: ServerSettings,
        models: Sequence[ServedModel],
        say: Callable[[str], None],
        reread: Callable[[], Sequence[ServedModel] | None] | None = None,
    ) -> None:
        self._settings = settings
        self._models = models
        self._say = say
        self._reread = reread if settings.models_poll_seconds else None
        self.rest_port = settings.rest_port
        self.grpc_port = settings.grpc_port
        self.stopping = False
        self._started = False
        self._held = contextlib.ExitStack()
        self._workers: dict[int, _Worker] = {}
        self._due: dict[int, float] = {}  # workers to be started again: when, by the monotonic clock
        self._pauses: dict[int, float] = {}
        self._noticed: dict[str, None] = {}  # in order, each once
        self._tokens = itertools.count(1)
        # Orders that are under way: the workers that have not answered, what went wrong, and who is to be told.
        self._orders: dict[int, tuple[set[int], list[Failure], Callable[[Failure], None]]] = {}

    def start(self) -> list[str]:
        """Starts the workers, and waits until all serve, or until a signal says stop.

        Returns:
          What can't be served, and why.

        Raises:
          RunError: a port can't be had, or no version of any model can be loaded; nothing is left running then.
        """
        try:
            CONTEXT.set_forkserver_preload(PRELOAD)
            with starting():  # it imports TensorFlow while this process goes on
                resource_tracker.ensure_running()
                forkserver.ensure_running()
            self._hold()
            for number in range(1, self._settings.workers + 1):
                self._begin(number)
            while not all(each.serves_since is not None for each in self._workers.values()):
                self._look(None)
            self._started = True
        except _Signalled:
            self._started = True
        except BaseException:
            self.stop()
            raise
        return list(self._noticed)

    def run(self) -> None:
        """Keeps the workers running until SIGTERM or SIGINT, and stops. A second signal ends requests that still run."""
        try:
            next_beat = next_file = time.monotonic()
            while not self.stopping:
                now = time.monotonic()
                for number in [number for number, due in self._due.items() if due <= now]:
                    del self._due[number]
                    self._begin(number)
                if now >= next_beat:
                    next_beat = now + BEAT_SECONDS
                    self._ask_whether_alive()
                if self._reread and now >= next_file:
                    next_file = now + self._settings.models_poll_seconds
                    changed = self._reread()
                    if changed is not None:
                        self._order(changed, self._tell_operator)
                waits = [next_beat, *self._due.values(), *([next_file] if self._reread else [])]
                self._look(max(0.0, min(waits) - time.monotonic()))
        finally:
            self.stop()

    def stop(self) -> None:
        """Lets running requests end within `drain_seconds`, and ends the workers."""
        begun = time.monotonic()
        for each in self._workers.values():
            each.send(worker.Stop())
        deadline = begun + self._settings.drain_seconds + worker.END_SECONDS
        for each in self._workers.values():
            if not each.ended(max(0.0, deadline - time.monotonic())):
                _LOG.warning("%s hangs, and is killed", each)
                each.kill()
                each.ended(worker.END_SECONDS)
            each.close()
        self._workers.clear()
        self._held.close()
        _LOG.info("stopped within %.1f seconds", time.monotonic() - begun)

    def _hold(self) -> None:
        """Takes both ports, the folder of the counts, and the signals."""
        # Here, not above: it takes 0.2 seconds, beside which TensorFlow is imported.
        from pipeline.serving.rest.http_server import reserve

        settings = self._settings
        for name in ("rest_port", "grpc_port"):
            held = self._held.enter_context(reserve(settings.host, getattr(settings, name), name))
            setattr(self, name, held.getsockname()[1])
        self._settings = dataclasses.replace(settings, rest_port=self.rest_port, grpc_port=self.grpc_port)
        self._counts = Path(self._held.enter_context(tempfile.TemporaryDirectory(prefix="plumbline-counts-")))
        self._woken, waker = socket.socketpair()
        for end in (self._woken, waker):
            end.setblocking(False)
            self._held.callback(end.close)
        if threading.current_thread() is threading.main_thread():
            self._held.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(waker.fileno()))
            for number in (signal.SIGTERM, signal.SIGINT):
                self._held.callback(signal.signal, number, signal.signal(number, self._signal))

    def _signal(self, number: int, frame: object) -> None:
        del number, frame
        if self.stopping:
            for each in list(self._workers.values()):
                each.kill()
        elif not self._started:
            self.stopping = True
            raise _Signalled
        self.stopping = True

    def _begin(self, number: int) -> None:
        """Starts a worker."""
        ours, theirs = CONTEXT.Pipe()
        process = CONTEXT.Process(
            target=worker.work,
            args=(self._settings, self._models, self._counts, number, theirs),
            name=f"server-{number}",
        )
        try:
            # Of the process that workers are forks of, should it have to be started again.
            with starting():
                process.start()
        except (OSError, EOFError) as error:
            ours.close()
            self._again(number, f"worker {number} can't be started: {error}", steady=False)
            return
        finally:
            theirs.close()
        try:
            life = os.pidfd_open(process.pid or 0)
        except ProcessLookupError:  # it has ended already
            life = os.dup(process.sentinel)
        self._workers[number] = _Worker(number, process, ours, life)

    def _look(self, seconds: float | None) -> None:
        """Waits for something to happen, and does what is to be done about it."""
        by_link = {each.link: each for each in self._workers.values()}
        by_life = {each.life: each for each in self._workers.values()}
        for found in connection.wait([*by_link, *by_life, self._woken], seconds):
            if found is self._woken:
                self._woken.recv(4096)
            elif isinstance(found, connection.Connection):
                self._receive(by_link[found])
            elif isinstance(found, int):
                self._ended(by_life[found])

    def _receive(self, each: _Worker) -> None:
        try:
            while not each.link.closed and each.link.poll():
                self._take(each, each.link.recv())
        except (EOFError, OSError):
            pass  # it ends, and `life` says when

    def _take(self, each: _Worker, message: worker.Message) -> None:
        if isinstance(message, worker.Ready):
            each.serves_since = time.monotonic()
            _LOG.info("%s serves", each)
            for reason in message.reasons:
                self._notice(reason)
        elif isinstance(message, worker.Refused):
            each.refused = message.message
        elif isinstance(message, worker.Noticed):
            self._notice(message.message)
        elif isinstance(message, worker.Alive):
            each.unanswered = 0
        elif isinstance(message, worker.Serve):
            token = message.token
            self._order(message.models, lambda error: each.send(worker.Served(token, error)))
        elif isinstance(message, worker.Served):
            self._answered(message.token, each.number, message.error)

    def _notice(self, line: str) -> None:
        """Says once what several workers say; `start` returns what was said until then."""
        if line not in self._noticed:
            self._noticed[line] = None
            if self._started:
                self._say(line)

    def _ask_whether_alive(self) -> None:
        for each in self._workers.values():
            if each.unanswered >= BEATS:
                self._say(f"{each} has not answered for {BEATS * BEAT_SECONDS:g} seconds, and is ended")
                each.kill()
            elif each.serves_since is not None:
                each.unanswered += 1
                each.send(worker.Alive())

    def _order(self, models: Sequence[ServedModel], tell: Callable[[Failure], None]) -> None:
        """Has all workers serve other models; `tell` gets the first error, or None, when all have answered."""
        token = next(self._tokens)
        self._orders[token] = (set(self._workers), [], tell)
        self._models = models
        for each in self._workers.values():
            each.send(worker.Serve(token, models))
        if not self._workers:
            del self._orders[token]
            tell(None)

    def _answered(self, token: int, number: int, error: Failure) -> None:
        waiting, errors, tell = self._orders[token]
        waiting.discard(number)
        if error is not None:
            errors.append(error)
        if not waiting:
            del self._orders[token]
            tell(errors[0] if errors else None)

    def _tell_operator(self, error: Failure) -> None:
        if error is not None:
            self._notice(f"models: {error[1]}")

    def _ended(self, each: _Worker) -> None:
        """A worker is gone: it is started again.

        Raises:
          RunError: none has served yet.
        """
        self._receive(each)
        each.close()
        del self._workers[each.number]
        for token, (waiting, _, _) in list(self._orders.items()):
            if each.number in waiting:
                self._answered(token, each.number, None)
        if each.refused and not self._started:
            raise RunError(each.refused)
        code = each.process.exitcode
        if each.refused:
            how = f"has ended: {each.refused}"
        elif code is not None and code < 0:
            how = f"was ended by {signal.Signals(-code).name}"
        else:
            how = "has ended" if code in (None, LOST) else f"has ended with exit code {code}"
        if not self._started:
            raise RunError(f"{each} {how} before it served. The log has more.")
        since = each.serves_since
        self._again(each.number, f"{each} {how}", since is not None and time.monotonic() - since > STEADY_SECONDS)

    def _again(self, number: int, why: str, steady: bool) -> None:
        """Has a worker started again: at once if the last one served for a while, else after a pause."""
        if not self._started:
            raise RunError(f"{why}. The log has more.")
        pause = 0.0 if steady else min(LONGEST_PAUSE, 2 * self._pauses.get(number, SHORTEST_PAUSE / 2))
        self._pauses[number] = max(pause, SHORTEST_PAUSE / 2)
        self._due[number] = time.monotonic() + pause
        self._say(f"{why}; another is started" + (f" in {pause:g} seconds" if pause else ""))
