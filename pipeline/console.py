"""What a person sees: the progress of a run, and its summary."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from pipeline.summary import Summary

TRACE_LINES = 12


def _rows(rows: dict[str, int] | None) -> str:
    return "  ".join(f"{split} {count:,}" for split, count in (rows or {}).items())


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

    def step_done(self, entry: Summary) -> None:
        """Prints the step's line."""
        how = "cached" if entry["cached"] else f"{entry['seconds']:6.1f} s"
        self._console.print(f"  {entry['step']:<18}{how:>9}   {_rows(entry['rows'])}".rstrip())

    def close(self) -> None:
        """Removes the live line."""
        self._status.stop()


def print_summary(console: Console, summary: Summary, config_path: str, root: str) -> None:
    """The coefficients, the metrics, the verdict with its reasons, what was pushed, and what to do next."""
    if summary["cleaning"]:
        _print_cleaning(console, summary["cleaning"])
    if summary["fit"]:
        _print_fit(console, summary["fit"])
    if summary["verdict"]:
        _print_verdict(console, summary["verdict"])
    if summary["error"]:
        console.print(f"[red]failed[/red]: {escape(summary['error'])}", soft_wrap=True)
    elif summary["pushed"]:
        pushed = summary["pushed"]
        console.print(f"pushed: version {pushed['version']}  {escape(pushed['path'])}", soft_wrap=True)
    else:
        console.print("pushed: nothing")
    steps = summary["steps"]
    cached = sum(step["cached"] for step in steps if step["step"] != "Baseline")
    console.print(f"run: {summary['seconds']:.1f} s, {len(steps)} steps, {cached} of {len(steps) - 1} cached, log {summary['log']}",
                  soft_wrap=True, highlight=False)  # fmt: skip
    if summary["pushed"]:
        console.print(f"next: plumbline show {escape(config_path)} --root {escape(root)}", soft_wrap=True)


def print_steps(console: Console, summary: Summary) -> None:
    """The table of steps: time, rows, whether cached."""
    table = Table(box=None)
    for name, justify in (("step", "left"), ("seconds", "right"), ("rows", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for entry in summary["steps"]:
        table.add_row(entry["step"], "cached" if entry["cached"] else f"{entry['seconds']:.1f}", _rows(entry["rows"]))
    console.print(table)


def _print_cleaning(console: Console, counts: dict[str, int]) -> None:
    console.print(
        f"rows: {counts['rows read']:,} read, {counts['rows dropped']:,} dropped, {counts['rows kept']:,} kept",
        highlight=False,
    )
    for text, count in counts.items():
        if not text.startswith("rows "):
            console.print(f"  {escape(text)}: {count:,}", highlight=False)


def _print_fit(console: Console, fit: dict[str, Any]) -> None:
    console.print(f"coefficients of {fit['label']}, in its units per raw unit of each column:", highlight=False)
    table = Table(box=None)
    table.add_column("column")
    table.add_column("coefficient", justify="right")
    table.add_column("rows", justify="right")
    table.add_row("(intercept)", f"{fit['intercept']:.6g}")
    for row in fit["coefficients"]:
        value = f"{row['coefficient']:.6g}" if row["rows"] else "no such row"
        table.add_row(escape(row["name"]), "reference" if row["reference"] else value, f"{row['rows']:,}")
    console.print(table)
    points = fit["loss_trace"]
    step = -(-len(points) // TRACE_LINES)
    shown = [*points[:-1:step], points[-1]]
    console.print(f"loss ({fit['loss']}) by step of gradient descent:", highlight=False)
    for point in shown:
        console.print(f"  {point['step']:>8}  {point['loss']:.6g}", highlight=False)


def _print_verdict(console: Console, verdict: dict[str, Any]) -> None:
    overall, live = verdict["metrics"]["overall"], (verdict["baseline"] or {}).get("overall")
    console.print("metrics on the eval split:")
    table = Table(box=None)
    table.add_column("metric")
    table.add_column("this model", justify="right")
    if live:
        table.add_column("live model", justify="right")
    for name, value in overall.items():
        table.add_row(name, f"{value:.6g}", *([f"{live[name]:.6g}"] if live else []))
    console.print(table)
    console.print(f"verdict: {'[green]blessed[/green]' if verdict['blessed'] else '[red]refused[/red]'}")
    for text in verdict["checks"] if verdict["blessed"] else verdict["reasons"]:
        console.print(f"  {escape(text)}", soft_wrap=True, highlight=False)
