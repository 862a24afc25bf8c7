"""`plumbline run`: the whole run, from the configuration to the summary."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import importlib
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from components.errors import EXIT_REFUSED, DataError, PlumblineError, RunError
from components.ingest.table import clean_batches
from components.pusher.versions import prune, versions
from pipeline.config import Config
from pipeline.summary import Summary, check_rows, write_summary

_LOG = logging.getLogger(__name__)


class Listener(Protocol):
    """Is told how a run goes."""

    def preparing(self) -> None:
        """The libraries are being loaded."""

    def step_begins(self, step: str) -> None:
        """A step begins."""

    def beam_stage(self, begun: int, total: int) -> None:
        """The step's Beam job began a stage."""

    def step_done(self, entry: Summary) -> None:
        """A step is done; `entry` as in the summary's `steps`."""


def check_table(config: Config) -> None:
    """Reads the table's header and first rows, so that what is plainly wrong is said at once.

    Raises:
      DataError: as `clean_batches`.
    """
    next(clean_batches(config.data.path, config.table_spec(), Counter()), None)


@contextlib.contextmanager
def _only_run(root: Path) -> Iterator[None]:
    """Keeps a second run out of the same root: they would share the metadata and the serving directory."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(f"{root}: another run is going on here. Wait for it, or choose another --root.") from error
        yield


def run(config: Config, root: Path, listener: Listener, cache: bool, rerun_from: str | None, log: Path) -> Summary:
    """Runs the pipeline on this machine.

    Args:
      config: what to run.
      root: the one folder that is written to.
      listener: is told how it goes.
      cache: whether steps may be taken from earlier runs.
      rerun_from: a step to run anew, with all that depends on it; None for none.
      log: the log file, named in the summary.

    Returns:
      The summary, which is also written below the root, whatever happens: `exit_code` is 0 (pushed) or 4 (refused).

    Raises:
      PlumblineError: bad data, or a broken promise; the summary holds the text and the exit code.
    """
    with _only_run(root):
        started = datetime.datetime.now()
        summary: Summary = {
            "name": config.name,
            "run_id": started.isoformat(),
            "log": str(log),
            "exit_code": 1,
            "error": None,
            "cleaning": None,
            "linear_fit": None,
            "fit": None,
            "verdict": None,
            "pushed": None,
            "steps": [],
        }
        try:
            check_table(config)
            _run_steps(config, root, listener, cache, rerun_from, summary)
        except BaseException as error:
            summary["error"] = str(error) or type(error).__name__
            summary["exit_code"] = error.exit_code if isinstance(error, PlumblineError) else 1
            raise
        finally:
            summary["seconds"] = (datetime.datetime.now() - started).total_seconds()
            write_summary(root, summary)
        return summary


def _run_steps(
    config: Config, root: Path, listener: Listener, cache: bool, rerun_from: str | None, summary: Summary
) -> None:
    listener.preparing()
    graph: Any = importlib.import_module("pipeline.graph")
    artifacts: Any = importlib.import_module("pipeline.artifacts")
    beam: Any = importlib.import_module("pipeline.runners.beam")
    local: Any = importlib.import_module("pipeline.runners.local")

    beam.ProgressRunner.on_stage = listener.beam_stage
    serving = config.serving_directory(root)
    pipeline = graph.create_pipeline(config, graph.Places.local(config, root), beam.LOCAL_ARGS)
    local_run = local.LocalRun(pipeline, cache, rerun_from)
    results = local_run.run()
    outputs: dict[str, Any] = {}
    for step in local_run.steps:
        listener.step_begins(step)
        if step == "Pusher" and summary["verdict"]["blessed"]:
            [model] = outputs["Trainer"]["model"]
            if not local_run.is_live(model, serving):
                local_run.run_anew(step)
        result = next(results)
        outputs[step] = result.outputs
        entry = {
            "step": step,
            "cached": result.cached,
            "seconds": result.seconds,
            "rows": artifacts.count_rows(step, result.outputs),
        }
        summary["steps"].append(entry)
        check_rows(summary["steps"])
        listener.step_done(entry)
        if step == "ExampleGen":
            summary["cleaning"] = artifacts.read_counts(result.outputs)
            _check_kept(summary)
        elif step == "LeastSquares":
            summary["linear_fit"] = artifacts.read_linear_fit(result.outputs)
        elif step == "Trainer":
            summary["fit"] = artifacts.read_fit(result.outputs)
        elif step == "ModelGate":
            summary["verdict"] = artifacts.read_verdict(result.outputs)
    _conclude(config, serving, summary, [local.pushed_version(a) for a in outputs["Pusher"]["pushed_model"]])


def _check_kept(summary: Summary) -> None:
    kept = summary["cleaning"]["rows kept"]
    rows = summary["steps"][-1]["rows"]
    if sum(rows.values()) != kept:
        raise RunError(f"rows were lost or made up: {kept} rows of the table were kept, and ExampleGen wrote {rows}.")
    for split, count in rows.items():
        if not count:
            raise DataError(
                f"split {split} has no row: the table has too few ({kept}). Give more rows, or that split a larger part."
            )


def _conclude(config: Config, serving: Path, summary: Summary, pushed: list[int | None]) -> None:
    if not summary["verdict"]["blessed"]:
        summary["exit_code"] = EXIT_REFUSED
        return
    [version] = pushed
    if version is None or versions(serving)[-1:] != [version]:
        raise RunError(f"{serving}: the model was blessed, and is not the newest version there. See {summary['log']}.")
    for old in prune(serving, config.serve.keep):
        _LOG.info("Deleted version %d, as serve.keep is %d", old, config.serve.keep)
    summary["pushed"] = {"version": version, "path": str(serving / str(version))}
    summary["exit_code"] = 0
