"""`plumbline workers`: Beam's worker pool (environment EXTERNAL), whose workers are forks of a warm process (`fork_server`).

A runner asks the pool beside it for a worker by StartWorker, and gets a fork that has TFX and TensorFlow imported. It may ask
for the end of one by StopWorker too, but by a number that each of its machines counts from 1: where two share a pool, that
number is of two workers. So nothing is done then. A worker ends with its connection, and a runner that is gone has none.
"""

from __future__ import annotations

import errno
import faulthandler
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Sequence
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import IO, TYPE_CHECKING

from components.errors import RunError
from pipeline.beam import fork_server
from pipeline.beam.engine import code_of, own_code

if TYPE_CHECKING:
    from components.internals.beam import WorkerRequest

LOAD_SECONDS = 600.0  # in which what workers need has to be loaded: 20 on a machine that has nothing else to do
_TERM_SECONDS = 3.0
_KILL_SECONDS = 2.0
_LOG = logging.getLogger(__name__)


def _work(request: WorkerRequest) -> None:
    """In a fork: serves a runner until the connection to it ends."""
    from components.internals.beam import RunnerGone, serve_request

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal, which sends it to all: the pool ends its workers
    faulthandler.register(signal.SIGUSR1)
    os.dup2(2, 1)  # the pool's stdout has its address
    try:
        serve_request(request)
    except RunnerGone as error:
        os.write(2, f"worker {request.worker_id} (process {os.getpid()}): {error}\n".encode())
        os._exit(0)  # what it was about is lost, whatever its threads do
    except BaseException:
        logging.getLogger().handlers.clear()  # to stderr alone: nobody says that the runner still takes its log
        logging.exception("worker %s (process %d)", request.worker_id, os.getpid())
        os._exit(1)


class WorkerPool:
    """The workers of a pool."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watchers: dict[BaseProcess, threading.Thread] = {}  # of the living
        self._over = False

    def start_worker(self, request: WorkerRequest) -> None:
        """Starts a worker, which a runner asks for.

        Raises:
          RunError: it can't be started, or is asked for by a run of other code. Its text has the error's name, by which the run
            knows it in what its engine says (`cluster_errors`).
        """
        from components.internals.beam import RunnerGone, job_of

        try:
            theirs = code_of(job_of(request))
        except RunnerGone as error:
            raise RunError(str(error)) from error
        if theirs not in (None, own_code()):
            raise RunError(
                f"components.errors.RunError: the workers on {socket.gethostname()} have other code ({own_code()}) than the run "
                f"({theirs}). Install the same Plumbline beside every worker, and start 'plumbline workers' again."
            )
        process = fork_server.CONTEXT.Process(target=_work, args=(request,), daemon=True)
        fork_server.begin(process)
        watcher = threading.Thread(target=self._watch, args=(request.worker_id, process), daemon=True)
        with self._lock:
            self._watchers[process] = watcher
            _LOG.info(
                "worker %s (process %d) begins, for %s; there are %d",
                *(request.worker_id, process.pid, request.control, len(self._watchers)),
            )
            watcher.start()
            if self._over:
                process.kill()

    def _watch(self, worker_id: str, process: BaseProcess) -> None:
        connection.wait([process.sentinel])
        code = fork_server.exit_code(process)
        with self._lock:
            del self._watchers[process]
            level = logging.WARNING if code and not self._over else logging.INFO
            left = len(self._watchers)
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"has ended with exit code {code}"
        if code == -signal.SIGKILL and not self._over:
            how += ". The kernel does that when memory runs out"
        _LOG.log(level, "worker %s (process %d) %s; there are %d", worker_id, process.pid, how, left)

    def stop(self) -> None:
        """Ends all workers."""
        with self._lock:
            self._over = True
            living = dict(self._watchers)
        for end, seconds in ((BaseProcess.terminate, _TERM_SECONDS), (BaseProcess.kill, _KILL_SECONDS)):
            deadline = time.monotonic() + seconds
            for process, watcher in living.items():
                if watcher.is_alive():
                    end(process)
            for watcher in living.values():
                watcher.join(max(0.0, deadline - time.monotonic()))


def serve(host: str, port: int, modules: Sequence[str], terminal: IO[str]) -> None:
    """Is a pool until the main thread gets an exception, as by a signal.

    Args:
      host: the address to listen on.
      port: 0 for any that is free.
      modules: full names of what the steps' Beam work needs.
      terminal: is told when loading begins, and when workers can be asked for, at which address.

    Raises:
      RunError: the port is taken, or what workers need can't be loaded.
    """
    _check_free(host, port)
    own_code()  # of what is loaded, whatever becomes of the files
    with fork_server.environment():  # all the while: of the server process, should it have to be started again
        fork_server.start(modules)
        from components.internals.beam import pool_server  # takes seconds, while the server process imports

        pool = WorkerPool()
        try:
            server, port = pool_server(_address(host, port), pool.start_worker)
        except RuntimeError as error:
            raise RunError(
                f"--host {host} --port {port}: this machine can't listen there ({error}). Name a host that is an address of "
                "it, and a port that is free, or --port 0 for any."
            ) from error
        try:
            terminal.write(f"loading what workers need, for {_address(host, port)}\n")
            terminal.flush()
            fork_server.wait_until_loaded(modules, LOAD_SECONDS)
            server.start()
            terminal.write(f"listening on {_address(host, port)}: --environment_type=EXTERNAL takes it\n")
            terminal.flush()
            server.wait_for_termination()
        finally:
            begun = time.monotonic()
            server.stop(0)
            pool.stop()
            fork_server.kill_server()
            _LOG.info("stopped within %.1f seconds", time.monotonic() - begun)


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _check_free(host: str, port: int) -> None:
    """Raises a RunError if another listens at one of the host's addresses: gRPC is content with the others."""
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise RunError(f"--host {host}: no such host ({error.strerror}). Name an address of this machine.") from error
    for family, _, _, _, place in places if port else ():
        try:
            socket.create_server(place[:2], family=family).close()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise RunError(
                    f"--port {port}: another process listens on {place[0]}:{port}. End it, or choose another port; 0 takes any "
                    "that is free."
                ) from error
