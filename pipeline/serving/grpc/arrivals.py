"""Calls that are open without being answered: cut off when they take too long."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Iterator

import grpc

LAST_SECONDS = 1.0  # for messages that are on their way when the server ends


class Arrivals:
    """Cuts off callers that don't send what they announced. Each has a thread of the server to itself until then.

    Args:
      seconds: that one may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[int, tuple[float, grpc.ServicerContext]] = {}
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="arrivals", daemon=True).start()

    @contextlib.contextmanager
    def within(self, context: grpc.ServicerContext) -> Iterator[None]:
        """Cancels the call if the block takes longer than `seconds`."""
        self._waiting[id(context)] = (time.monotonic() + self._seconds, context)
        try:
            yield
        finally:
            self._waiting.pop(id(context), None)

    def stop(self) -> None:
        """What is on its way now gets `LAST_SECONDS` to arrive."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(min(1.0, self._seconds / 4)):
            self._cut(time.monotonic())
        time.sleep(LAST_SECONDS)
        self._cut(math.inf)

    def _cut(self, now: float) -> None:
        for key, (due, context) in list(self._waiting.items()):
            if due < now:
                self._waiting.pop(key, None)
                context.cancel()
