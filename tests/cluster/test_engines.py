"""Plumbline's engines `flink` and `portable`, on a real Flink cluster."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from components.errors import DataError, RunError
from pipeline.beam.engine import Run, Watch
from pipeline.beam.engines import ENGINES
from pipeline.beam.flink_rest import FlinkRest
from pipeline.config.beam import Beam
from pipeline.local.stopping import fail_main, stoppable
from tests.cluster import jvm
from tests.cluster.test_cluster import until

pytestmark = [pytest.mark.e2e, pytest.mark.flink]


@pytest.fixture
def section(flink, pool) -> Callable[..., Beam]:
    def made(**keys: Any) -> Beam:
        jar = str(jvm.installed("flink") / "plumbline-job-server.jar")
        said = {"engine": "flink", "master": flink.rest, "job_server_jar": jar}
        return Beam.model_validate({**said, "environment": {"type": "EXTERNAL", "config": pool}, **keys})

    return made


def portable(address: str, pool: str) -> Beam:
    environment = {"type": "EXTERNAL", "config": pool}
    return Beam.model_validate(
        {"engine": "portable", "endpoint": address, "environment": environment, "parallelism": 2}
    )


def prepared(said: Beam, name: str, stages: list[tuple[int, int]] | None = None) -> list[str]:
    """Beam's arguments, when the engine has been looked at and is watched, as a run does it."""
    engine, run = ENGINES[said.engine], Run(job_name=name)
    said = engine.look(said, run)
    watch: Any = Watch(
        lambda begun, total: stages.append((begun, total)) if stages is not None else None, None, fail_main
    )  # type: ignore[arg-type]
    engine.watch(said, run, watch)
    return engine.arguments(said, run)


def test_all_slots_are_taken_and_progress_is_told(beam_loaded, section, tmp_path):
    from tests.cluster import jobs

    stages: list[tuple[int, int]] = []
    with stoppable():
        arguments = prepared(section(), "plumbline-mean", stages)
        assert "--parallelism=2" in arguments
        assert "--flink_version=1.19" in arguments
        assert jobs.run_mean(arguments, 60, 0.1, str(tmp_path / "mean")).wait_until_finish() == "DONE"
    assert (tmp_path / "mean").read_text() == "29.5"
    assert stages
    assert all(begun <= total for begun, total in stages)


@pytest.mark.parametrize("door", ["flink", pytest.param("portable", marks=pytest.mark.slow)])
def test_a_workers_own_error_ends_the_job_with_its_text(beam_loaded, section, flink_job_service, pool, door, tmp_path):
    from tests.cluster import jobs

    said = section() if door == "flink" else portable(flink_job_service, pool)
    begun = time.monotonic()
    with stoppable(), pytest.raises(DataError) as caught:
        arguments = prepared(said, f"plumbline-refused-{door}")
        jobs.run_mean(arguments, 100, 0.0, str(tmp_path / "mean"), refused=7).wait_until_finish()
    assert str(caught.value) == "row 7 is refused; expected another [as 8]"
    assert not (tmp_path / "mean").exists()
    if door == "flink":  # which tries it four times, four seconds apart, if it is let
        assert time.monotonic() - begun < 25


def test_a_killed_run_leaves_no_job_to_the_next(beam_loaded, section, flink, tmp_path):
    from tests.cluster import jobs

    jobs.run_mean(prepared(section(), "plumbline-orphan"), 200, 0.2, str(tmp_path / "mean"))  # nobody waits for it
    until(lambda: FlinkRest(flink.rest).cluster().free == 0, 60)
    with pytest.raises(
        RunError,
        match=r"^beam\.master: Flink at .* is full: 0 of its 2 slots are free, and 2 are wanted\. Its jobs: plum",
    ):
        ENGINES["flink"].look(section(), Run(job_name="plumbline-other"))
    assert ENGINES["flink"].look(section(), Run(job_name="plumbline-orphan")).parallelism == 2
    assert flink.jobs()["plumbline-orphan"] == "CANCELED"


