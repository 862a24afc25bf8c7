"""Beam's DataflowRunner, which reads and writes by whole batches as the other engines do, with errors in words."""

from __future__ import annotations

from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import Pipeline
from apache_beam.runners.dataflow import dataflow_runner

from pipeline.beam import batched_io
from pipeline.beam.cluster import Job

batched_io.install()


class DataflowRunner(dataflow_runner.DataflowRunner):
    """Beam's own. It has its name, by which Beam knows which options to check."""

    def run_pipeline(self, pipeline: Pipeline, options: PipelineOptions) -> Any:
        """Submits a job, and returns at once."""
        failures = (dataflow_runner.DataflowRuntimeException,)
        return Job(super().run_pipeline(pipeline, options), "dataflow", failures=failures)
