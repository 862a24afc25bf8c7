"""Parts of Apache Beam 2.73 that are none of its API: the runners of clusters, and the protocol of their job services."""

from __future__ import annotations

import dataclasses
from typing import Any

import grpc
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc
from apache_beam.runners.portability.flink_runner import FlinkRunner
from apache_beam.runners.portability.job_server import JobServer
from apache_beam.runners.portability.portable_runner import PortableRunner
from apache_beam.runners.portability.spark_runner import SparkRunner

__all__ = ["FlinkRunner", "Job", "JobServer", "PortableRunner", "SparkRunner", "cancel_job", "jobs_of"]

_SECONDS = 20.0  # in which a job service answers
_OVER = {"DONE", "FAILED", "CANCELLED", "DRAINED", "UPDATED"}
_NAME = "beam:option:job_name:v1"


@dataclasses.dataclass(frozen=True)
class Job:
    """A job of a service that is not over.

    Attributes:
      id: its number.
      name: as its pipeline's options have it.
    """

    id: str
    name: str


def jobs_of(channel: grpc.Channel) -> list[Job]:
    """The jobs of a service that are not over.

    Raises:
      grpc.RpcError: it does not answer, or is none.
    """
    answer: Any = _service(channel).GetJobs(beam_job_api_pb2.GetJobsRequest(), timeout=_SECONDS)
    return [
        Job(job.job_id, job.pipeline_options[_NAME] if _NAME in job.pipeline_options else job.job_name)
        for job in answer.job_info
        if beam_job_api_pb2.JobState.Enum.Name(job.state) not in _OVER
    ]


def cancel_job(channel: grpc.Channel, job: Job) -> None:
    """Asks for a job's end. Raises as `jobs_of`."""
    _service(channel).Cancel(beam_job_api_pb2.CancelJobRequest(job_id=job.id), timeout=_SECONDS)


def _service(channel: grpc.Channel) -> Any:
    return beam_job_api_pb2_grpc.JobServiceStub(channel)
