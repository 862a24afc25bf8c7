"""A client that asks for one row every 10 ms, by REST and gRPC in turn, and how long it waits while something else happens."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import multiprocessing
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

import grpc
import numpy as np

from benchmarks.serving_requests import PREDICT

EVERY = 0.01  # seconds
AT_ONCE = 32  # requests
TIMEOUT = 60.0  # seconds


@dataclasses.dataclass(frozen=True)
class Waited:
    """What the client saw.

    Attributes:
      p50, p99, longest: milliseconds from when a request was due to its answer; a late start counts.
      requests: number of them.
      failures: texts of those that failed.
    """

    p50: float
    p99: float
    longest: float
    requests: int
    failures: list[str]


class Neighbour:
    """A client in a process of its own; `seen` is filled in when it has ended."""

    seen: Waited


@contextlib.contextmanager
def neighbour(rest_port: int, path: str, body: bytes, grpc_port: int, request: bytes) -> Iterator[Neighbour]:
    """Lets the client ask meanwhile, and first for half a second alone.

    Args:
      rest_port: of the server.
      path: of a prediction.
      body: of it.
      grpc_port: of the server.
      request: a serialised PredictRequest.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_ask, args=(theirs, rest_port, path, body, grpc_port, request), daemon=True)
    process.start()
    theirs.close()
    ours.recv()
    result = Neighbour()
    try:
        time.sleep(0.5)
        yield result
    finally:
        ours.send("end")
        try:
            result.seen = ours.recv()
        except EOFError:
            result.seen = Waited(np.nan, np.nan, np.nan, 0, ["the client has ended"])
        process.join()


def _ask(link: Connection, rest_port: int, path: str, body: bytes, grpc_port: int, request: bytes) -> None:
    waited: list[float] = []
    failures: list[str] = []
    local = threading.local()
    # Several connections: a server of several processes gives each to one of them.
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.insecure_channel(f"127.0.0.1:{grpc_port}", options) for _ in range(4)]
    calls = [channel.unary_unary(PREDICT, request_serializer=None, response_deserializer=None) for channel in channels]

    def by_rest() -> None:
        connection = getattr(local, "connection", None) or http.client.HTTPConnection(
            "127.0.0.1", rest_port, timeout=TIMEOUT
        )
        local.connection = connection
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.status != 200:
            raise OSError(f"{answer.status} {said[:200]!r}")

    def once(number: int, due: float) -> None:
        try:
            if number % 2:
                by_rest()
            else:
                calls[number // 2 % len(calls)](request, timeout=TIMEOUT)
        except (OSError, http.client.HTTPException, grpc.RpcError) as error:
            failures.append(repr(error)[:300])
        if number >= 0:
            waited.append(time.monotonic() - due)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number in range(-2 * AT_ONCE, 0):
            pool.submit(once, number, 0.0).result()  # connections are made
        failures.clear()
        link.send("ready")
        start, number = time.monotonic(), 0
        while not link.poll():
            due = start + number * EVERY
            time.sleep(max(0.0, due - time.monotonic()))
            pool.submit(once, number, due)
            number += 1
    for channel in channels:
        channel.close()
    p50, p99, longest = np.percentile(waited, [50, 99, 100]) * 1000
    link.send(Waited(float(p50), float(p99), float(longest), len(waited), failures))
