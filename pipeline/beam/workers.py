"""A Beam environment whose workers are forks of the warm server process (`fork_server`)."""

from __future__ import annotations

import contextlib
import faulthandler
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import Any

from components.errors import RunError
from components.internals.beam import (
    Environment,
    GrpcWorkerHandler,
    WorkerHandler,
    fail_waiting,
    has_connected,
    serve_job,
)
from pipeline.beam import fork_server
from pipeline.beam.errors import WorkerDied

URN = "plumbline:env:warm_process:v1"
START_SECONDS = 120.0  # in which a worker has to begin, imports of the process that it is forked of among them
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
        self._forked = threading.Event()  # or it is known why not
        self._refused: RunError | None = None
        self._over = threading.Event()

    def start_worker(self) -> None:
        """Has a worker forked. Does not wait for it: the process that it is forked of may hang."""
        self._process = fork_server.CONTEXT.Process(
            target=_work, args=(self.control_address, self.worker_id), daemon=True
        )
        for work in (self._fork, self._watch):
            threading.Thread(target=work, args=(self._process,), name="worker-watch", daemon=True).start()

    def _fork(self, process: BaseProcess) -> None:
        try:
            fork_server.begin(process)
        except RunError as error:
            self._refused = error
        finally:
            self._forked.set()

    def _watch(self, process: BaseProcess) -> None:
        """Fails all that waits for the worker if it does not begin, or ends before the job does: Beam would wait for ever."""
        error = self._not_begun(process)
        if error is None:
            connection.wait([process.sentinel])
            if self._over.is_set():
                return
            error = _death(fork_server.exit_code(process))
        _dead.append(error)
        while not self._over.wait(_ABORT_SECONDS):  # more may come to wait for it
            fail_waiting(self, error)

    def _not_begun(self, process: BaseProcess) -> WorkerDied | None:
        """Waits until the worker asks for work, ends, or can be waited for no longer; says so in the last case."""
        deadline = time.monotonic() + START_SECONDS
        while not has_connected(self) and not self._over.is_set():
            if self._refused is not None:
                return WorkerDied(f"{self._refused} --workers 0 does without.")
            if self._forked.is_set() and connection.wait([process.sentinel], _ABORT_SECONDS):
                return None
            if time.monotonic() > deadline:
                if self._forked.is_set():
                    process.kill()
                else:
                    fork_server.kill_server()
                return WorkerDied(
                    f"a worker process has not begun to work within {START_SECONDS:g} s of its start. The log may have why; "
                    "'plumbline doctor' checks the installation. Run again with --workers 0, which does without."
                )
            self._forked.wait(_ABORT_SECONDS)
        return None

    def close(self) -> None:
        """The job is over."""
        self._over.set()
        super().close()

    def stop_worker(self) -> None:
        """Waits for the worker, which ends with its connection."""
        process = self._process
        if process is None or not self._forked.wait(0 if _dead else _JOIN_SECONDS) or self._refused is not None:
            return  # a fork that comes yet finds no runner, and ends
        if not connection.wait([process.sentinel], _JOIN_SECONDS):
            process.kill()
            fork_server.exit_code(process)
        elif (code := fork_server.exit_code(process)) < 0:  # before the job was over, though nobody had seen it yet
            _dead.append(_death(code))


def _death(code: int) -> WorkerDied:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return WorkerDied(
        f"a worker process {how} before its work was done. The kernel does that when memory runs out. "
        "Run again with fewer (--workers 0 for none)."
    )
