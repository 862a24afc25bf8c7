"""Clients that ask different things without a pause, in processes of their own, and what they saw of each minute."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import itertools
import multiprocessing
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

import grpc

TIMEOUT = 30.0  # seconds

Ask = Callable[[], None]


@dataclasses.dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
      title: of it.
      rest: whether by REST, else by gRPC.
      path: of REST, or the method of gRPC.
      body: of the request.
      answer: that is right, of REST; b"" if any is.
    """

    title: str
    rest: bool
    path: str
    body: bytes
    answer: bytes = b""


@dataclasses.dataclass
class Asked:
    """What clients saw. Millions of answers fit.

    Attributes:
      at: when each answer came, Unix time.
      took: milliseconds, of each.
      question: its number, of each.
      failures: when, and texts.
    """

    at: array[float] = dataclasses.field(default_factory=lambda: array("d"))
    took: array[float] = dataclasses.field(default_factory=lambda: array("d"))
    question: array[int] = dataclasses.field(default_factory=lambda: array("H"))
    failures: list[tuple[float, str]] = dataclasses.field(default_factory=list)

    def add(self, other: Asked) -> None:
        """Takes what other clients saw."""
        self.at += other.at
        self.took += other.took
        self.question += other.question
        self.failures += other.failures


class Clients:
    """Processes of clients.

    Args:
      ports: of REST and of gRPC.
      questions: each client asks all in turn, from one of them on.
      threads: clients in each process, half of REST and half of gRPC.
      processes: number of them.
    """

    def __init__(self, ports: tuple[int, int], questions: Sequence[Question], threads: int, processes: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._links = []
        self._processes = []
        for _ in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, ports, questions, threads), daemon=True)
            process.start()
            theirs.close()
            self._links.append(ours)
            self._processes.append(process)

    def finish(self) -> Asked:
        """Lets them end, and gives what all saw."""
        for link in self._links:
            link.send("end")
        every = Asked()
        for link, process in zip(self._links, self._processes, strict=True):
            found: Asked = link.recv()
            every.add(found)
            process.join()
        return every


def _work(link: Connection, ports: tuple[int, int], questions: Sequence[Question], threads: int) -> None:
    over = threading.Event()
    found = [Asked() for _ in range(threads)]

    def client(number: int) -> None:
        own, rest = found[number], number % 2 == 0
        mine = [(index, question) for index, question in enumerate(questions) if question.rest == rest]
        with _Rest(ports[0]) if rest else _Grpc(ports[1]) as ask:
            for index, question in itertools.islice(itertools.cycle(mine), number // 2, None):
                if over.is_set():
                    return
                before = time.perf_counter()
                try:
                    ask(question)
                except (OSError, http.client.HTTPException, grpc.RpcError) as error:
                    own.failures.append((time.time(), f"{question.title}: {error!r}"[:500]))
                own.at.append(time.time())
                own.took.append(1000 * (time.perf_counter() - before))
                own.question.append(index)

    workers = [threading.Thread(target=client, args=(number,)) for number in range(threads)]
    for each in workers:
        each.start()
    link.recv()
    over.set()
    for each in workers:
        each.join()
    every = Asked()
    for each_found in found:
        every.add(each_found)
    link.send(every)


class _Rest(contextlib.AbstractContextManager["_Rest"]):
    """Asks on one connection. A question raises OSError if it isn't answered well."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)

    def __call__(self, question: Question) -> None:
        try:
            self._connection.request("POST", question.path, question.body, {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
        if answer.status != 200:
            raise OSError(f"{answer.status} {said[:300]!r}")
        if question.answer and said != question.answer:
            raise OSError(f"another answer: {said[:300]!r}")

    def __exit__(self, *_: object) -> None:
        self._connection.close()


class _Grpc(contextlib.AbstractContextManager["_Grpc"]):
    """Asks on one channel."""

    def __init__(self, port: int) -> None:
        # Of its own: channels to one address otherwise share a connection.
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)])
        self._calls: dict[str, Callable[..., bytes]] = {}

    def __call__(self, question: Question) -> None:
        if question.path not in self._calls:
            self._calls[question.path] = self._channel.unary_unary(
                question.path, request_serializer=None, response_deserializer=None
            )
        self._calls[question.path](question.body, timeout=TIMEOUT)

    def __exit__(self, *_: object) -> None:
        self._channel.close()
