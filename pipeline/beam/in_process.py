"""Which Beam engine runs the steps' work, with which flags, and how its progress is seen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, ClassVar

from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.pipeline import Pipeline
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.beam import batched_io
from pipeline.beam.watchdog import Watchdog
from pipeline.beam.workers import WarmProcessEnvironment

# The in-process runner is named, because Beam's default first tries to download another one. The image is used by no
# in-process runner: its flag keeps TFX from building a source package of itself for every step.
LOCAL_ARGS = ["--runner=pipeline.beam.in_process.ProgressRunner", "--sdk_container_image=none"]

batched_io.install()


def local_args(workers: int) -> list[str]:
    """Beam's arguments for a run with some worker processes; with fewer than 2, the work is done in this process."""
    return [*LOCAL_ARGS, f"--direct_num_workers={workers}"] if workers > 1 else [*LOCAL_ARGS]


class ProgressRunner(FnApiRunner):
    """Beam's in-process runner, with warm worker processes if `--direct_num_workers` asks; tells a listener which stage runs, and
    a watchdog that something moves.

    Overrides two private methods of Beam 2.73: nothing public reports progress before the job ends.
    """

    on_stage: ClassVar[Callable[[int, int], None] | None] = None  # stages begun, stages in all
    watchdog: ClassVar[Watchdog | None] = None

    def run_pipeline(self, pipeline: Pipeline, options: PipelineOptions) -> Any:
        """Runs one job."""
        if options.view_as(DirectOptions).direct_num_workers > 1:
            self._default_environment = WarmProcessEnvironment()
        with contextlib.nullcontext() if self.watchdog is None else self.watchdog.job():
            return super().run_pipeline(pipeline, options)

    def run_stages(self, stage_context: Any, stages: list[Any]) -> Any:
        """Runs the stages of one job."""
        self._stage_count = len(stages)
        self._begun: set[str] = set()
        return super().run_stages(stage_context, stages)

    def _execute_bundle(self, runner_execution_context: Any, bundle_context_manager: Any, bundle_input: Any) -> Any:
        self._begun.add(bundle_context_manager.stage.name)
        if ProgressRunner.on_stage is not None:
            ProgressRunner.on_stage(len(self._begun), self._stage_count)
        self._tell_watchdog()
        result = super()._execute_bundle(runner_execution_context, bundle_context_manager, bundle_input)
        self._tell_watchdog()
        return result

    def _tell_watchdog(self) -> None:
        if self.watchdog is not None:
            self.watchdog.bundle()
