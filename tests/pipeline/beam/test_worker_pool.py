"""`plumbline workers`, asked by Beam's own job service, by runners that are killed, and in an installation that is broken."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from components.errors import RunError
from tests.conftest import REPOSITORY, plumbline

# A runner: what it prints is what came back of workers, and what they logged.
JOB = """
import sys
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

address, seconds, out = sys.argv[1], float(sys.argv[2]), sys.argv[3]

def work(element):
    import logging, os, sys, time
    logging.warning("element %d is worked on", element)
    print("printed by a worker")
    time.sleep(seconds)
    warm = {"tensorflow_transform", "components.gather.executor"} <= set(sys.modules)
    return f"{element} {os.getpid()} {warm} {os.environ['OMP_NUM_THREADS']}"

if __name__ == "__main__":
    options = ["--runner=PortableRunner", "--job_endpoint=embed", "--environment_type=EXTERNAL"]
    with beam.Pipeline(options=PipelineOptions([*options, f"--environment_config={address}"])) as pipeline:
        rows = pipeline | beam.Create(range(20)) | beam.Reshuffle() | beam.Map(work)
        _ = rows | beam.io.WriteToText(out, num_shards=1, shard_name_template="")
"""


class Pool:
    """`plumbline workers`, which runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder / "log"
        env = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
        with self._log.open("w") as log:
            # A shell has what it starts in the background ignore SIGINT, and all below that.
            self.process = subprocess.Popen(
                ["env", "--default-signal=INT", sys.executable, "-m", "pipeline.cli", "workers", "--port", "0"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=folder,
                env={**env, "PYTHONPATH": str(REPOSITORY)},
            )
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline(), self.process.stdout.readline()]
        said = re.fullmatch(r"loading .* for (\S+)\nlistening on (\S+): .*\n", "".join(lines))
        assert said, self.log
        assert said[1] == said[2]
        self.address = said[1]
        self.port = int(self.address.rpartition(":")[2])

    @property
    def log(self) -> str:
        return self._log.read_text()

    def workers(self) -> list[psutil.Process]:
        """Those that live, by the log."""
        found = []
        for number in re.findall(r"\(process (\d+)\) begins", self.log):
            with contextlib.suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(int(number)))
        return found

    def wait_for_workers(self, count: int, seconds: float = 30) -> list[psutil.Process]:
        """Waits until so many live."""
        end = time.monotonic() + seconds
        while len(found := self.workers()) != count:
            assert time.monotonic() < end, self.log
            time.sleep(0.05)
        return found

    def wait_for_line(self, words: str) -> str:
        end = time.monotonic() + 30
        while not (found := [line for line in self.log.splitlines() if words in line]):
            assert time.monotonic() < end, self.log
            time.sleep(0.05)
        return found[0]

    @contextlib.contextmanager
    def job(self, name: str, seconds: float) -> Iterator[subprocess.Popen[str]]:
        """A runner that asks it for a worker, in another process; what it wrote is in `<folder>/<name>`."""
        script = self.folder / "job.py"
        script.write_text(JOB)
        pipe = subprocess.PIPE
        command = [sys.executable, script, self.address, str(seconds), self.folder / name]
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=self.folder) as process:
            try:
                yield process
            finally:
                process.kill()

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    pool = Pool(tmp_path_factory.mktemp("pool"))
    yield pool
    pool.stop()


@pytest.fixture
def own_pool(tmp_path: Path) -> Iterator[Pool]:
    pool = Pool(tmp_path)
    yield pool
    pool.stop()


def rows(path: Path) -> list[list[str]]:
    return sorted((line.split() for line in path.read_text().splitlines()), key=lambda row: int(row[0]))


@pytest.mark.e2e
def test_a_job_is_done_by_warm_forks_which_end_with_it(pool):
    pids = set()
    for name in ("first", "second"):
        with pool.job(name, 0.01) as job:
            out, log = job.communicate(timeout=120)
        assert job.returncode == 0, log
        done = rows(pool.folder / name)
        assert [int(number) for number, *_ in done] == list(range(20))
        assert {(warm, threads) for _, _, warm, threads in done} == {("True", "1")}
        assert all(f"element {number} is worked on" in log for number in range(20))  # by way of the runner
        assert "printed by a worker" not in out + log
        pids |= {pid for _, pid, *_ in done}
        pool.wait_for_workers(0)
    assert len(pids) == 2
    assert all(f"(process {pid}) has ended with exit code 0" in pool.log for pid in pids)
    assert pool.log.count("printed by a worker") == 40
    assert "element 7 is worked on" not in pool.log


