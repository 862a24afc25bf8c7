"""The engine `flink`: a cluster, by Beam's FlinkRunner, which starts Beam's job server on this machine."""

from __future__ import annotations

import logging
import time

from components.errors import RunError
from pipeline.beam.engine import Engine, Run, Watch, run_of
from pipeline.beam.flink_rest import Cluster, FlinkRest
from pipeline.beam.portable_engine import begin_nothing, cluster_arguments
from pipeline.beam.reach import check_listening, check_seen
from pipeline.config.beam import Beam

VERSIONS = ("1.17", "1.18", "1.19", "1.20")  # that Beam 2.73 has a runner for
_CANCEL_SECONDS = 60.0
_FREE_SECONDS = 60.0  # in which the slots of a job that has ended become free: its workers end what they have begun


def _arguments(section: Beam, run: Run) -> list[str]:
    jar = [f"--flink_job_server_jar={section.job_server_jar}"] if section.job_server_jar else []
    return [*cluster_arguments("FlinkRunner", section, run), f"--flink_master={section.master}", *jar]


def _look(section: Beam, run: Run) -> Beam:
    master = str(section.master)
    check_listening(master, "beam.master", "Flink's JobManager")
    rest = FlinkRest(master)
    cluster = rest.cluster()
    version = cluster.version.rpartition(".")[0]
    if version not in VERSIONS:
        raise RunError(
            f"beam.master: Flink at {master} has version {cluster.version}; Beam has runners for {', '.join(VERSIONS)}. "
            "Use a cluster of one of these."
        )
    _end_orphans(rest, run_of(run.job_name))
    parallelism = _check_slots(rest, section.parallelism)
    check_seen(run.places, section.shared, master)
    options = [*section.options]
    if not any(option.startswith("--flink_version=") for option in options):
        options.append(f"--flink_version={version}")
    return section.model_copy(update={"parallelism": parallelism, "options": options})


def _end_orphans(rest: FlinkRest, run: str) -> None:
    """Cancels the jobs that a run, which was killed, has left, and waits until they are gone."""
    deadline = time.monotonic() + _CANCEL_SECONDS
    asked: set[str] = set()
    while left := rest.jobs_of(run):
        for job in left:
            if job.id not in asked:
                logging.warning("cancelling Flink's job %s, which a run that was killed left", job.id)
                rest.cancel(job.id)
                asked.add(job.id)
        if time.monotonic() > deadline:
            raise RunError(
                f"beam.master: the job {left[0].id} ({left[0].name}) of a run that was killed is still {left[0].state} at "
                f"{rest.address} {_CANCEL_SECONDS:g} s after it was cancelled. End it in Flink, then run again."
            )
        time.sleep(0.5)


def _check_slots(rest: FlinkRest, wanted: int | None) -> int:
    """How many slots the jobs will take: as many as wanted, or all.

    Raises:
      RunError: there are not as many, or others have them.
    """
    cluster: Cluster = rest.cluster()
    if not cluster.slots:
        raise RunError(
            f"beam.master: Flink at {rest.address} has no TaskManager, and so no slot. Start one, then run again."
        )
    if wanted is not None and wanted > cluster.slots:
        raise RunError(
            f"beam.parallelism: expected as many slots as that, {wanted}; Flink at {rest.address} has {cluster.slots}, of "
            f"{cluster.task_managers} TaskManagers. Start more of these, or lower beam.parallelism."
        )
    parallelism = wanted or cluster.slots
    deadline = time.monotonic() + _FREE_SECONDS
    while parallelism > cluster.free and not rest.jobs() and time.monotonic() < deadline:
        time.sleep(0.5)
        cluster = rest.cluster()
    if parallelism > cluster.free:
        holders = ", ".join(sorted({job.name for job in rest.jobs()})) or "none that it names"
        raise RunError(
            f"beam.master: Flink at {rest.address} is full: {cluster.free} of its {cluster.slots} slots are free, and "
            f"{parallelism} are wanted. Its jobs: {holders}. Wait for them, lower beam.parallelism, or start more TaskManagers."
        )
    return parallelism


def _watch(section: Beam, run: Run, watch: Watch) -> None:
    from pipeline.beam.cluster import FlinkRunner
    from pipeline.beam.flink_watch import FlinkWatch

    FlinkRunner.watch = FlinkWatch(
        FlinkRest(str(section.master)), run_of(run.job_name), section.parallelism or 1, watch
    )


FLINK = Engine(
    "flink",
    frozenset({"master", "environment"}),
    frozenset({"parallelism", "job_server_jar", "shared", "options"}),
    _arguments,
    _look,
    begin_nothing,
    _watch,
)
