from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest

from pipeline.beam.watchdog import Watchdog, processor_seconds
from tests.conftest import REPOSITORY


@pytest.fixture
def watch():
    """A watchdog of a second, and what it has been told to fail with."""
    errors: list[Exception] = []
    dog = Watchdog(1.0, errors.append, lambda error: errors.append(SystemExit(str(error))))
    dog.step = "Transform"
    return dog, errors


def test_a_job_that_stands_still_is_ended_with_the_name_of_its_step(watch):
    dog, errors = watch
    with dog.job():
        time.sleep(3.5)
    [error] = errors
    assert str(error).startswith("Transform: its Beam job stood still for 1 s: no bundle began or ended")


def test_one_that_works_or_moves_is_not(watch):
    dog, errors = watch
    with dog.job():  # one long bundle
        end = time.monotonic() + 3
        while time.monotonic() < end:
            sum(range(10_000))
    with dog.job():  # many that wait for a disk
        for _ in range(12):
            time.sleep(0.25)
            dog.bundle()
    assert not errors


def test_work_of_a_process_below_counts(watch):
    dog, errors = watch
    busy = "import time\nend = time.monotonic() + 4\nwhile time.monotonic() < end: pass"
    with dog.job():
        subprocess.run(
            [sys.executable, "-c", f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {busy!r}])"],
            check=True,
        )
    assert not errors


def test_no_limit_is_no_limit():
    dog = Watchdog(0.0, pytest.fail, pytest.fail)
    with dog.job():
        time.sleep(0.2)


def test_processor_time_is_that_of_this_process_and_of_those_below():
    used = processor_seconds()
    assert 1 not in used or os.getpid() == 1
    assert used[os.getpid()] == pytest.approx(sum(os.times()[:2]), abs=0.5)


BLOCKED = """
import sys, threading
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from pipeline.beam import fork_server, in_process as ours
from pipeline.beam.watchdog import Watchdog
from pipeline.local.stopping import fail_main, stoppable

def block(element):
    import threading
    threading.Event().wait()

workers = int(sys.argv[1])
if workers:
    fork_server.start()
ours.ProgressRunner.watchdog = Watchdog(6.0, fail_main, lambda error: sys.exit("gave up"))
ours.ProgressRunner.watchdog.step = "Transform"
with stoppable():
    with beam.Pipeline(options=PipelineOptions(ours.local_args(workers))) as pipeline:
        _ = pipeline | beam.Create([1, 2, 3, 4]) | beam.Reshuffle() | beam.Map(block)
"""


@pytest.mark.e2e
@pytest.mark.parametrize("workers", [0, 2])
def test_a_function_that_waits_for_ever_ends_its_job(workers):
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, str(workers)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        timeout=150,
    )
    assert done.returncode == 1
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .startswith("components.errors.RunError: Transform: its Beam job stood still for 6 s")
    )
    assert re.search("in block$", done.stderr, re.MULTILINE), f"where each thread stood\n{done.stderr[-3000:]}"
