import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.e2e

# A job whose connection fails before anybody has seen that the worker is dead.
LOST = """
import os, signal
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from pipeline.beam import fork_server, workers, in_process as ours

def die(element):
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)


def connection_is_lost(self, process):
    process.join()
    workers.fail_waiting(self, RuntimeError("Channel closed prematurely."))

workers.WarmProcessHandler._watch = connection_is_lost
fork_server.start()
with beam.Pipeline(options=PipelineOptions(ours.local_args(2))) as pipeline:
    _ = pipeline | beam.Create([1, 2, 3, 4]) | beam.Reshuffle() | beam.Map(die)
"""


def test_a_job_that_fails_of_a_dead_worker_says_so_whatever_failed_first():
    done = subprocess.run(
        [sys.executable, "-c", LOST], capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=150
    )
    assert done.returncode == 1
    assert "RuntimeError: Channel closed prematurely." in done.stderr
    assert "errors.WorkerDied: a worker process was ended by SIGKILL" in done.stderr.strip().splitlines()[-1]
