"""Watches a run's jobs on Flink while their client waits: how far they are, and whether they can get any further."""

from __future__ import annotations

import contextlib
import http.client
import logging
import threading
import time
from collections.abc import Iterator

from components.errors import PlumblineError, RunError
from pipeline.beam.cluster_errors import ours
from pipeline.beam.engine import Watch
from pipeline.beam.flink_rest import FlinkRest

PAUSE = 1.0
LOST_SECONDS = 30.0  # without an answer of the JobManager, or with fewer slots than the job needs
_NO_ANSWER = (OSError, http.client.HTTPException)


class FlinkWatch:
    """Of all jobs of a run."""

    def __init__(self, rest: FlinkRest, run: str, parallelism: int, watch: Watch) -> None:
        """Takes whom it asks, the run that the jobs are of (`engine.run_of`), how many slots they need, and whom it tells."""
        self._rest = rest
        self._run = run
        self._parallelism = parallelism
        self._watch = watch

    @contextlib.contextmanager
    def job(self) -> Iterator[None]:
        """Watches as long as a job runs."""
        over = threading.Event()
        threading.Thread(target=self._look, args=(over,), name="flink-watch", daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def end(self) -> None:
        """Cancels what still runs; for a job whose client has gone."""
        try:
            for job in self._rest.jobs_of(self._run):
                self._rest.cancel(job.id)
        except (*_NO_ANSWER, RunError):
            logging.exception("Flink's jobs were not cancelled")

    def _look(self, over: threading.Event) -> None:
        well = time.monotonic()
        while not over.wait(PAUSE):
            wrong, at_once = self._once()
            if wrong is None:
                well = time.monotonic()
            elif (at_once or time.monotonic() - well > LOST_SECONDS) and not over.is_set():
                self._watch.fail(wrong)
                return

    def _once(self) -> tuple[PlumblineError | None, bool]:
        """Tells how far the job is. Returns what is wrong, and whether that is so without lasting."""
        try:
            jobs = self._rest.jobs_of(self._run)
            slots = self._rest.cluster().slots
            error = ours("\n".join(self._rest.errors(job.id) for job in jobs))
        except _NO_ANSWER as error:
            return RunError(
                f"Flink's JobManager at {self._rest.address} has not answered for {LOST_SECONDS:g} s: {error}. Look at "
                "its log, start it again, and run again: the steps that are done are in the cache."
            ), False
        except RunError as error:
            return error, False
        for job in jobs:
            self._watch.on_stage(job.begun, job.tasks)
        if error is None and jobs and slots < self._parallelism:
            return RunError(
                f"Flink at {self._rest.address} has lost TaskManagers: for {LOST_SECONDS:g} s it has had {slots} slots, "
                f"and the job needs {self._parallelism}. Start as many again, or lower beam.parallelism, and run again: "
                "the steps that are done are in the cache."
            ), False
        return error, True
