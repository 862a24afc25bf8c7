"""What a person sees: the progress of a run, and its summary."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from pipeline.cli.log import say
from pipeline.cli.regression_table import figure, is_empty, pooled_lines, print_coefficients
from pipeline.local.summary import Summary

TRACE_LINES = 12
SHARED_LINES = 10
LEAST_WIDTH = 132


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

    def step_done(self, entry: Summary) -> None:
        """Prints the step's line."""
        how = "cached" if entry["cached"] else f"{entry['seconds']:6.1f} s"
        self._console.print(f"  {entry['step']:<18}{how:>9}   {_rows(entry['rows'])}".rstrip())

    def gave_up(self, text: str) -> None:
        """Says it on the terminal, whatever stdout is by now."""
        say(text)

    def close(self) -> None:
        """Removes the live line."""
        self._status.stop()


def print_summary(console: Console, summary: Summary, config_path: str, root: str, whole: bool = False) -> None:
    """The coefficients, the metrics, the verdict with its reasons, what was pushed, and what to do next.

    Args:
      console: where to.
      summary: of a run.
      config_path, root: for the next command.
      whole: whether every level is shown.
    """
    console = wide(console)
    if summary["cleaning"]:
        _print_cleaning(console, summary["cleaning"])
    if summary["linear_fit"]:
        _print_regression(console, summary["linear_fit"], whole)
    if summary["fit"] and summary["fit"]["loss_trace"]:
        _print_descent(console, summary["fit"], summary["linear_fit"])
    if summary["verdict"]:
        _print_verdict(console, summary["verdict"])
    if summary.get("test"):
        console.print("metrics on the test split, which nothing before has read:")
        _print_metrics(console, {"this model": summary["test"]["overall"]})
    check = summary.get("serving_check")
    if check:
        console.print(
            f"serving check: {check['compared']:,} answers agree with the fit; one row in {check['latency_ms']['p50']} ms "
            f"(p99 {check['latency_ms']['p99']})",
            highlight=False,
        )
    if summary["error"]:
        console.print(f"[red]failed[/red]: {escape(summary['error'])}", soft_wrap=True)
    elif summary["pushed"]:
        pushed = summary["pushed"]
        what = "already live" if pushed.get("already") else "pushed"
        console.print(f"{what}: version {pushed['version']}  {escape(pushed['path'])}", soft_wrap=True)
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


def _print_cleaning(console: Console, counts: dict[str, Any]) -> None:
    rejected = f", {counts['rows rejected']:,} rejected" if counts["rows rejected"] else ""
    console.print(
        f"rows: {counts['rows read']:,} read{rejected}, {counts['rows dropped']:,} dropped, {counts['rows kept']:,} kept",
        highlight=False,
    )
    for text, count in counts.items():
        if not text.startswith("rows ") and isinstance(count, int) and count:
            console.print(f"  {escape(text)}: {count:,}", highlight=False)
    for name, tokens in counts.get("missing tokens", {}).items():
        read = ", ".join(f"{token!r} {rows:,}" for token, rows in tokens.items())
        console.print(f"  {escape(name)}: taken for missing: {escape(read)}", highlight=False)
    table = counts.get("table")
    if table is None:  # of a run before tables had a digest
        return
    number = "1 file" if table["files"] == 1 else f"{table['files']:,} files"
    console.print(f"table: {number}, SHA-256 {table['sha256']}", highlight=False, soft_wrap=True)


