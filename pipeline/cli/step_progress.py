"""How far a step is, in words and as a bar."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from pipeline.local.estimates import Expected

LONG = 10.0  # seconds, of a step that is worth an estimate
LEAST_SECONDS = 1.0  # of reading that a rate follows from
WIDTH = 24  # of the bar


class StepProgress:
    """Of one step.

    Attributes:
      step: its name; of what comes before the first, its words.
      note: what it told last.
    """

    def __init__(
        self,
        step: str,
        expected: Expected,
        rows: Callable[[], int],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes what is known.

        Args:
          step: see above.
          expected: of it.
          rows: gives the number of rows that this step and those before have read.
          now: gives seconds.
        """
        self.step, self.note = step, ""
        self._expected, self._rows, self._now = expected, rows, now
        self._before, self._began = rows(), now()
        self._first: tuple[float, int] | None = None  # when rows were first seen, and how many
        self._spinner = Spinner("dots")

    def estimate(self) -> str:
        """What a long step is expected to take; empty where that isn't known, or not long."""
        if self._expected.seconds is None or self._expected.seconds < LONG:
            return ""
        rows = "" if self._expected.rows is None else f"{self._expected.rows:,} rows, "
        return f"{rows}some {duration(self._expected.seconds)} at the rate of the last run"

    def words(self) -> str:
        """How far it is."""
        return self._words(*self._look())

    def bar(self) -> RenderableType:
        """How far it is, on one line."""
        rows, rate = self._look()
        line = Table.grid(padding=(0, 1))
        cells: list[RenderableType] = [self._spinner, Text(self.step)]
        if rows and self._expected.rows:
            cells.append(ProgressBar(self._expected.rows, min(rows, self._expected.rows), WIDTH))
        cells.append(Text(self._words(rows, rate)))
        line.add_row(*cells)
        return line

    def _look(self) -> tuple[int, float | None]:
        """Rows read, and rows a second since the first were seen; None where it is too early to say."""
        now, rows = self._now(), self._rows() - self._before
        if rows and self._first is None:
            self._first = now, rows
        if self._first is None or now - self._first[0] < LEAST_SECONDS:
            return rows, None
        return rows, (rows - self._first[1]) / (now - self._first[0])

    def _words(self, rows: int, rate: float | None) -> str:
        elapsed, total = self._now() - self._began, self._expected.rows
        found = [duration(elapsed)]
        if rows:
            found.append(f"{rows:,} of {total:,} rows" if total else f"{rows:,} rows")
        if rate:
            found.append(f"{rate:,.0f} rows/s")
        if rate and total and rows < total:
            found.append(f"{duration((total - rows) / rate)} left to read")
        elif self._expected.seconds is not None and self._expected.seconds - elapsed >= 1:
            found.append(f"some {duration(self._expected.seconds - elapsed)} left at the rate of the last run")
        if self.note:
            found.append(self.note)
        return ", ".join(found)


def duration(seconds: float) -> str:
    """Seconds, or from 100 on minutes and seconds."""
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60} s"
