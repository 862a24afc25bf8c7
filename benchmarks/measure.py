"""Runs a command, and samples the time, processor time and memory of its process tree."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

import psutil

EVERY = 0.5  # seconds; a look at a large process takes 20 ms of a processor that the command may want


@dataclasses.dataclass(frozen=True)
class Sample:
    """The process tree at a moment.

    Attributes:
      at: Unix time.
      cpu: processor seconds since the start.
      memory: bytes; what processes share counts once (proportional set size).
    """

    at: float
    cpu: float
    memory: int


@dataclasses.dataclass(frozen=True)
class Measured:
    """A finished command.

    Attributes:
      begin: Unix time.
      seconds: wall time.
      cpu: processor seconds, user and system, of it and of all below it.
      samples: while it ran.
      others: part of the machine's processors that other processes used meanwhile.
      out: its stdout.
    """

    begin: float
    seconds: float
    cpu: float
    samples: list[Sample]
    others: float
    out: str

    def between(self, begin: float, end: float) -> tuple[float, float]:
        """Processor seconds and peak MiB between two moments."""
        inside = [sample for sample in self.samples if begin <= sample.at <= end]
        if not inside:
            return 0.0, 0.0
        return inside[-1].cpu - inside[0].cpu, max(sample.memory for sample in inside) / 2**20


def measure(
    command: Sequence[str], env: dict[str, str] | None = None, longest: float = math.inf, most: float = math.inf
) -> Measured:
    """Runs a command to its end.

    Args:
      command: and its arguments.
      env: its environment; None for this process's.
      longest: seconds after which it is killed.
      most: bytes of memory from which on it is killed.

    Raises:
      SystemExit: it failed, with its last words, or was killed, with the reason.
    """
    begin, busy = time.time(), _busy()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=env)  # noqa: S603
        try:
            watched = _watch(process, begin, longest, most)
        except BaseException:
            _kill(process)
            raise
        seconds, busy = time.time() - begin, _busy() - busy
        out.seek(0)
        err.seek(0)
        if process.returncode:
            words = out.read() + err.read()
            why = f"was ended: {watched.reason}" if watched.reason else f"failed:\n{words.decode()[-4000:]}"
            sys.exit(f"{' '.join(command)} {why}")
        others = max(0.0, busy - watched.cpu) / (seconds * psutil.cpu_count())
        return Measured(begin, seconds, watched.cpu, watched.samples, others, out.read().decode())


@dataclasses.dataclass(frozen=True)
class _Watched:
    samples: list[Sample]
    cpu: float
    reason: str  # for which it was killed; empty if it was not


def _watch(process: subprocess.Popen[bytes], begin: float, longest: float, most: float) -> _Watched:
    """Samples a process until it has ended, or kills it."""
    samples: list[Sample] = []
    used: dict[int, float] = {}
    reason = ""
    while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
        memory = 0
        for member in _tree(process):
            try:
                times = member.cpu_times()
                used[member.pid] = times.user + times.system
                memory += member.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        samples.append(Sample(time.time(), sum(used.values()), memory))
        if memory > most:
            reason = reason or f"its {memory / 2**30:.1f} GiB are more than {most / 2**30:.1f}"
        elif time.time() - begin > longest:
            reason = reason or f"it ran for more than {longest:,.0f} s"
        if reason:
            _kill(process)
        time.sleep(EVERY)
    _, status, usage = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    return _Watched(samples, max(sum(used.values()), usage.ru_utime + usage.ru_stime), reason)


def _tree(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """It and all below it."""
    try:
        root = psutil.Process(process.pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _kill(process: subprocess.Popen[bytes]) -> None:
    for member in _tree(process):
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()


def _busy() -> float:
    """Processor seconds that the machine has used."""
    times = psutil.cpu_times()
    return times.user + times.system + times.irq + times.softirq
