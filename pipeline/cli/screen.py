"""What a person sees: the progress of a run, and its summary."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from pipeline.cli.log import say
from pipeline.cli.step_progress import StepProgress
from pipeline.graph.registry import IN_CONTAINERS, KEPT
from pipeline.local.estimates import Expected
from pipeline.local.summary import RunSummary, StepRun

LEAST_WIDTH = 160
PLAIN_EVERY = 30.0  # seconds from a line to the next where there is no terminal
SETTLED = 2.0  # seconds, after which a step has not come from the cache
LEAST_SECONDS = 0.1  # of a step whose rows per second say something


def _rows(rows: dict[str, int] | None) -> str:
    return "  ".join(f"{split} {count:,}" for split, count in (rows or {}).items())


def wide(console: Console) -> Console:
    """A console on the same file, wide enough for a regression table; a narrower terminal wraps the lines."""
    return Console(file=console.file, width=max(console.width, LEAST_WIDTH), force_terminal=console.is_terminal)


class RunView:
    """Prints one line a step. Where there is a terminal, a live line below says how far it is; elsewhere, a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._current: StepProgress | None = None
        self._over = threading.Event()
        self._lock = threading.Lock()  # or a line about a step might come after the step's own

    def preparing(self, rows: Callable[[], int]) -> None:
        """Importing TFX takes some seconds."""
        self._begin, self._rows = time.monotonic(), rows
        self._current = StepProgress("loading TensorFlow and TFX", Expected(), rows)
        self._loaded = False
        if self._console.is_terminal:
            self._live = Live(console=self._console, get_renderable=self._line, refresh_per_second=4, transient=True)
            self._live.start()
        else:
            threading.Thread(target=self._say_now_and_then, name="progress", daemon=True).start()

    def step_begins(self, step: str, expected: Expected) -> None:
        """The first step ends the loading."""
        if not self._loaded:
            self._console.print(f"  loaded TensorFlow and TFX  {time.monotonic() - self._begin:6.1f} s")
            self._loaded = True
        self._current = StepProgress(step, expected, self._rows)

    def beam_stage(self, begun: int, total: int) -> None:
        """Says it on the live line."""
        self.told(f"Beam stage {begun} of {total}")

    def told(self, text: str) -> None:
        """What a step tells while it works, on the live line."""
        if self._current is not None:
            self._current.note = text

    def step_done(self, entry: StepRun) -> None:
        """Prints the step's line."""
        with self._lock:
            self._current = None
        how = "cached" if entry.cached else f"{entry.seconds:6.1f} s"
        self._console.print(f"  {entry.step:<18}{how:>9}   {_rows(entry.rows)}".rstrip())

    def failed(self, report: str) -> None:
        """Says where the page of a run that failed is."""
        self._console.print(f"report: {escape(report)}", soft_wrap=True, highlight=False)

    def gave_up(self, text: str) -> None:
        """Says it on the terminal, whatever stdout is by now."""
        say(text)

    def close(self) -> None:
        """Removes the live line."""
        self._over.set()
        if self._live is not None:
            self._live.stop()

    def _line(self) -> RenderableType:
        current = self._current
        return "" if current is None else current.bar()

    def _say_now_and_then(self) -> None:
        told, last = None, time.monotonic()
        while not self._over.wait(SETTLED):
            current, now = self._current, time.monotonic()
            if current is None:
                continue
            words = current.words()  # also where it is not said: the rate begins with the first rows that are seen
            if current is not told:
                words, told, last = current.estimate(), current, now
            elif now - last >= PLAIN_EVERY:
                last = now
            else:
                words = ""
            with self._lock:
                if words and current is self._current:
                    self._console.print(f"  {current.step}: {words}", highlight=False, markup=False, soft_wrap=True)


def print_summary(console: Console, summary: RunSummary, config_path: str, root: str, whole: bool = False) -> None:
    """What each step has to say, how the run ended, and what to do next.

    Args:
      console: where to.
      summary: of a run.
      config_path, root: for the next command.
      whole: whether every level is shown.
    """
    console = wide(console)
    for kept in KEPT:
        record = summary.record(kept)
        if kept.section is not None and record is not None:
            kept.section(console, record, summary, whole)
    if summary.error:
        console.print(f"[red]failed[/red]: {escape(summary.error)}", soft_wrap=True)
    elif summary.exit_code:
        console.print("pushed: nothing")
    cached = [entry.cached for entry in summary.steps if entry.step in IN_CONTAINERS]
    console.print(
        f"run: {summary.seconds:.1f} s, {len(summary.steps)} steps, {sum(cached)} of {len(cached)} cached, log {summary.log}",
        soft_wrap=True,
        highlight=False,
    )
    if not summary.exit_code:
        console.print(f"next: plumbline show {escape(config_path)} --root {escape(root)}", soft_wrap=True)


def print_steps(console: Console, summary: RunSummary) -> None:
    """The table of steps: wall and processor time, the most memory, rows a second; or that it was cached."""
    table = Table(box=None)
    for name in ("step", "seconds", "CPU s", "peak MiB", "rows/s"):
        table.add_column(name, justify="left" if name == "step" else "right")
    table.add_column("rows")
    for entry in summary.steps:
        cells = ["cached", "", "", ""] if entry.cached else _cost(entry)
        table.add_row(entry.step, *cells, _rows(entry.rows))
    console.print(table)


def _cost(entry: StepRun) -> list[str]:
    rows = sum((entry.rows or {}).values())
    return [
        f"{entry.seconds:.1f}",
        "" if entry.processor_seconds is None else f"{entry.processor_seconds:.1f}",
        f"{entry.peak_memory / 2**20:,.0f}" if entry.peak_memory else "",
        f"{rows / entry.seconds:,.0f}" if rows and entry.seconds >= LEAST_SECONDS else "",
    ]