def test_a_killed_run_leaves_no_job_to_the_next_behind_a_job_service(
    beam_loaded, flink, flink_job_service, pool, tmp_path
):
    from tests.cluster import jobs

    said = portable(flink_job_service, pool)
    jobs.run_mean(prepared(said, "plumbline-left"), 1000, 1.0, str(tmp_path / "mean"))
    until(lambda: flink.jobs().get("plumbline-left") == "RUNNING", 60)
    prepared(said, "plumbline-left")
    until(lambda: flink.jobs()["plumbline-left"] == "CANCELED", 60)


@pytest.mark.slow
def test_a_task_manager_that_does_not_come_back_ends_the_job_in_words(beam_loaded, section, flink, tmp_path):
    from tests.cluster import jobs

    with stoppable():
        job = jobs.run_mean(prepared(section(), "plumbline-lost"), 600, 0.5, str(tmp_path / "mean"))
        until(lambda: flink.jobs().get("plumbline-lost") == "RUNNING", 60)
        killed = time.monotonic()
        flink.kill(next(index for index, each in enumerate(flink.task_managers) if each.poll() is None))
        with pytest.raises(
            RunError,
            match=r"has lost TaskManagers: for 30 s it has had 1 slots, and the job needs 2\. Start|too few slots",
        ):
            job.wait_until_finish()
    assert time.monotonic() - killed < 60
    flink.start_task_manager()
    flink.wait_for_slots(2)
    until(lambda: flink.jobs()["plumbline-lost"] in {"CANCELED", "FAILED"}, 60)


def test_workers_of_other_code_are_told(beam_loaded, section, tmp_path):
    from tests.cluster import jobs

    other = "plumbline-other-code0123456789ab"
    with stoppable(), pytest.raises(RunError) as caught:
        jobs.run_mean(prepared(section(), other), 100, 0.0, str(tmp_path / "mean")).wait_until_finish()
    told = r"the workers on \S+ have other code \([0-9a-f]{12}\) than the run \(0123456789ab\)\. Install the same .+"
    assert re.fullmatch(told, str(caught.value))


def test_more_slots_than_there_are(section):
    with pytest.raises(
        RunError, match=r"^beam\.parallelism: expected as many slots as that, 3; Flink at .* has 2, of 2 TaskM"
    ):
        ENGINES["flink"].look(section(parallelism=3), Run())


def test_an_engine_that_is_something_else(beam_loaded, section, flink, flink_job_service, pool):
    with pytest.raises(RunError, match=r"^beam\.master: what listens at .* does not answer as Flink's REST"):
        ENGINES["flink"].look(section(master=flink_job_service), Run())
    said = portable(flink.rest, pool)
    with pytest.raises(RunError, match=r"^beam\.endpoint: what listens at .* does not answer as a Beam job service"):
        ENGINES["portable"].watch(said, Run(), None)  # type: ignore[arg-type]


def test_a_job_manager_that_hangs_is_told(monkeypatch):
    """One that takes the connection and never answers."""
    from pipeline.beam import flink_rest, flink_watch

    monkeypatch.setattr(flink_rest, "_SECONDS", 0.2)
    monkeypatch.setattr(flink_watch, "LOST_SECONDS", 1.0)
    with socket.create_server(("localhost", 0)) as server:
        told: list[Exception] = []
        seen = threading.Event()

        def fail(error: Exception) -> None:
            told.append(error)
            seen.set()

        watch: Any = Watch(lambda begun, total: None, None, fail)  # type: ignore[arg-type]
        rest = FlinkRest(f"localhost:{server.getsockname()[1]}")
        with flink_watch.FlinkWatch(rest, "plumbline", 1, watch).job():
            assert seen.wait(20)
    assert str(told[0]).startswith(f"Flink's JobManager at {rest.address} has not answered for 1 s: timed out. Look at")
