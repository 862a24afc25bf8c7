"""Servers in processes of their own, and what these take: processor time, memory, files."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

START_SECONDS = 180.0
STOP_SECONDS = 20.0
REPOSITORY = Path(__file__).parent.parent


@dataclasses.dataclass(frozen=True)
class Usage:
    """What the processes of a server have taken.

    Attributes:
      cpu: processor seconds, of those that live.
      rss: bytes; pages that processes share count once in each.
      files: open file descriptors, of each process by its id.
    """

    cpu: float
    rss: int
    files: Mapping[int, int]


@dataclasses.dataclass(frozen=True)
class Running:
    """A server that runs.

    Attributes:
      name: of its model.
      base_path: the folder of its versions.
      rest_port: of REST.
      grpc_port: of gRPC; 0 if it has none.
      log: files that it writes.
      process: the one that was started.
    """

    name: str
    base_path: Path
    rest_port: int
    grpc_port: int
    log: Sequence[Path]
    process: subprocess.Popen[bytes]

    def tree(self) -> list[psutil.Process]:
        """Its processes that live."""
        try:
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def usage(self) -> Usage:
        """What it has taken by now."""
        cpu, rss, files = 0.0, 0, {}
        for each in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied), each.oneshot():
                times = each.cpu_times()
                cpu += times.user + times.system
                rss += each.memory_info().rss
                files[each.pid] = each.num_fds()
        return Usage(cpu, rss, files)

    def said(self) -> str:
        """What is in its log files."""
        return "".join(path.read_text(errors="replace") for path in self.log if path.exists())

    def kill(self) -> None:
        """Ends all its processes at once."""
        for each in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def newest_version(root: Path, name: str) -> Path:
    """The newest version of a model that a root's runs have pushed. Ends the program if there is none."""
    base = root / "serving" / name
    found = sorted((path for path in base.glob("*") if path.name.isdigit()), key=lambda path: int(path.name))
    if not found:
        sys.exit(f"{base}: expected a pushed version. Run the pipeline first, or say --root.")
    return found[-1]


@contextlib.contextmanager
def running(
    command: Sequence[str],
    where: Running,
    environment: Mapping[str, str] | None = None,
    folder: Path = REPOSITORY,
    ready: str = "/healthz",
) -> Iterator[Running]:
    """Runs a command meanwhile, from when an address of it answers.

    Args:
      command: that starts a server.
      where: what it will be; its process is filled in.
      environment: variables of the process besides this one's.
      folder: to run it in.
      ready: the path that answers once the server does.
    """
    env = {**os.environ, **(environment or {})}
    with where.log[0].open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=env, cwd=folder)  # noqa: S603
    server = dataclasses.replace(where, process=process)
    try:
        _wait(f"http://127.0.0.1:{server.rest_port}{ready}", server)
        yield server
    finally:
        tree = server.tree()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for each in psutil.wait_procs(tree, 1)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()


def _wait(url: str, server: Running) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - an address of this machine
                return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{url} never answered:\n{server.said()[-4000:]}")


@contextlib.contextmanager
def plumbline(checkout: Path, config: Path, name: str, version: Path, options: Sequence[str] = ()) -> Iterator[Running]:
    """`plumbline serve` of a checkout of this repository, on a copy of one version.

    Args:
      checkout: the folder of the repository.
      config: of the pipeline that made the version.
      name: of the pipeline.
      version: a folder of a SavedModel.
      options: of `serve`.
    """
    with tempfile.TemporaryDirectory(prefix="plumbline-bench-") as temporary:
        root = Path(temporary)
        base_path = root / "serving" / name
        shutil.copytree(version, base_path / version.name)
        rest, grpc = free_port(), free_port()
        ports = ["--rest-port", str(rest), "--grpc-port", str(grpc)]
        command = [sys.executable, "-m", "pipeline.cli", "serve", str(config.resolve()), "--root", str(root), *ports]
        log = (root / "out", root / "logs" / f"{name}-serve.log")
        where = Running(name, base_path, rest, grpc, log, None)  # type: ignore[arg-type] # `running` fills it in
        with running([*command, *options], where, {"PYTHONPATH": str(checkout)}, checkout) as server:
            yield server
