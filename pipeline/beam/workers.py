"""A Beam environment whose workers are forks of the warm server process (`fork_server`)."""

from __future__ import annotations

import contextlib
import faulthandler
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import Any

from components.internals.beam import Environment, GrpcWorkerHandler, WorkerHandler, fail_waiting, serve_job
from pipeline.beam import fork_server
from pipeline.beam.errors import WorkerDied

URN = "plumbline:env:warm_process:v1"
_JOIN_SECONDS = 10.0
_ABORT_SECONDS = 0.2
_dead: list[WorkerDied] = []  # workers of the running job that ended before it


def _work(control_address: str, worker_id: str) -> None:
    """Serves one Beam job, until its runner closes the connection."""
    faulthandler.register(signal.SIGUSR1)  # the watchdog asks where it stands
    serve_job(control_address, worker_id)


@contextlib.contextmanager
def deaths_told() -> Iterator[None]:
    """A job's error is the death of its worker, if it had one: what fails first may be a connection to the worker.

    Raises:
      WorkerDied: as soon as the job has failed, if one of its workers ended before.
    """
    _dead.clear()
    try:
        yield
    except WorkerDied:
        raise
    except Exception as error:
        if _dead:
            raise _dead[0] from error
        raise


class WarmProcessEnvironment(Environment):
    """Says in a job that its work runs in warm processes."""

    def to_runner_api_parameter(self, context: Any) -> tuple[str, bytes]:
        """The URN, and an empty payload."""
        del context
        return URN, b""

    @staticmethod
    def from_runner_api_parameter(
        payload: bytes, capabilities: Any, artifacts: Any, resource_hints: Any, context: Any
    ) -> WarmProcessEnvironment:
        """The inverse."""
        del payload, context
        return WarmProcessEnvironment(capabilities, artifacts, resource_hints)


_register_environment: Callable[..., Any] = Environment.register_urn
_register_environment(URN, bytes, WarmProcessEnvironment.from_runner_api_parameter)


@WorkerHandler.register_environment(URN, bytes)
class WarmProcessHandler(GrpcWorkerHandler):
    """Starts and ends one worker process of a job."""

    def __init__(self, payload: bytes, state: Any, provision_info: Any, grpc_server: Any) -> None:
        del payload
        super().__init__(state, provision_info, grpc_server)
        self._process: BaseProcess | None = None
        self._over = threading.Event()

    def start_worker(self) -> None:
        """Forks a worker."""
        self._process = fork_server.CONTEXT.Process(
            target=_work, args=(self.control_address, self.worker_id), daemon=True
        )
        self._process.start()
        threading.Thread(target=self._watch, args=(self._process,), name="worker-watch", daemon=True).start()

    def _watch(self, process: BaseProcess) -> None:
        """Fails all that waits for the worker if it ends before the job does: Beam would wait for ever."""
        connection.wait([process.sentinel])
        if self._over.is_set():
            return
        process.join()
        error = _death(process.exitcode or 0)
        _dead.append(error)
        while not self._over.wait(_ABORT_SECONDS):  # more may come to wait for it
            fail_waiting(self, error)

    def close(self) -> None:
        """The job is over."""
        self._over.set()
        super().close()

    def stop_worker(self) -> None:
        """Waits for the worker, which ends with its connection."""
        if self._process is None:
            return
        self._process.join(_JOIN_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        elif (self._process.exitcode or 0) < 0:  # before the job was over, though nobody had seen it yet
            _dead.append(_death(self._process.exitcode or 0))


def _death(code: int) -> WorkerDied:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return WorkerDied(
        f"a worker process {how} before its work was done. The kernel does that when memory runs out. "
        "Run again with fewer (--workers 0 for none)."
    )
