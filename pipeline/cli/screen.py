"""What a person sees: the progress of a run, and its summary."""

from __future__ import annotations

import time

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from pipeline.cli.log import say
from pipeline.graph.registry import IN_CONTAINERS, KEPT
from pipeline.local.summary import RunSummary, StepRun

LEAST_WIDTH = 132
LEAST_SECONDS = 0.1  # of a step whose rows per second say something


def _rows(rows: dict[str, int] | None) -> str:
    return "  ".join(f"{split} {count:,}" for split, count in (rows or {}).items())


def wide(console: Console) -> Console:
    """A console on the same file, wide enough for a regression table; a narrower terminal wraps the lines."""
    return Console(file=console.file, width=max(console.width, LEAST_WIDTH), force_terminal=console.is_terminal)


class RunView:
    """Prints one line a step, with a live line below where there is a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = Status("", console=console)
        self._step = ""

    def preparing(self) -> None:
        """Importing TFX takes 20 to 30 s."""
        self._begin = time.monotonic()
        self._status.start()
        self._status.update("loading TensorFlow and TFX")

    def step_begins(self, step: str) -> None:
        """The first step ends the loading."""
        if not self._step:
            self._console.print(f"  loaded TensorFlow and TFX  {time.monotonic() - self._begin:6.1f} s")
        self._step = step
        self._status.update(step)

    def beam_stage(self, begun: int, total: int) -> None:
        """Updates the live line."""
        self._status.update(f"{self._step}: Beam stage {begun} of {total}")

    def told(self, text: str) -> None:
        """What a step tells while it works, on the live line."""
        self._status.update(f"{self._step}: {escape(text)}")

    def step_done(self, entry: StepRun) -> None:
        """Prints the step's line."""
        how = "cached" if entry.cached else f"{entry.seconds:6.1f} s"
        self._console.print(f"  {entry.step:<18}{how:>9}   {_rows(entry.rows)}".rstrip())

    def gave_up(self, text: str) -> None:
        """Says it on the terminal, whatever stdout is by now."""
        say(text)

    def close(self) -> None:
        """Removes the live line."""
        self._status.stop()


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
