"""`plumbline run`: the whole run, from the configuration to the summary."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import importlib
import logging
import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from components.errors import EXIT_REFUSED, PlumblineError, RunError, error_line
from components.publishing.versions import versions
from components.serving_check.process import CheckProcess
from pipeline.beam import fork_server
from pipeline.config.file import Config
from pipeline.config.root import METADATA
from pipeline.local.failures import in_words
from pipeline.local.first_look import check_table
from pipeline.local.preconditions import check_docker, check_metadata
from pipeline.local.stopping import Stopped, fail_main, stoppable
from pipeline.local.summary import Summary, check_rows, write_summary

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

    def gave_up(self, text: str) -> None:
        """The process is about to end, its main thread hanging in native code."""


@contextlib.contextmanager
def _only_run(root: Path) -> Iterator[None]:
    """Keeps a second run out of the same root: they would share the metadata and the serving directory."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / ".lock").open("w")
    except OSError as error:
        raise RunError(
            f"{root}: can't be written: {error.strerror}. Set its permissions right, or choose another --root."
        ) from error
    with lock as file:
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
      step_timeout: seconds after which a Beam job that stands still is ended; 0 for never.
    """

    cache: bool = True
    rerun_from: str | None = None
    workers: int | None = None
    step_timeout: float = 600.0


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
      Stopped: by SIGINT or SIGTERM; the summary holds it too.
    """
    with _only_run(root), stoppable():
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
        current = _Current()
        try:
            check_metadata(root / METADATA)
            if config.serve.infra_validator:
                check_docker(config.serve.infra_validator)
            size = check_table(config, root)
            workers = options.workers if options.workers is not None else _cores() * (size >= LARGE_TABLE)
            _run_steps(config, root, listener, options, workers, summary, current)
        except BaseException as error:
            told = in_words(error, current.step, root) or error
            if isinstance(told, Stopped) and current.step:
                told.args = (f"{told} in {current.step}. Run again: the steps that are done are in the cache.",)
            summary["error"] = str(told) or type(told).__name__
            summary["exit_code"] = told.exit_code if isinstance(told, (PlumblineError, Stopped)) else 1
            if told is not error:
                raise told from error
            raise
        finally:
            CheckProcess.stop_early()
            summary["seconds"] = (datetime.datetime.now() - started).total_seconds()
            _write_summary(root, summary)
        return summary


class _Current:
    """The step that runs; empty before the first."""

    step = ""


def _write_summary(root: Path, summary: Summary) -> None:
    """A disk without room for it must not hide what the run ended with."""
    try:
        write_summary(root, summary)
    except OSError:
        if summary["error"] is None:
            raise
        logging.getLogger(__name__).exception("The summary was not written")


def _give_up(root: Path, summary: Summary, error: Exception, listener: Listener) -> None:
    """Ends this process, whose main thread hangs in native code."""
    summary["error"] = str(error)
    _write_summary(root, summary)
    for process in multiprocessing.active_children():
        process.kill()
    listener.gave_up(error_line(error) if isinstance(error, PlumblineError) else str(error))
    os._exit(summary["exit_code"])


def _cores() -> int:
    cores = len(os.sched_getaffinity(0))
    return cores if cores > 1 else 0


def _run_steps(
    config: Config, root: Path, listener: Listener, options: Options, workers: int, summary: Summary, current: _Current
) -> None:
    listener.preparing()
    if workers > 1:
        fork_server.start()
    elif _cores() > 1:  # the other core has nothing to do meanwhile
        CheckProcess.start_early()
    graph: Any = importlib.import_module("pipeline.graph.create")
    artifacts: Any = importlib.import_module("pipeline.local.artifacts")
    beam: Any = importlib.import_module("pipeline.beam.in_process")
    local: Any = importlib.import_module("pipeline.local.launcher")

    watchdog = beam.Watchdog(options.step_timeout, fail_main, lambda error: _give_up(root, summary, error, listener))
    beam.ProgressRunner.on_stage = listener.beam_stage
    beam.ProgressRunner.watchdog = watchdog
    serving = config.serving_directory(root)
    pipeline = graph.create_pipeline(config, graph.Places.local(config, root), beam.local_args(workers))
    local_run = local.LocalRun(pipeline, options.cache, options.rerun_from)
    results = local_run.run()
    outputs: dict[str, Any] = {}
    for step in local_run.steps:
        listener.step_begins(step)
        current.step = watchdog.step = step
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
        elif step == "Fit":
            summary["linear_fit"] = artifacts.read_linear_fit(result.outputs, outputs["StatisticsGen"])
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
