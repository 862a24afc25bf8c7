"""Beam's in-process runner: its flags, and how its progress is seen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, ClassVar

from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from components.internals.beam import BundleRunner, remember_inspections
from components.internals.tensorflow_transform import trace_once
from pipeline.beam import batched_io
from pipeline.beam.watchdog import Watchdog
from pipeline.beam.workers import WarmProcessEnvironment, deaths_told

# The in-process runner is named, because Beam's default first tries to download another one. The image is used by no
# in-process runner: its flag keeps TFX from building a source package of itself for every step.
LOCAL_ARGS = ["--runner=pipeline.beam.in_process.ProgressRunner", "--sdk_container_image=none"]

batched_io.install()
remember_inspections()
trace_once()


def local_args(workers: int) -> list[str]:
    """Beam's arguments for a run with some worker processes; with fewer than 2, the work is done in this process."""
    return [*LOCAL_ARGS, f"--direct_num_workers={workers}"] if workers > 1 else [*LOCAL_ARGS]


class ProgressRunner(BundleRunner):
    """Beam's in-process runner, with warm worker processes if `--direct_num_workers` asks; tells a listener which stage runs, and
    a watchdog that something moves.
    """

    on_stage: ClassVar[Callable[[int, int], None] | None] = None  # stages begun, stages in all
    watchdog: ClassVar[Watchdog | None] = None

    def run_pipeline(self, pipeline: Pipeline, options: PipelineOptions) -> Any:
        """Runs one job."""
        if options.view_as(DirectOptions).direct_num_workers > 1:
            self.use_environment(WarmProcessEnvironment())
        watched = contextlib.nullcontext() if self.watchdog is None else self.watchdog.job()
        # A block of rows is soon factored by one thread; by more, it waits for those that TensorFlow parses the next rows with.
        with deaths_told(), watched, threadpool_limits(1, "blas"):
            return super().run_pipeline(pipeline, options)

    def stages_begin(self, count: int) -> None:
        """A job begins."""
        self._stage_count = count
        self._begun: set[str] = set()

    def bundle_begins(self, stage: str) -> None:
        """Tells listener and watchdog."""
        self._begun.add(stage)
        if ProgressRunner.on_stage is not None:
            ProgressRunner.on_stage(len(self._begun), self._stage_count)
        self.bundle_ended()

    def bundle_ended(self) -> None:
        """Tells the watchdog."""
        if self.watchdog is not None:
            self.watchdog.bundle()
