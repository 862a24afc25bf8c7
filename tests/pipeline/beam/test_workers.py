import os
import re
import subprocess
import sys
import time

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
    self._forked.wait()
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


# A job whose workers, or the process that they are forks of, run into what a module does.
BEGUN = """
import os, sys, time
{top}
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from pipeline.beam import fork_server, workers, in_process as ours

if {guard}:
    workers.START_SECONDS = 20.0
    fork_server.start({preload})
    with beam.Pipeline(options=PipelineOptions(ours.local_args(2))) as pipeline:
        _ = pipeline | beam.Create([1, 2, 3, 4]) | beam.Reshuffle() | beam.Map(str)
"""
NOT_BEGUN = "a worker process has not begun to work within 20 s of its start."
NO_SERVER = "the process that it is a fork of ends while it loads what workers need."


@pytest.mark.parametrize(
    ("top", "guard", "preload", "said"),
    [
        ("", "__name__ == '__main__'", "['ends']", NO_SERVER),
        ("", "__name__ == '__main__'", "['sleeps']", NOT_BEGUN),
        ("if __name__ != '__main__': os._exit(3)", "True", "[]", "a worker process ended with exit code 3"),
        ("if __name__ != '__main__': time.sleep(70)", "True", "[]", NOT_BEGUN),
    ],
    ids=["server-ends", "server-hangs", "fork-ends", "fork-hangs"],
)
def test_workers_that_never_begin_end_the_job(tmp_path, top, guard, preload, said):
    (tmp_path / "ends.py").write_text("raise SystemExit('no')\n")
    (tmp_path / "sleeps.py").write_text("import time\ntime.sleep(1000)\n")
    script = tmp_path / "job.py"
    script.write_text(BEGUN.format(top=top, guard=guard, preload=preload))
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        timeout=150,
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("pipeline.beam.errors.WorkerDied: "), done.stderr
    assert re.search(said, last)
    assert "--workers 0" in last
    assert time.monotonic() - begun < 100
