"""What a run did: gathered from its steps, kept as JSON below the root, read back by `show`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from components.errors import RunError
from components.json_file import JsonFile
from components.replacing import replacing
from pipeline.config.root import runs_directory
from pipeline.graph.registry import KEPT
from pipeline.graph.regression import Regression
from pipeline.graph.step import Kept, Record
from pipeline.graph.steps.fit import REGRESSION


class StepRun(BaseModel):
    """What is known of any step that is done.

    Attributes:
      step: its name.
      cached: whether its outputs were taken from an earlier run.
      seconds: wall time.
      ended: when, in seconds since 1970.
      rows: that it wrote or read, by split; None for a step that handles no rows.
      processor_seconds, peak_memory: what it cost of this machine (`cost.Cost`); None of a run before there was such a measure.
    """

    step: str
    cached: bool
    seconds: float
    ended: float
    rows: dict[str, int] | None
    processor_seconds: float | None = None
    peak_memory: int | None = None


class RunSummary(JsonFile):
    """A run's summary. Beside these keys it has one for each step of which something is kept (`record`), null until it is done.

    Attributes:
      name: the pipeline's.
      run_id: when it began, in ISO 8601; summaries are told apart and ordered by it.
      log: the log file.
      exit_code: as `components.errors` has them; 1 until the run is over.
      error: why it failed; None if it did not.
      seconds: wall time.
      steps: that are done, in order.
      state, outputs, executions, live: what a run of which nothing has changed is known by (`unchanged`): a digest of what this one
        depended on, where its artifacts lie, ML Metadata's numbers of its executions, and the version that was live after it.
    """

    model_config = ConfigDict(frozen=False)
    format: Literal[2, 3] = 3
    name: str
    run_id: str
    log: str
    exit_code: int = 1
    error: str | None = None
    seconds: float = 0.0
    steps: list[StepRun] = Field(default=[])
    state: str | None = None
    outputs: list[str] = Field(default=[])
    executions: list[int] = Field(default=[])
    live: int | None = None

    @classmethod
    def begin(cls, name: str, run_id: str, log: str) -> RunSummary:
        """Of a run that begins."""
        return _FILE(name=name, run_id=run_id, log=log)

    def record(self, kept: Kept[Record]) -> Record | None:
        """What is kept of a step; None if it is not done, or left nothing."""
        found = getattr(self, kept.key)
        return found if isinstance(found, kept.model) else None

    def keep(self, kept: Kept[Record], record: Record | None) -> None:
        """Keeps what a step left."""
        setattr(self, kept.key, record)

    def refusals(self) -> list[str]:
        """Why the model was refused, a sentence a reason; none if it was not."""
        found: list[str] = []
        for kept in KEPT:
            record = self.record(kept)
            if kept.refusal is not None and record is not None:
                found += kept.refusal(record)
        return found


_FIELDS: dict[str, Any] = {kept.key: (kept.model | None, None) for kept in KEPT}
_FILE: type[RunSummary] = create_model("_File", __base__=RunSummary, **_FIELDS)


def write_summary(root: Path, summary: RunSummary) -> Path:
    """Writes a run's summary, as far as it has come, under a temporary name, then renames it."""
    directory = runs_directory(root, summary.name)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{summary.run_id}.json"
    with replacing(path) as temporary:
        temporary.write_text(summary.to_json())
    return path


def read_last_summary(root: Path, name: str) -> RunSummary:
    """The summary of the last run.

    Raises:
      RunError: there was no run, or its summary is damaged, or of another format.
    """
    again = f"plumbline run CONFIG --root {root}"
    files = sorted(runs_directory(root, name).glob("*.json"))
    if not files:
        raise RunError(f"{root}: pipeline {name!r} has not run here. Run it first: {again}")
    return read_summary(files[-1], again)


def read_summary(path: Path, again: str = "plumbline run CONFIG") -> RunSummary:
    """The summary of any run.

    Args:
      path: of the file.
      again: the command that would make it again, for the message.

    Raises:
      RunError: it is not there, damaged, or of another format.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise RunError(f"{path}: no such file; expected the summary of a run. Run it: {again}") from error
    return _FILE.parse(text, path, f"Run it again: {again}")


def regression_of(summary: RunSummary) -> Regression:
    """The exact fit of a run.

    Raises:
      RunError: the run ended before it.
    """
    found = summary.record(REGRESSION)
    if found is None:
        raise RunError(f"{summary.name}: the run of {summary.run_id} ended before a model was fitted. Run it again.")
    return found


def check_rows(steps: Iterable[StepRun]) -> None:
    """Rows are conserved: every step saw as many rows of a split as the step before it that saw that split.

    Args:
      steps: in order.

    Raises:
      RunError: a step saw another number of rows.
    """
    last: dict[str, tuple[str, int]] = {}
    for entry in steps:
        for split, count in (entry.rows or {}).items():
            before, expected = last.get(split, (entry.step, count))
            if count != expected:
                raise RunError(
                    f"rows were lost or made up: split {split} had {expected} rows after {before}, and {count} in "
                    f"{entry.step}. Nothing this run wrote can be trusted; run it again with --no-cache."
                )
            last[split] = (entry.step, count)
