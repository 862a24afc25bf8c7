"""Load by nghttp2's `h2load`, the same for REST and gRPC: it takes a tenth of the processor time of a client in Python."""

from __future__ import annotations

import dataclasses
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.serving_process import Running
from benchmarks.serving_requests import PREDICT, framed


@dataclasses.dataclass(frozen=True)
class Load:
    """What is asked, again and again.

    Attributes:
      url: of it.
      body: of each request.
      headers: as `name: value`.
      http1: whether by HTTP/1.1; else by HTTP/2.
      answer: bytes of the right answer's body.
    """

    url: str
    body: bytes
    headers: tuple[str, ...]
    http1: bool
    answer: int


def rest_load(port: int, path: str, body: bytes, answer: int) -> Load:
    """Posts of a JSON body."""
    return Load(f"http://127.0.0.1:{port}{path}", body, ("content-type: application/json",), True, answer)


def grpc_load(port: int, request: bytes, answer: int) -> Load:
    """Calls of Predict with a serialised request; the answer is of so many bytes, with its frame."""
    headers = ("content-type: application/grpc", "te: trailers")
    return Load(f"http://127.0.0.1:{port}{PREDICT}", framed(request), headers, False, answer)


@dataclasses.dataclass(frozen=True)
class Seen:
    """What clients saw, and what it took.

    Attributes:
      took: [n] milliseconds from a request to its answer.
      seconds: that were measured.
      failed: number of requests that were not answered, or not as they should be.
      server_cpu: processor seconds of the server's processes, warm-up included.
      client_cpu: of the clients.
      calls: requests, warm-up included.
    """

    took: np.ndarray[tuple[int], np.dtype[np.float64]]
    seconds: float
    failed: int
    server_cpu: float
    client_cpu: float
    calls: int


def run(load: Load, server: Running, clients: int, seconds: float) -> Seen:
    """Lets clients ask, each again as soon as it is answered, after a fifth of the time that isn't counted.

    Args:
      load: what they ask.
      server: whose processor time is taken.
      clients: connections, with one request under way on each.
      seconds: that are counted.
    """
    program = shutil.which("h2load") or sys.exit("h2load: not on the PATH; Debian has it in nghttp2-client.")
    warm = max(1, round(seconds / 5))
    with tempfile.TemporaryDirectory() as folder:
        body, log = Path(folder) / "body", Path(folder) / "log"
        body.write_bytes(load.body)
        command = [program, "-c", str(clients), "-m", "1", "-t", "1", "-D", f"{seconds:g}", "--warm-up-time", str(warm)]
        command += ["--h1" if load.http1 else "--no-tls-proto=h2c", "-d", str(body), "--log-file", str(log)]
        command += [word for header in load.headers for word in ("-H", header)]
        before, own = server.usage().cpu, _children()
        done = subprocess.run([*command, load.url], capture_output=True, text=True, check=False)  # noqa: S603
        server_cpu, client_cpu = server.usage().cpu - before, _children() - own
        lines = log.read_text().split() if log.exists() else []
    if done.returncode or "finished in" not in done.stdout:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    if not lines:  # no request was answered in the time
        return Seen(np.empty(0), seconds, 0, server_cpu, client_cpu, 0)
    start, status, took = (np.array(lines[column::3], np.int64) for column in range(3))
    counted = start >= start.min() + warm * 1_000_000
    wrong = int(np.count_nonzero(status[counted] != 200))
    found = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", done.stdout)
    [size] = re.findall(r"\((\d+)\) data", done.stdout) or ["0"]
    broken = sum(map(int, found.groups())) if found else 0
    # A gRPC failure is a 200 without a message.
    short = max(0, len(took) - int(size) // load.answer - clients) if load.answer else 0
    failed = max(wrong, broken, short)
    return Seen(took[counted] / 1000, seconds, failed, server_cpu, client_cpu, len(took))


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
