"""Worker processes that are warm when a Beam job needs them: forked from a process that has imported TFX.

Beam's own multi-process mode starts new Python processes for every job, and each imports TensorFlow anew, which costs more
than it saves. Here a server process (Python's forkserver) imports what the steps need once, while the main process does the
same, and every job gets fresh forks of it. The server itself runs nothing, so that a fork inherits no threads.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from components.child_python import starting
from components.errors import RunError

CONTEXT = multiprocessing.get_context("forkserver")
PRELOAD = "pipeline.beam.preload"
BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
_lock = threading.Lock()  # two threads that read one exit code at a time would lose it, and `Process.start` reads all

_killed = threading.Event()  # the server process, which `Process.start` would start again


def environment() -> AbstractContextManager[None]:
    """What the server process, and with it every worker, is to be started in.

    A worker computes with one thread, if the environment does not say otherwise: there are as many workers as cores, and numpy's
    threads would wait for each other's.
    """
    return starting(**dict.fromkeys(BLAS_THREADS, "1"))


def start(modules: Sequence[str] = ()) -> None:
    """Starts the server process, which begins to import at once. Returns without waiting for it.

    Args:
      modules: full names of what the steps' Beam work needs besides `PRELOAD`.
    """
    _killed.clear()
    CONTEXT.set_forkserver_preload([PRELOAD, *modules])
    with environment():
        resource_tracker.ensure_running()
        forkserver.ensure_running()


def begin(process: BaseProcess) -> None:
    """Forks a process of `CONTEXT`. Waits for the server process, as long as it imports.

    Raises:
      RunError: there is no server process, and a new one ends at once.
    """
    with _lock:
        if _killed.is_set():
            raise RunError("a worker process can't be started: the process that it is a fork of was ended, as it hung.")
        try:
            process.start()
        except (OSError, EOFError) as error:
            raise RunError(
                f"a worker process can't be started ({type(error).__name__}: {error}): the process that it is a fork of ends "
                "while it loads what workers need. The log has why; 'plumbline doctor' checks the installation."
            ) from error


def exit_code(process: BaseProcess) -> int:
    """That of a process which has ended, or is about to."""
    with _lock:
        process.join()
        return process.exitcode or 0


def kill_server() -> None:
    """Ends the server process at once: one that hangs would outlive this process, with the terminal held open."""
    _killed.set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == os.getpid() and b"multiprocessing.forkserver" in (folder / "cmdline").read_bytes():
                    os.kill(int(folder.name), signal.SIGKILL)


def wait_until_loaded(modules: Sequence[str], seconds: float) -> None:
    """Waits until the server process has imported all that `start` told it to, by asking a fork of it.

    Args:
      modules: what `start` was given.
      seconds: to wait at most.

    Raises:
      RunError: a module can't be imported, which Python's forkserver passes over in silence; or the server process ends or hangs.
    """
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_report, args=([PRELOAD, *modules], theirs), daemon=True)
    refused: list[RunError] = []

    def ask() -> None:
        try:
            begin(process)
        except RunError as error:
            refused.append(error)
        finally:
            theirs.close()

    threading.Thread(target=ask, name="ask-fork-server", daemon=True).start()
    with ours:
        if not ours.poll(seconds):
            raise RunError(
                f"what workers need has not been loaded within {seconds:g} s. The machine is too busy, or a module hangs: "
                "'plumbline doctor' checks the installation."
            )
        try:
            wrong = ours.recv()
        except EOFError:
            if refused:
                raise refused[0] from None
            wrong = "a fork of the process that has it ended at once"
    if wrong:
        raise RunError(f"what workers need can't be loaded: {wrong}. 'plumbline doctor' checks the installation.")


def _report(modules: Sequence[str], link: Connection) -> None:
    """In a fork: says which of the modules isn't there and why; an empty text if all are."""
    wrong = ""
    for name in modules:
        if name not in sys.modules and not wrong:
            try:
                importlib.import_module(name)
            except ImportError as error:  # any other has ended the server process
                wrong = f"{name}: {type(error).__name__}: {error}"
    link.send(wrong)
