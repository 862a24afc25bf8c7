"""`plumbline history`: the runs of a pipeline below a root, by their summaries and by ML Metadata. Neither rows nor TFX are needed.

A summary is whole as a run ends. What ended a run before that (SIGKILL, a power cut) left its steps in ML Metadata, and so does a
run that is going on. No two runs are in a root at once: one of ML Metadata is that of the summary in whose time its steps began.
"""

from __future__ import annotations

import datetime
import fcntl
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from components.errors import EXIT_REFUSED, PlumblineError, RunError
from components.ingest.counts import Counts
from components.json_file import JsonFile
from components.model_gate.verdict import Verdict
from pipeline.config.root import LOCK, METADATA, runs_directory
from pipeline.graph.registry import IN_CONTAINERS
from pipeline.graph.steps.pusher import Pushed
from pipeline.local.executions import CACHED, DONE, FAILED, RecordedRun, recorded_runs
from pipeline.local.summary import StepRun

SIGNALS = 128  # exit codes above it are of runs that a signal stopped

Outcome = Literal["pushed", "already live", "refused", "failed", "stopped", "killed", "running", "unreadable"]


class PastRun(BaseModel):
    """A run. What it did not come to is None, or empty.

    Attributes:
      run: when it began, in ISO 8601: its name.
      outcome: how it ended. `killed`: it could not say how; `unreadable`: its summary is of another version, or damaged.
      because: the reasons, or the error.
      step: where it failed, was killed or is.
      seconds: wall time.
      steps, cached: of those that work on rows or models (in containers, elsewhere) how many are done, and were in the cache.
      table: SHA-256 of the table.
      rows: by split.
      split: that the metrics are of; `train` where none is held out.
      metrics: of the whole split.
      cross_validated: metrics of the cross-validation.
      version: that was pushed, or was live already.
    """

    run: str
    outcome: Outcome
    because: list[str] = []
    step: str | None = None
    seconds: float
    steps: int = 0
    cached: int = 0
    table: str | None = None
    rows: dict[str, int] = {}
    split: str | None = None
    metrics: dict[str, float | None] = {}
    cross_validated: dict[str, float] = {}
    version: int | None = None


class _Brief(JsonFile):
    """What of a summary is told here; the tables of large models are passed over."""

    format: Literal[2, 3] = 3
    exit_code: int
    error: str | None
    seconds: float
    steps: list[StepRun]
    cleaning: Counts | None
    verdict: Verdict | None
    pushed: Pushed | None


def history(root: Path, name: str, last: int = 0) -> list[PastRun]:
    """The runs of a pipeline, oldest first.

    Args:
      root: that they wrote to.
      name: the pipeline's.
      last: how many of the newest are looked at; 0 for all.

    Raises:
      RunError: there is none, or ML Metadata's database can't be read.
    """
    recorded = recorded_runs(root / METADATA, name)
    files = sorted(runs_directory(root, name).glob("*.json"))
    names = sorted([*(path.stem for path in files), *(run.run_id for run in recorded)])
    if not names:
        raise RunError(f"{root}: pipeline {name!r} has not run here. Run it first: plumbline run CONFIG --root {root}")
    since = names[-2 * last] if 0 < last < len(names) / 2 else ""  # a run has two names at most
    now = names[-1] if _goes_on(root) else None
    found = []
    for path in files:
        if path.stem < since:
            continue
        past = _summarised(path)
        own = [run for run in recorded if past.run <= run.run_id <= _end(past)]
        recorded = [run for run in recorded if run not in own]
        found.append(_with_step(past, own[0] if own else None, now))
    found += [_with_step(_begun(run), run, now) for run in recorded if run.run_id >= since]
    return sorted(found, key=lambda past: past.run)[-last:]


def _summarised(path: Path) -> PastRun:
    try:
        brief = _Brief.parse(path.read_bytes(), path, "It can't be told of.")
    except PlumblineError as error:
        return PastRun(run=path.stem, outcome="unreadable", because=[str(error)], seconds=0.0)
    heavy = [step.cached for step in brief.steps if step.step in IN_CONTAINERS]
    past = PastRun(
        run=path.stem,
        outcome=_outcome(brief),
        because=[brief.error] if brief.error else [],
        seconds=brief.seconds,
        steps=len(heavy),
        cached=sum(heavy),
    )
    if brief.cleaning is not None:
        past.table, past.rows = brief.cleaning.table.sha256, brief.cleaning.splits
    if brief.verdict is not None:
        past.split, past.metrics = brief.verdict.split, brief.verdict.metrics["overall"]
        past.cross_validated = brief.verdict.cross_validated or {}
        past.because += brief.verdict.reasons
    if brief.pushed is not None:
        past.version = brief.pushed.version
    return past


def _begun(run: RecordedRun) -> PastRun:
    """One without a summary."""
    heavy = [one.state for one in run.executions if one.step in IN_CONTAINERS]
    done = [state for state in heavy if state in DONE]
    return PastRun(run=run.run_id, outcome="killed", seconds=run.seconds, steps=len(done), cached=done.count(CACHED))


def _with_step(past: PastRun, run: RecordedRun | None, now: str | None) -> PastRun:
    """A run with the step where it failed, was killed or is; and whether it is the one that goes on, of this name."""
    if past.outcome == "killed" and now == past.run:
        past.outcome = "running"
    if run is not None and past.outcome == "failed":
        past.step = next((one.step for one in run.executions if one.state == FAILED), None)
    elif run is not None and past.outcome in ("killed", "running"):
        past.step, past.seconds = run.executions[-1].step, run.seconds
    return past


def _outcome(brief: _Brief) -> Outcome:
    if brief.exit_code == 0:
        return "already live" if brief.pushed is not None and brief.pushed.already else "pushed"
    if brief.exit_code == EXIT_REFUSED:
        return "refused"
    if brief.exit_code > SIGNALS:
        return "stopped"
    return "killed" if brief.error is None else "failed"  # as it stands until the run is over


def _end(past: PastRun) -> str:
    return (datetime.datetime.fromisoformat(past.run) + datetime.timedelta(seconds=past.seconds)).isoformat()


def _goes_on(root: Path) -> bool:
    """Whether a run holds the root's lock."""
    try:
        with (root / LOCK).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
