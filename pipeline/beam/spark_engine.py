"""The engine `spark`: a standalone cluster, by Beam's SparkRunner, which starts Beam's job server on this machine."""

from __future__ import annotations

from pipeline.beam.engine import Engine, Run, Watch
from pipeline.beam.portable_engine import begin_nothing, cluster_arguments
from pipeline.beam.reach import check_listening, check_seen
from pipeline.config.beam import Beam


def _arguments(section: Beam, run: Run) -> list[str]:
    jar = [f"--spark_job_server_jar={section.job_server_jar}"] if section.job_server_jar else []
    return [*cluster_arguments("SparkRunner", section, run), f"--spark_master_url={section.master}", *jar]


def _look(section: Beam, run: Run) -> Beam:
    master = str(section.master)
    check_listening(master, "beam.master", "Spark's master")
    check_seen(run.places, section.shared, master)
    return section


def _watch(section: Beam, run: Run, watch: Watch) -> None:
    """Its jobs end with the job server, which ends with the run."""


SPARK = Engine(
    "spark",
    frozenset({"master", "environment"}),
    frozenset({"job_server_jar", "shared", "options"}),
    _arguments,
    _look,
    begin_nothing,
    _watch,
)
