"""`plumbline history` on the screen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import CONFIG, ROOT

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.local.history import PastRun

MOST_TOLD = 5  # runs that pushed nothing, whose reasons are printed
MOST_LINES = 3  # of a run's
SECONDS = 19  # characters of a run's name up to its seconds
SHORT = 12  # characters of a digest
COLOURS = {"pushed": "green", "already live": "green", "running": "default"}


@click.command()
@CONFIG
@ROOT
@click.option("--last", type=click.IntRange(min=0), default=20, show_default=True, help="How many; 0 for all.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, oldest first.")
def history(config: Path, root: Path, last: int, as_json: bool) -> None:
    """List the last runs of a pipeline, refused and failed ones too: table, rows, metrics, outcome, version."""
    from rich.console import Console

    from pipeline.cli.loading import load
    from pipeline.local.history import history as past_runs

    found = past_runs(root.resolve(), load(config).name, last)
    if as_json:
        click.echo(json.dumps([past.model_dump() for past in found], indent=1))
    else:
        print_history(Console(), found)


def print_history(console: Console, runs: Sequence[PastRun]) -> None:
    """A line a run, newest first, and below why those of the last few ended that pushed nothing.

    Args:
      console: where to.
      runs: oldest first.
    """
    from rich.markup import escape
    from rich.table import Table

    from pipeline.cli.screen import wide
    from pipeline.cli.versions import headline

    console = wide(console)
    table = Table(box=None)
    for heading in ("run", "outcome", "version", "table", "rows", "metrics", "seconds", "cached"):
        right = heading in ("version", "seconds", "cached")
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading != "metrics")
    newest = list(reversed(runs))
    for past in newest:
        table.add_row(
            past.run[:SECONDS],
            f"[{COLOURS.get(past.outcome, 'red')}]{_outcome(past)}",
            "" if past.version is None else str(past.version),
            (past.table or "")[:SHORT],
            "  ".join(f"{split} {count:,}" for split, count in past.rows.items()),
            headline(past.split, past.metrics, past.cross_validated),
            f"{past.seconds:.1f}",
            f"{past.cached} of {past.steps}" if past.steps else "",
        )
    console.print(table, highlight=False)
    for past in [past for past in newest if past.because][:MOST_TOLD]:
        lines = f"{past.run[:SECONDS]} {_outcome(past)}: {'; '.join(past.because)}".splitlines()
        rest = f"\n  … {len(lines) - MOST_LINES:,} more lines (--json)" * (len(lines) > MOST_LINES)
        console.print(escape("\n".join(lines[:MOST_LINES]) + rest), highlight=False, soft_wrap=True)


def _outcome(past: PastRun) -> str:
    return past.outcome if past.step is None else f"{past.outcome} in {past.step}"
