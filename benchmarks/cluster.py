"""What the benchmarks of engines start: a cluster, warm workers, a job service, and runs of `plumbline run` on them."""

from __future__ import annotations

import contextlib
import dataclasses
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.works import REPOSITORY
from tests.cluster import jvm
from tests.cluster.conftest import job_service, server
from tests.cluster.flink import FlinkCluster

LOAD_SECONDS = 300.0  # in which a pool has loaded TensorFlow


@dataclasses.dataclass
class Surroundings:
    """A Flink cluster, a pool of workers, and a job service if the door is `portable`."""

    folder: Path
    door: str
    cluster: FlinkCluster
    machines: int
    pool: int
    service: contextlib.ExitStack = dataclasses.field(default_factory=contextlib.ExitStack)
    service_process: subprocess.Popen[bytes] | None = None
    endpoint: str = ""

    def start_service(self) -> None:
        """Starts the job service, again if there was one."""
        self.service.close()
        if self.door == "portable":
            self.service_process, self.endpoint = self.service.enter_context(
                job_service(self.cluster.rest, self.folder)
            )

    def section(self) -> dict[str, Any]:
        """The section `beam` of the configuration."""
        if self.door == "portable":
            return section(self.door, self.pool, endpoint=self.endpoint, parallelism=self.machines)
        return section(self.door, self.pool, master=self.cluster.rest)

    def mend(self) -> None:
        """Starts what has been killed."""
        for process in self.cluster.task_managers:
            process.poll()
        living = sum(process.poll() is None for process in self.cluster.task_managers)
        for _ in range(self.machines - living):
            self.cluster.start_task_manager()
        self.cluster.wait_for_slots(self.machines)
        if self.service_process is not None and self.service_process.poll() is not None:
            self.start_service()


def section(engine: str, pool: int, **more: str | int) -> dict[str, Any]:
    """A section `beam` whose workers are of the pool at a port; Flink and Spark have the job-server jar that `make` made."""
    said = {"engine": engine, "environment": {"type": "EXTERNAL", "config": f"localhost:{pool}"}, **more}
    if engine in ("flink", "spark"):
        said["job_server_jar"] = str(jvm.installed(engine) / "plumbline-job-server.jar")
    return said


@contextlib.contextmanager
def worker_pool(folder: Path) -> Iterator[int]:
    """A pool of warm workers, and its port."""
    [port] = jvm.free_ports(1)
    log = folder / "pool.log"
    with server(["-m", "pipeline.cli", "workers", "--port", str(port)], port, log) as process:
        until = time.monotonic() + LOAD_SECONDS
        while b"listening" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"expected a pool of workers that listens at {port}; it said:\n{log.read_text()}")
            time.sleep(0.2)
        yield port


@contextlib.contextmanager
def surroundings(folder: Path, door: str, machines: int = 2) -> Iterator[Surroundings]:
    """Starts them all, with as many TaskManagers as machines."""
    folder.mkdir(parents=True)
    with worker_pool(folder) as pool, FlinkCluster(folder / "flink", machines) as cluster:
        found = Surroundings(folder, door, cluster, machines, pool)
        found.start_service()
        try:
            yield found
        finally:
            found.service.close()


@dataclasses.dataclass(frozen=True)
class Run:
    """A run that has ended."""

    code: int
    said: str
    seconds: float

    @property
    def last(self) -> str:
        """The line that says why it ended, or the last."""
        lines = [line for line in self.said.splitlines() if line.strip()]
        return next((line for line in lines if line.startswith("plumbline:")), lines[-1] if lines else "(nothing)")


def begin(config: Path, root: Path, *arguments: str) -> tuple[subprocess.Popen[bytes], Path]:
    """Begins a run; returns its process, and the file that takes what it says."""
    said = root.parent / "said.txt"
    command = [sys.executable, "-m", "pipeline.cli", "run", str(config), "--root", str(root), *arguments]
    with said.open("wb") as out:
        return subprocess.Popen([*jvm.WITH_PARENT, *command], cwd=REPOSITORY, stdout=out, stderr=out), said  # noqa: S603


def finish(process: subprocess.Popen[bytes], said: Path, begun: float, longest: float) -> Run:
    """Waits for it; one that takes too long is ended, and told so."""
    try:
        code = process.wait(longest)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    return Run(code, said.read_text(), time.monotonic() - begun)
