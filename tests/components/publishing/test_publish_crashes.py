"""Publishing is killed, or its file system fails, at every file operation (`crashes.py`)."""

import subprocess
import sys

import pytest

from tests.components.publishing.crashes import SCENARIOS
from tests.conftest import REPOSITORY


def tried(scenario):
    command = [sys.executable, "-m", "tests.components.publishing.crashes", scenario]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr
    return {mode: int(count) for count, mode in (line.split(" ", 1) for line in done.stdout.splitlines())}


QUICK = "first publish"  # one is tried in `make unit`, all in `make test`


@pytest.mark.parametrize(
    "scenario", [pytest.param(name, marks=[pytest.mark.slow] * (name != QUICK)) for name in SCENARIOS]
)
def test_killed_or_failing_at_every_file_operation(scenario):
    points = tried(scenario)
    print(f"\n{scenario}: {sum(points.values())} points, {points}")  # noqa: T201
    assert points["EIO"] > 100 and points["torn write"] > 1 and points["ENOSPC"] > 4
    assert min(points[mode] for mode in points.keys() - {"EIO", "torn write", "ENOSPC"}) > 30
    assert len(points) == 7


def test_that_the_faults_are_found():
    [points] = tried("forget to sync").values()
    assert points