def _print_regression(console: Console, found: dict[str, Any], whole: bool) -> None:
    """The table that a statistician expects."""
    console.print(f"least squares: {found['label']}, in its units per raw unit of each column", highlight=False)
    print_coefficients(console, found, whole)
    console.print(
        f"n {found['rows']:,}, degrees of freedom {found['degrees_of_freedom']:,.6g}, R² {figure(found['r_squared'])}, "
        f"adjusted R² {figure(found['adjusted_r_squared'])}, σ {figure(found['sigma'])}, "
        f"rank {found['rank']}, condition {found['condition_number']:.3g}",
        highlight=False,
        soft_wrap=True,
    )
    held_out = "" if found["cv_error"] is None else f"; held-out mean squared error {found['cv_error']:.6g}"
    console.print(
        f"penalty {found['penalty']:.6g} ({found['penalty_rule']}){held_out}", highlight=False, soft_wrap=True
    )
    if found["penalty"]:
        console.print(
            "  the standard errors, intervals and p leave the bias of the penalty out of account", highlight=False
        )
    if found["refined"]:
        console.print(f"refined in {found['refined']} further passes", highlight=False)
    empty = {column["name"] for column in found["columns"] if is_empty(column)}
    for column in found["dropped"]:
        if whole or column["name"] not in empty:
            console.print(f"dropped: {escape(column['because'])}", highlight=False, soft_wrap=True)
    for line in pooled_lines(found):
        console.print(escape(line), highlight=False, soft_wrap=True)
    shared = found["shared"]
    for column in shared[:SHARED_LINES]:
        console.print(f"kept by the penalty: {escape(column['because'])}", highlight=False, soft_wrap=True)
    if len(shared) > SHARED_LINES:
        console.print(
            f"kept by the penalty: {len(shared) - SHARED_LINES:,} more columns that others give", highlight=False
        )
    for line in found["leaks"]:
        console.print(f"[yellow]{escape(line)}[/yellow]", highlight=False, soft_wrap=True)


def _print_descent(console: Console, fit: dict[str, Any], exact: dict[str, Any]) -> None:
    """Gradient descent's coefficients beside the exact ones, and how far it is from the optimum."""
    console.print("gradient descent, raw units:", highlight=False)
    table = Table(box=None)
    for heading in ("column", "coefficient", "exact"):
        table.add_column(heading, justify="left" if heading == "column" else "right")
    best = {column["name"]: column["coefficient"] for column in exact["columns"]}
    intercept = exact["columns"][0]["name"]
    for name, value in {intercept: fit["intercept"], **fit["coefficients"]}.items():
        table.add_row(escape(name), figure(value), figure(best[name]))
    console.print(table)
    points = fit["loss_trace"]
    step = -(-len(points) // TRACE_LINES)
    console.print(f"loss ({fit['loss']}) by step of gradient descent:", highlight=False)
    for point in [*points[:-1:step], points[-1]]:
        console.print(f"  {point['step']:>8}  {point['loss']:.6g}", highlight=False)
    last, least = points[-1]["loss"], exact["mean_squared_error"]
    more = f" ({last / least - 1:+.2%})" if least else ""
    console.print(
        f"  the exact optimum's is {least:.6g}; gradient descent ended {last - least:.6g} above it{more}",
        highlight=False,
    )


def _print_verdict(console: Console, verdict: dict[str, Any]) -> None:
    overall, live = verdict["metrics"]["overall"], (verdict["baseline"] or {}).get("overall")
    train = "the training rows themselves, as none is held out"
    console.print(f"metrics on {train if verdict.get('split') == 'train' else 'the eval split'}:")
    _print_metrics(console, {"this model": overall, **({"live model": live} if live else {})})
    console.print(f"verdict: {'[green]blessed[/green]' if verdict['blessed'] else '[red]refused[/red]'}")
    for text in verdict["checks"] if verdict["blessed"] else verdict["reasons"]:
        console.print(f"  {escape(text)}", soft_wrap=True, highlight=False)


def _print_metrics(console: Console, models: dict[str, dict[str, float | None]]) -> None:
    """A column for each model's metrics."""
    table = Table(box=None)
    table.add_column("metric")
    for name in models:
        table.add_column(name, justify="right")
    for metric in next(iter(models.values())):
        table.add_row(metric, *(figure(values.get(metric)) for values in models.values()))
    console.print(table)
