"""One cluster of Flink or Spark a session, with a job service and a worker pool: what a run on it needs."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import jvm
from tests.cluster.flink import FlinkCluster
from tests.cluster.spark import SparkCluster
from tests.conftest import REPOSITORY

START_SECONDS = 60


@contextlib.contextmanager
def server(command: list[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Python that listens at a port; ends with the `with`."""
    with log.open("wb") as out:
        process = subprocess.Popen([*jvm.WITH_PARENT, sys.executable, *command], cwd=REPOSITORY, stdout=out, stderr=out)
    try:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("localhost", port), timeout=1):
                yield process
                return
            time.sleep(0.1)
        raise RuntimeError(
            f"{command[1]}: expected it to listen at port {port}; it does not. It said:\n{log.read_text()}"
        )
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def job_service(master: str, folder: Path, engine: str = "flink") -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A job service for a cluster: its process and its "localhost:PORT"."""
    [port] = jvm.free_ports(1)
    option = {"flink": "--flink-master", "spark": "--spark-master-url"}[engine]
    command = ["-m", "tests.cluster.job_service", option, master, "--job-port", str(port)]
    with server(command, port, folder / f"job-service-{port}.log") as process:
        yield process, f"localhost:{port}"


@pytest.fixture(scope="session")
def beam_loaded() -> None:
    """Imports Beam, with the warnings that only its own import gives."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import apache_beam.runners.portability.portable_runner  # noqa: F401


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where cluster, job service and pool log."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def flink(logs: Path) -> Iterator[FlinkCluster]:
    """A JobManager and two TaskManagers, of one slot each. A test that kills one starts another."""
    with FlinkCluster(logs / "flink") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def flink_job_service(flink: FlinkCluster, logs: Path) -> Iterator[str]:
    """The "localhost:PORT" of a job service for it."""
    with job_service(flink.rest, logs) as (_, address):
        yield address


@pytest.fixture(scope="session")
def spark(logs: Path) -> Iterator[SparkCluster]:
    """A master and two workers, of one core each."""
    with SparkCluster(logs / "spark") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def spark_job_service(spark: SparkCluster, logs: Path) -> Iterator[str]:
    """The "localhost:PORT" of a job service for it."""
    with job_service(spark.url, logs, "spark") as (_, address):
        yield address


@pytest.fixture(scope="session")
def pool(logs: Path) -> Iterator[str]:
    """The "localhost:PORT" of `plumbline workers`."""
    [port] = jvm.free_ports(1)
    with server(["-m", "pipeline.cli", "workers", "--port", str(port)], port, logs / "pool.log"):
        yield f"localhost:{port}"
