"""Beam's runners that speak with a job service, with errors in words, and jobs that end with their client."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import grpc
from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    JobServerOptions,
    PipelineOptions,
    PortableOptions,
    SparkRunnerOptions,
)

from components.errors import PlumblineError
from components.internals import beam_clusters
from components.internals.beam import remember_inspections
from components.internals.beam_clusters import JobServer
from components.internals.tensorflow_transform import trace_once
from pipeline.beam import batched_io, reach
from pipeline.beam.cluster_errors import in_words
from pipeline.beam.flink_watch import FlinkWatch

batched_io.install()
remember_inspections()
trace_once()

_servers: dict[str, JobServer] = {}
_NOBODY = contextlib.nullcontext()


@contextlib.contextmanager
def told(engine: str, failures: tuple[type[Exception], ...] = (RuntimeError,)) -> Iterator[None]:
    """What Beam raises for a job that failed, or for a job service that has gone, becomes an error in words.

    Args:
      engine: its name.
      failures: all that Beam raises for a job that failed.
    """
    try:
        yield
    except PlumblineError:
        raise
    except grpc.RpcError as error:
        detail = error.details() if isinstance(error, grpc.Call) else str(error)
        raise in_words(f"the job service has gone: {detail}", engine) from error
    except failures as error:
        raise in_words(str(error), engine) from error


class Job:
    """A job that was submitted; what waits for it ends it if that is interrupted. All else is Beam's own result."""

    def __init__(
        self,
        result: Any,
        engine: str,
        watched: contextlib.AbstractContextManager[None] = _NOBODY,
        end: Callable[[], None] = lambda: None,
        failures: tuple[type[Exception], ...] = (RuntimeError,),
    ) -> None:
        self._result = result
        self._engine = engine
        self._watched = watched
        self._end = end
        self._failures = failures

    def __getattr__(self, name: str) -> Any:
        return getattr(self._result, name)

    def wait_until_finish(self, duration: int | None = None) -> Any:
        """Waits for the job's end.

        Args:
          duration: in milliseconds; None for ever.

        Returns:
          Its state.

        Raises:
          PlumblineError: it failed.
        """
        try:
            with told(self._engine, self._failures), self._watched:
                return self._result.wait_until_finish(duration)
        except BaseException:
            with contextlib.suppress(grpc.RpcError, *self._failures):  # it is over, or its service has gone
                self._result.cancel()
            self._end()
            raise


class _InWords(beam_clusters.PortableRunner):
    """What the runners here have in common."""

    engine: ClassVar[str]
    watch: ClassVar[FlinkWatch | None] = None

    def run_portable_pipeline(self, pipeline: Any, options: PipelineOptions) -> Any:
        """Submits a job, and returns at once.

        Raises:
          PlumblineError: what it is sent to isn't there, or does not take it.
        """
        self.check_listening(options)
        with told(self.engine):
            result = super().run_portable_pipeline(pipeline, options)
        if self.watch is None:
            return Job(result, self.engine)
        return Job(result, self.engine, self.watch.job(), self.watch.end)

    def check_listening(self, options: PipelineOptions) -> None:
        """Beam would wait for it for ever. What a run has looked at before it began may have gone since."""
        reach.check_listening(options.view_as(PortableOptions).job_endpoint, "beam.endpoint", "a Beam job service")

    def default_job_server(self, options: PipelineOptions) -> JobServer:
        """Beam's job server, which is a JVM: one for all jobs of a run."""
        key = f"{self.engine} {options.view_as(JobServerOptions)}"
        if key not in _servers:
            _servers[key] = super().default_job_server(options)
        return _servers[key]


class PortableRunner(_InWords):
    """Beam's PortableRunner."""

    engine = "portable"


class FlinkRunner(_InWords, beam_clusters.FlinkRunner):
    """Beam's FlinkRunner; its `watch` sees how far the jobs are."""

    engine = "flink"

    def check_listening(self, options: PipelineOptions) -> None:
        """As `PortableRunner`, of Flink."""
        reach.check_listening(options.view_as(FlinkRunnerOptions).flink_master, "beam.master", "Flink's JobManager")


class SparkRunner(_InWords, beam_clusters.SparkRunner):
    """Beam's SparkRunner."""

    engine = "spark"

    def check_listening(self, options: PipelineOptions) -> None:
        """As `PortableRunner`, of Spark."""
        reach.check_listening(options.view_as(SparkRunnerOptions).spark_master_url, "beam.master", "Spark's master")
