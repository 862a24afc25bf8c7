"""How a run ends that is stopped, killed or robbed of its workers, or stands still. Each test goes on in the root of the last."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from components.publishing.versions import versions
from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.e2e]

FAILED, RUNNING = 4, 2  # of ML Metadata's Execution.State
CONFIG = REPOSITORY / "data/seed/pipeline.yaml"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("stopping") / "R"


@contextlib.contextmanager
def running(root: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A run in a folder that holds traps for whatever imports from the working directory."""
    folder = root.parent / "traps"
    for name in ("components/__init__.py", "pipeline/__init__.py", "json.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("raise SystemExit('imported from the working directory')")
    command = [sys.executable, "-P", "-m", "pipeline.cli", "run", str(CONFIG), "--root", str(root), *args]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=folder, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], step: str) -> None:
    """Until a step is done."""
    assert any(line.strip().startswith(step) for line in process.stdout), process.stderr.read()


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The two forks of the warm server, as soon as there are two."""
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        found = []
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if child.ppid() != process.pid and "forkserver" in " ".join(child.parent().cmdline()):
                    found.append(child)
        if len(found) == 2:
            return found
        time.sleep(0.02)
    raise AssertionError(process.communicate())


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code and what it said in the end."""
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def states(root: Path) -> dict[int, int]:
    with contextlib.closing(sqlite3.connect(root / "metadata.db")) as database:
        return dict(database.execute("SELECT id, last_known_state FROM Execution"))


def left_by(root: Path, execution: int) -> list[Path]:
    return [path for path in (root / "pipelines").rglob(str(execution)) if any(path.rglob("*"))]


def summary(root: Path) -> Any:
    return json.loads(sorted((root / "pipelines/seed/runs").glob("*.json"))[-1].read_text())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_run_with_a_summary_and_no_half_artifact(root, number, code):
    with running(root) as process:
        wait_for(process, "DataGate")
        time.sleep(0.3)
        process.send_signal(number)
        name = signal.Signals(number).name
        message = f"plumbline: stopped by {name} in Transform. Run again: the steps that are done are in the cache.\n"
        assert ended(process) == (code, message)
    assert summary(root)["exit_code"] == code
    assert message.partition(": ")[2].strip() == summary(root)["error"]
    last = max(states(root))
    assert states(root)[last] == FAILED
    assert not left_by(root, last)
    assert not (root / "serving").exists()


def test_a_worker_that_is_killed_ends_the_run(root):
    with running(root, "--workers", "2", "--no-cache") as process:
        workers(process)[0].send_signal(signal.SIGKILL)
        code, said = ended(process)
    assert code == 1
    assert said.startswith(
        "plumbline: error: ExampleGen: a worker process was ended by SIGKILL before its work was done."
    )
    assert said.count("\n") == 1
    assert RUNNING not in states(root).values()


def test_workers_that_stand_still_end_the_run_with_the_name_of_the_step(root):
    with running(root, "--workers", "2", "--no-cache", "--step-timeout", "5") as process:
        for worker in workers(process):
            worker.suspend()
        code, said = ended(process)
    assert code == 1
    assert said.startswith("plumbline: error: ExampleGen: its Beam job stood still for 5 s: no bundle began or ended")
    assert said.count("\n") == 1
    assert RUNNING not in states(root).values()


def test_what_a_killed_run_left_is_closed_by_the_next_which_goes_on(root):
    with running(root) as process:
        wait_for(process, "DataGate")
        time.sleep(0.3)
        process.kill()
        process.wait()
    [left] = [execution for execution, state in states(root).items() if state == RUNNING]
    shutil.rmtree(root / "serving", ignore_errors=True)
    with running(root) as process:  # Beam's arguments are part of the cache's key
        code, said = ended(process)
    assert code == 0, said
    assert states(root)[left] == FAILED
    assert not left_by(root, left)
    assert len(versions(root / "serving/seed")) == 1
    assert all(step["cached"] for step in summary(root)["steps"][:5])
