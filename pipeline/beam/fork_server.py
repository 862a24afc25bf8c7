"""Worker processes that are warm when a Beam job needs them: forked from a process that has imported TFX.

Beam's own multi-process mode starts new Python processes for every job, and each imports TensorFlow anew, which costs more
than it saves. Here a server process (Python's forkserver) imports what the steps need once, while the main process does the
same, and every job gets fresh forks of it. The server itself runs nothing, so that a fork inherits no threads.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing import forkserver, resource_tracker

from components.child_python import starting

CONTEXT = multiprocessing.get_context("forkserver")
PRELOAD = "pipeline.beam.preload"


BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


def start(modules: Sequence[str] = ()) -> None:
    """Starts the server process, which begins to import at once. Returns without waiting for it.

    A worker computes with one thread, if the environment does not say otherwise: there are as many workers as cores, and numpy's
    threads would wait for each other's.

    Args:
      modules: full names of what the steps' Beam work needs besides `PRELOAD`.
    """
    CONTEXT.set_forkserver_preload([PRELOAD, *modules])
    with starting(**dict.fromkeys(BLAS_THREADS, "1")):
        resource_tracker.ensure_running()
        forkserver.ensure_running()
