"""What a run did, as plain JSON: gathered from its artifacts, kept below the root, read back by `show`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from components.errors import RunError
from components.replacing import replacing
from pipeline.config.root import runs_directory

Summary = dict[str, Any]


def write_summary(root: Path, summary: Summary) -> Path:
    """Writes a run's summary under a temporary name, then renames it."""
    directory = runs_directory(root, summary["name"])
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{summary['run_id']}.json"
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(summary, indent=1))
    return path


def read_last_summary(root: Path, name: str) -> Summary:
    """The summary of the last run.

    Raises:
      RunError: there was no run.
    """
    files = sorted(runs_directory(root, name).glob("*.json"))
    if not files:
        raise RunError(f"{root}: pipeline {name!r} has not run here. Run it first: plumbline run CONFIG --root {root}")
    summary: Summary = json.loads(files[-1].read_text())
    return summary


def check_rows(steps: Iterable[Summary]) -> None:
    """Rows are conserved: every step saw as many rows of a split as the step before it that saw that split.

    Args:
      steps: `{"step", "rows": {split: count} or None}` in order.

    Raises:
      RunError: a step saw another number of rows.
    """
    last: dict[str, tuple[str, int]] = {}
    for entry in steps:
        for split, count in (entry["rows"] or {}).items():
            before, expected = last.get(split, (entry["step"], count))
            if count != expected:
                raise RunError(
                    f"rows were lost or made up: split {split} had {expected} rows after {before}, and {count} in "
                    f"{entry['step']}. Nothing this run wrote can be trusted; run it again with --no-cache."
                )
            last[split] = (entry["step"], count)
