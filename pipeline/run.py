"""`plumbline run`: the whole run, from the configuration to the summary."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import importlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from components.errors import EXIT_REFUSED, PlumblineError, RunError
from components.pusher.versions import versions
from components.serving_check.process import CheckProcess
from pipeline.config import Config
from pipeline.first_look import check_table
from pipeline.runners import fork_server
from pipeline.summary import Summary, check_rows, write_summary

LARGE_TABLE = 8 << 20  # bytes of CSV, from which worker processes save more than they cost


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


@dataclasses.dataclass(frozen=True)
class Options:
    """How to run.

    Attributes:
      cache: whether steps may be taken from earlier runs.
      rerun_from: a step to run anew, with all that depends on it; None for none.
      workers: worker processes for the steps' Beam work; 0 for none; None for one a core if the table is large.
    """

    cache: bool = True
    rerun_from: str | None = None
    workers: int | None = None


def run(config: Config, root: Path, listener: Listener, options: Options, log: Path) -> Summary:
    """Runs the pipeline on this machine.

    Args:
      config: what to run.
      root: the one folder that is written to.
      listener: is told how it goes.
      options: how.
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
            "serving_check": None,
            "test": None,
            "pushed": None,
            "steps": [],
        }
        try:
            size = check_table(config, root)
            workers = options.workers if options.workers is not None else _cores() * (size >= LARGE_TABLE)
            _run_steps(config, root, listener, options, workers, summary)
        except BaseException as error:
            summary["error"] = str(error) or type(error).__name__
            summary["exit_code"] = error.exit_code if isinstance(error, PlumblineError) else 1
            raise
        finally:
            CheckProcess.stop_early()
            summary["seconds"] = (datetime.datetime.now() - started).total_seconds()
            write_summary(root, summary)
        return summary


def _cores() -> int:
    cores = len(os.sched_getaffinity(0))
    return cores if cores > 1 else 0


def _run_steps(
    config: Config, root: Path, listener: Listener, options: Options, workers: int, summary: Summary
) -> None:
    listener.preparing()
    if workers > 1:
        fork_server.start()
    elif _cores() > 1:  # the other core has nothing to do meanwhile
        CheckProcess.start_early()
    graph: Any = importlib.import_module("pipeline.graph")
    artifacts: Any = importlib.import_module("pipeline.artifacts")
    beam: Any = importlib.import_module("pipeline.runners.beam")
    local: Any = importlib.import_module("pipeline.runners.local")

    beam.ProgressRunner.on_stage = listener.beam_stage
    serving = config.serving_directory(root)
    pipeline = graph.create_pipeline(config, graph.Places.local(config, root), beam.local_args(workers))
    local_run = local.LocalRun(pipeline, options.cache, options.rerun_from)
    results = local_run.run()
    outputs: dict[str, Any] = {}
    for step in local_run.steps:
        listener.step_begins(step)
        result = next(results)
        trained = "Trainer" in outputs
        outputs[step] = result.outputs
        if not result.cached and not trained:
            CheckProcess.start_early()  # in all likelihood there will be a new model to check
        entry = {
            "step": step,
            "cached": result.cached,
            "seconds": result.seconds,
            "ended": time.time(),
            "rows": artifacts.count_rows(step, result.outputs),
        }
        summary["steps"].append(entry)
        check_rows(summary["steps"])
        listener.step_done(entry)
        if step == "ExampleGen":
            summary["cleaning"] = artifacts.read_counts(result.outputs)
        elif step == "LeastSquares":
            summary["linear_fit"] = artifacts.read_linear_fit(result.outputs)
        elif step == "Trainer":
            summary["fit"] = artifacts.read_fit(result.outputs)
        elif step == "ModelGate":
            summary["verdict"] = artifacts.read_verdict(result.outputs)
        elif step == "ServingCheck":
            summary["serving_check"] = artifacts.read_serving_check(result.outputs)
        elif step == "TestEvaluation":
            summary["test"] = artifacts.read_test_metrics(result.outputs)
    _conclude(serving, summary, [local.pushed(artifact) for artifact in outputs["Pusher"]["pushed_model"]])


def _conclude(serving: Path, summary: Summary, pushed: list[dict[str, Any] | None]) -> None:
    if not summary["verdict"]["blessed"]:
        summary["exit_code"] = EXIT_REFUSED
        return
    [push] = pushed
    if push is None or versions(serving)[-1:] != [push["version"]]:
        raise RunError(f"{serving}: the model was blessed, and is not the newest version there. See {summary['log']}.")
    summary["pushed"] = push
    summary["exit_code"] = 0
