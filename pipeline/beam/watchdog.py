"""Ends a Beam job that stands still: no bundle begins or ends, and its processes use no time of a processor."""

from __future__ import annotations

import contextlib
import faulthandler
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from components.errors import RunError

LEAST_SHARE = 0.05  # of a core: what waits uses less, what works uses more
LONGEST_PAUSE = 5.0
GRACE = 60.0  # seconds in which the job's thread has to take the error and to end its workers
_DUMP_SECONDS = 10.0  # in which workers have to write where they stand
_TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds() -> dict[int, float]:
    """Processor time of this process and of all below it, by process number."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(fields[1])
                used[int(folder.name)] = (int(fields[11]) + int(fields[12])) / _TICKS

    def is_ours(number: int) -> bool:
        while number in parents and number != os.getpid():
            number = parents[number]
        return number == os.getpid()

    return {number: seconds for number, seconds in used.items() if is_ours(number)}


class Watchdog:
    """Watches the Beam jobs of a run.

    Attributes:
      step: the step that runs, for the message.
    """

    def __init__(self, seconds: float, fail: Callable[[Exception], None], give_up: Callable[[Exception], None]) -> None:
        """Takes what it does.

        Args:
          seconds: after which a job that stands still is ended; 0 for never.
          fail: raises an error in the job's thread.
          give_up: ends the process, because that thread hangs in native code and took no error within `GRACE` seconds.
        """
        self.step = ""
        self._seconds = seconds
        self._fail = fail
        self._give_up = give_up
        self._bundles = 0

    def bundle(self) -> None:
        """A bundle began or ended."""
        self._bundles += 1

    @contextlib.contextmanager
    def job(self) -> Iterator[None]:
        """Watches as long as the job runs."""
        if not self._seconds:
            yield
            return
        over = threading.Event()
        threading.Thread(target=self._watch, args=(over,), name="watchdog", daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def _watch(self, over: threading.Event) -> None:
        pause = min(LONGEST_PAUSE, self._seconds / 5)
        quiet = 0.0
        last, bundles, used = time.monotonic(), self._bundles, processor_seconds()
        while quiet < self._seconds:
            if over.wait(pause):
                return
            now, bundles_now, used_now = time.monotonic(), self._bundles, processor_seconds()
            worked = sum(seconds - used.get(number, 0.0) for number, seconds in used_now.items())
            if bundles_now != bundles or worked >= LEAST_SHARE * (now - last):
                quiet = 0.0
            else:
                quiet += min(now - last, 2 * pause)  # a process that was halted as a whole has not been quiet
            last, bundles, used = now, bundles_now, used_now
        _dump()
        error = RunError(
            f"{self.step}: its Beam job stood still for {self._seconds:g} s: no bundle began or ended, and its processes used no "
            "processor time. The log has where each thread stood. Run again; --step-timeout SECONDS waits longer, 0 for ever."
        )
        self._fail(error)
        if not over.wait(GRACE):
            self._give_up(error)


def _dump() -> None:
    """Where each thread stands, of this process and of its workers, into stderr, which is the log."""
    sys.stderr.flush()
    faulthandler.dump_traceback(2)
    asked = [process.pid for process in multiprocessing.active_children() if process.pid is not None]
    for number in asked:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGUSR1)  # `workers` has told them what to do then
    end = time.monotonic() + _DUMP_SECONDS
    while time.monotonic() < end and any(map(_is_asked, asked)):
        time.sleep(0.05)
    last: dict[int, float] = {}
    while time.monotonic() < end:  # what has taken the signal also writes, which on a busy machine can last too
        used = {number: seconds for number, seconds in processor_seconds().items() if number in asked}
        if used == last:
            return
        last = used
        time.sleep(1.0)


def _is_asked(number: int) -> bool:
    """Whether a process has not yet taken the signal it was sent: on a busy machine that can last."""
    with contextlib.suppress(OSError):  # it has ended meanwhile
        [mask] = [
            line.split()[1] for line in Path(f"/proc/{number}/status").read_text().splitlines() if "ShdPnd" in line
        ]
        return bool(int(mask, 16) >> (signal.SIGUSR1 - 1) & 1)
    return False
