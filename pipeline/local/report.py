"""Where the last run's report is."""

from __future__ import annotations

from pathlib import Path

from components.errors import RunError
from pipeline.graph.steps.report import PAGE
from pipeline.local.summary import read_last_summary


def last_page(root: Path, name: str) -> Path:
    """The page of a pipeline's last run.

    Raises:
      RunError: there was no run, or it left none, or it is gone.
    """
    summary = read_last_summary(root, name)
    kept = summary.record(PAGE)
    again = f"Run it again: plumbline run CONFIG --root {root}"
    if kept is None:
        why = summary.error or "it has not come to its end, or an earlier version made it"
        raise RunError(f"{root}: the last run of {name}, {summary.run_id}, left no report: {why}. {again}")
    page = Path(kept.page)
    if not page.is_file():
        raise RunError(f"{page}: the report of the last run of {name} is not there any more. {again}")
    return page
