"""The stock runners of Beam, on a real Flink cluster behind the stand-in for Beam's job service."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import jvm
from tests.cluster.conftest import job_service

pytestmark = [pytest.mark.e2e, pytest.mark.flink]
LINES = ["one two three", "two three", "three"] * 30


@pytest.fixture
def options(beam_loaded, flink_job_service, pool) -> Callable[[str], list[str]]:
    """Flags of the stock PortableRunner."""

    def named(name: str) -> list[str]:
        return [
            *(
                "--runner=PortableRunner",
                f"--job_endpoint={flink_job_service}",
                "--parallelism=2",
                f"--job_name={name}",
            ),
            *("--environment_type=EXTERNAL", f"--environment_config={pool}"),
        ]

    return named


def counted(result: Any, name: str) -> list[tuple[int, int]]:
    found = result.metrics().query()["counters"]
    return [(each.committed, each.attempted) for each in found if each.key.metric.name == name]


def until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not so after {seconds} s"
        time.sleep(0.2)


def test_words_are_counted_on_both_task_managers(options, flink, tmp_path):
    from tests.cluster import jobs

    result = jobs.run_words(options("words"), LINES, str(tmp_path / "words"))
    assert result.wait_until_finish() == "DONE"
    assert (tmp_path / "words").read_text() == "one=30 three=90 two=60"
    assert flink.jobs()["words"] == "FINISHED"
    [job] = [job["jid"] for job in flink.get("/jobs/overview")["jobs"] if job["name"] == "words"]
    vertices = [flink.get(f"/jobs/{job}/vertices/{vertex['id']}") for vertex in flink.get(f"/jobs/{job}")["vertices"]]
    used = {task["taskmanager-id"] for vertex in vertices for task in vertex["subtasks"]}
    assert len(used) == 2


@pytest.mark.slow
def test_two_jobs_run_at_a_time_and_what_workers_count_comes_back(options, flink, tmp_path):
    from tests.cluster import jobs

    names = ["first", "second"]  # Two slots are for one job of parallelism 2, or for two of 1.
    flags = [[*options(name), "--parallelism=1"] for name in names]
    results = [jobs.run_mean(each, 100, 0.1, str(tmp_path / name)) for each, name in zip(flags, names, strict=True)]
    until(lambda: [flink.jobs().get(name) for name in names] == ["RUNNING", "RUNNING"], 60)
    for name, result in zip(names, results, strict=True):
        assert result.wait_until_finish() == "DONE"
        assert (tmp_path / name).read_text() == "49.5"
        assert counted(result, "paused") == [(100, 100)]


@pytest.mark.slow
def test_what_a_worker_raises_is_the_error_that_is_told(options, flink, tmp_path, caplog):
    from tests.cluster import jobs

    with caplog.at_level(logging.DEBUG):
        result = jobs.run_mean(options("refused"), 100, 0.0, str(tmp_path / "mean"), refused=7)
        with pytest.raises(RuntimeError, match=r"(?s)failed in state FAILED: .*DataError: row 7 is refused"):
            result.wait_until_finish()
    levels = {record.levelno for record in caplog.records if "row 7 is refused" in record.getMessage()}
    assert levels >= {logging.DEBUG, logging.ERROR}
    assert flink.jobs()["refused"] == "FAILED"
    assert not (tmp_path / "mean").exists()


@pytest.mark.slow
def test_what_would_have_to_be_staged_is_refused(options, tmp_path):
    from grpc import RpcError

    from tests.cluster import jobs

    (tmp_path / "more.txt").write_text("more")
    staged = f"--files_to_stage={tmp_path / 'more.txt'}"
    with pytest.raises(RpcError, match=r"received more\.txt to be staged, which this job service can't"):
        jobs.run_mean([*options("staged"), staged], 10, 0.0, str(tmp_path / "mean"))


@pytest.mark.slow
def test_a_job_that_is_cancelled_ends_on_flink_too(options, flink, tmp_path):
    from tests.cluster import jobs

    result = jobs.run_mean(options("endless"), 1000, 1.0, str(tmp_path / "mean"))
    until(lambda: flink.jobs().get("endless") == "RUNNING", 60)
    result.cancel()
    with pytest.raises(RuntimeError, match="failed in state CANCELLED"):
        result.wait_until_finish()
    assert result.state == "CANCELLED"
    until(lambda: flink.jobs()["endless"] == "CANCELED", 10)


def test_the_stock_flink_runner_starts_the_job_server_jar(beam_loaded, flink, pool, tmp_path):
    from tests.cluster import jobs

    options = [
        *("--runner=FlinkRunner", f"--flink_master={flink.rest}", "--parallelism=2", "--job_name=by-jar"),
        *("--environment_type=EXTERNAL", f"--environment_config={pool}"),
        f"--flink_job_server_jar={jvm.installed('flink') / 'plumbline-job-server.jar'}",
    ]
    assert jobs.run_mean(options, 100, 0.0, str(tmp_path / "mean")).wait_until_finish() == "DONE"
    assert (tmp_path / "mean").read_text() == "49.5"
    assert flink.jobs()["by-jar"] == "FINISHED"


@pytest.mark.slow
@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_a_job_service_takes_its_jvm_with_it(flink, tmp_path, how):
    with job_service(flink.rest, tmp_path) as (process, _):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 1
        getattr(process, how)()
        process.wait(timeout=10)
        until(lambda: not is_running(int(children[0])), 10)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def test_a_new_task_manager_takes_the_place_of_a_killed_one(options, flink, tmp_path):
    from tests.cluster import jobs

    result = jobs.run_mean(options("killed"), 60, 0.2, str(tmp_path / "mean"))
    until(lambda: flink.jobs().get("killed") == "RUNNING", 60)
    time.sleep(2)
    flink.kill(0)
    flink.start_task_manager()
    assert result.wait_until_finish() == "DONE"
    assert (tmp_path / "mean").read_text() == "29.5"