@pytest.mark.e2e
def test_two_runners_whose_workers_have_one_number_do_not_disturb_each_other(pool):
    import grpc
    from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

    with pool.job("one", 0.3) as one, pool.job("other", 0.3) as other:
        pool.wait_for_workers(2, 60)
        with grpc.insecure_channel(pool.address) as channel:
            stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
            stub.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id="worker_0"), timeout=10)
        logs = [job.communicate(timeout=120)[1] for job in (one, other)]
        assert (one.returncode, other.returncode) == (0, 0), logs
    for name in ("one", "other"):
        assert [int(number) for number, *_ in rows(pool.folder / name)] == list(range(20))
    pool.wait_for_workers(0)


@pytest.mark.e2e
def test_a_worker_whose_runner_is_killed_ends_in_the_midst_of_its_work(pool):
    with pool.job("killed", 60) as job:
        [worker] = pool.wait_for_workers(1, 60)
        time.sleep(3)  # it works on the first element
        job.kill()
        begun = time.monotonic()
        pool.wait_for_workers(0)
        assert time.monotonic() - begun < 20
    assert f"(process {worker.pid}): the runner at " in pool.wait_for_line("does not answer: UNAVAILABLE")


@pytest.mark.e2e
def test_a_worker_that_is_killed_is_said_and_the_pool_goes_on(pool):
    with pool.job("robbed", 60):
        [worker] = pool.wait_for_workers(1, 60)
        worker.kill()
        line = pool.wait_for_line(f"(process {worker.pid}) was ended by SIGKILL")
    assert line.endswith("The kernel does that when memory runs out; there are 0")
    with pool.job("after", 0) as job:
        assert job.wait(120) == 0


@pytest.mark.e2e
def test_what_is_no_runner_gets_no_worker(pool):
    """The pool itself, which has no options to give."""
    import grpc
    from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc, endpoints_pb2

    itself = endpoints_pb2.ApiServiceDescriptor(url=pool.address)
    request = beam_fn_api_pb2.StartWorkerRequest(worker_id="lost", control_endpoint=itself, provision_endpoint=itself)
    with grpc.insecure_channel(pool.address) as channel:
        stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
        answer = stub.StartWorker(request, timeout=10)
    assert answer.error == f"the runner at {pool.address} does not answer: UNIMPLEMENTED"
    pool.wait_for_workers(0)


@pytest.mark.e2e
def test_a_second_pool_on_its_port_is_refused(pool):
    done = plumbline("workers", "--port", pool.port)
    assert (done.code, done.out) == (1, "")
    [line] = [line for line in done.err.splitlines() if "plumbline" in line]
    assert re.fullmatch(rf"plumbline: error: --port {pool.port}: another process listens on \S+:{pool.port}\. .*", line)


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_pool_and_its_workers(own_pool, number):
    with own_pool.job("left", 60):
        [worker] = own_pool.wait_for_workers(1, 60)
        begun = time.monotonic()
        own_pool.process.send_signal(number)
        assert own_pool.process.wait(20) == 0
        assert time.monotonic() - begun < 8
        assert not psutil.pid_exists(worker.pid) or worker.status() == psutil.STATUS_ZOMBIE
    assert "Traceback" not in own_pool.log
    assert "stopped within" in own_pool.log


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("raise ImportError('libodd.so: no such file')", "ImportError: libodd.so: no such file"),
        ("raise SystemExit('no')", "the process that it is a fork of ends while it loads what workers need"),
    ],
)
def test_a_broken_installation_is_said_at_the_start(tmp_path, does, said):
    (tmp_path / "tensorflow_transform").mkdir()
    (tmp_path / "tensorflow_transform" / "__init__.py").write_text(f"{does}\n")
    path = os.pathsep.join([str(tmp_path), str(REPOSITORY)])
    done = plumbline("workers", "--port", "0", env={"PYTHONPATH": path})
    assert done.code == 1
    assert "listening" not in done.out
    [line] = [line for line in done.err.splitlines() if line.startswith("plumbline: error: ")]
    assert said in line
    assert "plumbline doctor" in line


def test_a_port_is_free_only_if_it_is_at_all_addresses_of_the_host():
    from pipeline.beam.worker_pool import _check_free

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(RunError, match=rf"--port {port}: another process listens on 127.0.0.1:{port}\. End it"):
            _check_free("localhost", port)
    _check_free("localhost", port)


def test_a_host_that_is_none_is_said():
    from pipeline.beam.worker_pool import _check_free

    with pytest.raises(RunError, match=r"--host nowhere\.invalid: no such host"):
        _check_free("nowhere.invalid", 50000)
