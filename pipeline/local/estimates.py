"""What is known of a step before it runs: the rows that it will read, and how long it took in an earlier run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from components.errors import PlumblineError
from pipeline.config.file import Config
from pipeline.config.root import runs_directory
from pipeline.graph.step import Step
from pipeline.graph.steps import example_gen
from pipeline.local.summary import StepRun, read_summary

RUNS = 5  # that are looked at, the last first


@dataclasses.dataclass(frozen=True)
class Expected:
    """Of a step. What nothing is known of is None.

    Attributes:
      rows: that its Beam work will read.
      seconds: that it takes at the rate, in rows of the table a second, of the last run that did not take it from the cache.
    """

    rows: int | None = None
    seconds: float | None = None


class Estimates:
    """Of the steps of a run."""

    def __init__(self, config: Config, root: Path) -> None:
        """Reads the summaries of earlier runs below the root."""
        self._config = config
        self._rates: dict[str, float] = {}  # rows of the table a second, by step
        for path in sorted(runs_directory(root, config.name).glob("*.json"), reverse=True)[:RUNS]:
            try:
                steps = read_summary(path).steps
            except PlumblineError:  # of another version, say: it tells nothing here
                continue
            rows = sum(_table(steps).values())
            for entry in steps:
                if rows and entry.seconds and not entry.cached:
                    self._rates.setdefault(entry.step, rows / entry.seconds)

    def of(self, step: Step, done: Iterable[StepRun]) -> Expected:
        """Of a step, after those that are done."""
        splits = _table(done)
        if not splits:
            return Expected()
        rows = None if step.reads is None else sum(splits[name] for name in step.reads(self._config))
        rate = self._rates.get(step.name)
        return Expected(rows, None if rate is None else sum(splits.values()) / rate)


def _table(steps: Iterable[StepRun]) -> dict[str, int]:
    """Rows of the table by split; none where it has not been read."""
    return next((entry.rows or {} for entry in steps if entry.step == example_gen.STEP.name), {})
