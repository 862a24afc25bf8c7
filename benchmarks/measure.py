"""Runs a command, and samples the time, processor time and memory of its process tree."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

import psutil

EVERY = 0.1  # seconds


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
    """A finished command."""

    begin: float
    seconds: float
    samples: list[Sample]
    out: str

    def between(self, begin: float, end: float) -> tuple[float, float]:
        """Processor seconds and peak MiB between two moments."""
        inside = [sample for sample in self.samples if begin <= sample.at <= end]
        if not inside:
            return 0.0, 0.0
        return inside[-1].cpu - inside[0].cpu, max(sample.memory for sample in inside) / 2**20


def measure(command: Sequence[str], env: dict[str, str] | None = None) -> Measured:
    """Runs a command to its end. Ends the program with the command's words if it fails."""
    begin = time.time()
    samples: list[Sample] = []
    used: dict[int, float] = {}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=env)  # noqa: S603
        root = psutil.Process(process.pid)
        while process.poll() is None:
            memory = 0
            try:
                tree = [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue
            for member in tree:
                try:
                    times = member.cpu_times()
                    used[member.pid] = times.user + times.system
                    memory += member.memory_full_info().pss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            samples.append(Sample(time.time(), sum(used.values()), memory))
            time.sleep(EVERY)
        seconds = time.time() - begin
        out.seek(0)
        err.seek(0)
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{(out.read() + err.read()).decode()[-4000:]}")
        return Measured(begin, seconds, samples, out.read().decode())
