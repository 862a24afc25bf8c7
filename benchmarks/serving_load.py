"""Servers in processes of their own, clients that call as fast as they are answered, and what these see."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import grpc
import numpy as np

TIMEOUT = 30.0  # seconds
START_SECONDS = 120
REPOSITORY = Path(__file__).parent.parent
PREDICT = "/tensorflow.serving.PredictionService/Predict"


class Client(Protocol):
    """One client. `call` raises Failed if it isn't answered; `close` ends it."""

    def call(self) -> bytes: ...

    def close(self) -> None: ...


class Failed(Exception):
    """A request that wasn't answered as it should be."""


class RestClient:
    """Posts one body again and again on one connection."""

    def __init__(self, port: int, path: str, body: bytes) -> None:
        self._path = path
        self._body = body
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)

    def call(self) -> bytes:
        try:
            self._connection.request("POST", self._path, self._body, {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Failed(repr(error)) from error
        if answer.status != 200:
            raise Failed(f"{answer.status} {said[:500]!r}")
        return said

    def close(self) -> None:
        self._connection.close()


class GrpcClient:
    """Sends one serialised PredictRequest again and again on one channel; the answer is not parsed."""

    def __init__(self, port: int, request: bytes) -> None:
        self._request = request
        # Of its own: channels to one address otherwise share a connection.
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)])
        self._predict = self._channel.unary_unary(PREDICT, request_serializer=None, response_deserializer=None)

    def call(self) -> bytes:
        try:
            return self._predict(self._request, timeout=TIMEOUT)
        except grpc.RpcError as error:
            raise Failed(str(error)[:500]) from error

    def close(self) -> None:
        self._channel.close()


class LocalClient:
    """Calls a function of this process."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function

    def call(self) -> bytes:
        self._function()
        return b""

    def close(self) -> None:
        """Has nothing to close."""


@dataclasses.dataclass(frozen=True)
class Seen:
    """What clients saw.

    Attributes:
      p50, p99: milliseconds from call to answer.
      rate: answers per second, of all clients.
      requests: number of calls.
      failures: texts of those that failed.
    """

    p50: float
    p99: float
    rate: float
    requests: int
    failures: list[str]


def run(
    make: Callable[[], Client], clients: int, seconds: float, answered: Callable[[bytes], None] | None = None
) -> Seen:
    """Lets clients call for some time, after a tenth of it that isn't counted.

    Args:
      make: a client.
      clients: number of them.
      seconds: that are counted.
      answered: looks at each answer.
    """
    took: list[list[float]] = [[] for _ in range(clients)]
    failures: list[str] = []
    start = threading.Barrier(clients)

    def work(own: list[float]) -> None:
        client = make()
        start.wait()
        begin = time.perf_counter() + seconds / 10
        now = 0.0
        while now < begin + seconds:
            before = time.perf_counter()
            try:
                said = client.call()
            except Failed as error:
                failures.append(str(error))
                said = None
            now = time.perf_counter()
            if said is not None and answered is not None:
                answered(said)
            if before >= begin:
                own.append(now - before)
        client.close()

    threads = [threading.Thread(target=work, args=(own,)) for own in took]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = np.concatenate([np.array(own) for own in took])
    p50, p99 = np.percentile(every, [50, 99]) * 1000
    return Seen(float(p50), float(p99), len(every) / seconds, len(every), failures)


@contextlib.contextmanager
def process(command: list[str], env: dict[str, str] | None = None) -> Iterator[Path]:
    """A process that runs meanwhile; the file with what it says."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as out:
            started = subprocess.Popen(command, stdout=out, stderr=out, env=env, cwd=REPOSITORY)  # noqa: S603
        try:
            yield log
        finally:
            started.terminate()
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait(url: str, log: Path) -> None:
    """Until an address answers."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - an address of this machine
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"{url} never answered:\n{log.read_text()[-4000:]}")
