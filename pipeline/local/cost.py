"""What a step costs of this machine: processor time and memory of the run's process and of all below it."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from pathlib import Path
from typing import Self

from pipeline.beam.watchdog import processor_seconds

# Seconds; a shorter step has what is so at its end. To ask Linux for a process's share takes some 20 ms: more often, the watchdog
# would take that for work.
EVERY = 10.0


@dataclasses.dataclass(frozen=True)
class Cost:
    """Of a step.

    Attributes:
      processor_seconds: of all processes and threads together.
      peak_memory: bytes; what processes share counts once. 0 where the system doesn't tell.
    """

    processor_seconds: float
    peak_memory: int


class Meter:
    """Measures as long as its context lasts."""

    def __init__(self) -> None:
        self._used: dict[int, float] = {}  # of processes that have ended too
        self._before = 0.0
        self._peak = 0
        self._lock = threading.Lock()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._look()
        self._before = sum(self._used.values())
        threading.Thread(target=self._watch, name="cost", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def lap(self) -> Cost:
        """The cost since the last call, or since the beginning."""
        self._look()
        with self._lock:
            total = sum(self._used.values())
            cost = Cost(total - self._before, self._peak)
            self._before, self._peak = total, 0
        return cost

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        used = processor_seconds()
        memory = sum(map(_memory, used))
        with self._lock:
            self._used.update(used)
            self._peak = max(self._peak, memory)


def _memory(number: int) -> int:
    """A process's proportional share of memory, in bytes; 0 if it has ended, or the system doesn't tell."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
