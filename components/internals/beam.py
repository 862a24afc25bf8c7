"""Parts of Apache Beam 2.73 that are none of its API: its in-process runner, and the workers that it starts."""

from __future__ import annotations

from typing import Any

from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler, WorkerHandler
from apache_beam.transforms.environments import Environment

__all__ = ["BundleRunner", "Environment", "GrpcWorkerHandler", "WorkerHandler", "fail_waiting", "serve_job"]


class BundleRunner(FnApiRunner):
    """Beam's in-process runner, which says what it does: nothing public reports progress before the job ends."""

    def use_environment(self, environment: Environment) -> None:
        """Runs the job's work in some environment other than this process."""
        self._default_environment = environment

    def stages_begin(self, count: int) -> None:
        """A job of some stages begins."""

    def bundle_begins(self, stage: str) -> None:
        """A bundle of a stage, which has this name, begins."""

    def bundle_ended(self) -> None:
        """It has ended."""

    def run_stages(self, stage_context: Any, stages: list[Any]) -> Any:
        """Runs the stages of one job."""
        self.stages_begin(len(stages))
        return super().run_stages(stage_context, stages)

    def _execute_bundle(self, runner_execution_context: Any, bundle_context_manager: Any, bundle_input: Any) -> Any:
        self.bundle_begins(bundle_context_manager.stage.name)
        result = super()._execute_bundle(runner_execution_context, bundle_context_manager, bundle_input)
        self.bundle_ended()
        return result


def serve_job(control_address: str, worker_id: str) -> None:
    """Does a worker's work of one job, until the runner at an address closes the connection.

    Output is sent when enough has gathered, never by the clock: Beam's timer (`data_buffer_time_limit_ms`, which its own
    multi-process mode sets) sends from another thread whatever there is, half an element among it, and rows are lost.
    """
    from apache_beam.runners.worker.sdk_worker import SdkHarness

    SdkHarness(control_address, worker_id=worker_id).run()


def fail_waiting(handler: GrpcWorkerHandler, error: Exception) -> None:
    """Ends with an error what waits for an answer of a worker."""
    for name, future in list(handler.control_conn._futures_by_id.items()):
        if not future.is_done():
            future.abort(error)
            future.set(beam_fn_api_pb2.InstructionResponse(instruction_id=name, error=str(error)))
