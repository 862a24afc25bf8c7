"""`plumbline run`: the whole run, from the configuration to the summary."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import hashlib
import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from components import progress
from components.errors import EXIT_REFUSED, ConfigError, PlumblineError, RunError, error_line
from components.loading import libraries
from pipeline.beam.engine import Engine, Run, Watch, job_name
from pipeline.beam.engines import chosen
from pipeline.config.beam import Beam
from pipeline.config.file import Config
from pipeline.config.root import LOCK, METADATA
from pipeline.graph.registry import STEPS, never_cached
from pipeline.graph.step import Outputs, Results, Step
from pipeline.local.cost import Meter
from pipeline.local.estimates import Estimates, Expected
from pipeline.local.failed_page import keep_failed_page
from pipeline.local.failures import in_words
from pipeline.local.first_look import check_table
from pipeline.local.preconditions import check_metadata
from pipeline.local.stopping import Stopped, fail_main, stoppable
from pipeline.local.summary import RunSummary, StepRun, check_rows, write_summary
from pipeline.local.unchanged import answered, last_run, live_version, state_of

LARGE_TABLE = 8 << 20  # bytes of CSV, from which worker processes save more than they cost


class Listener(Protocol):
    """Is told how a run goes."""

    def preparing(self, rows: Callable[[], int]) -> None:
        """The libraries are being loaded. `rows` gives the number of rows that the steps have read."""

    def step_begins(self, step: str, expected: Expected) -> None:
        """A step begins, of which this much is known."""

    def beam_stage(self, begun: int, total: int) -> None:
        """The step's Beam job began a stage."""

    def told(self, text: str) -> None:
        """What a step tells while it works."""

    def step_done(self, entry: StepRun) -> None:
        """A step is done."""

    def failed(self, report: str) -> None:
        """The run failed, and left this page."""

    def gave_up(self, text: str) -> None:
        """The process is about to end, its main thread hanging in native code."""


@contextlib.contextmanager
def _only_run(root: Path) -> Iterator[None]:
    """Keeps a second run out of the same root: they would share the metadata and the serving directory."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / LOCK).open("w")
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
class RunOptions:
    """How to run.

    Attributes:
      cache: whether steps may be taken from earlier runs.
      rerun_from: a step to run anew, with all that depends on it; None for none.
      workers: worker processes for the steps' Beam work; 0 for none; None for one a core if the table is large.
      engine: the name of the Beam engine that does the steps' work; None for what the configuration says.
      step_timeout: seconds after which a Beam job on this machine that stands still is ended; 0 for never.
    """

    cache: bool = True
    rerun_from: str | None = None
    workers: int | None = None
    step_timeout: float = 600.0
    engine: str | None = None


def run(config: Config, root: Path, listener: Listener, options: RunOptions, log: Path) -> RunSummary:
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
        summary = RunSummary.begin(config.name, started.isoformat(), str(log))
        current = _Current()
        try:
            check_metadata(root / METADATA)
            for step in STEPS:
                if step.needs is not None:
                    step.needs(config)
            state = state_of(config, root)
            last = last_run(config, root, state) if options.cache and options.rerun_from is None else None
            if last is not None:
                seconds = (datetime.datetime.now() - started).total_seconds()
                summary = answered(last, started.isoformat(), str(log), seconds)
                for entry in summary.steps:
                    listener.step_done(entry)
                return summary
            engine = chosen(config.beam, options.engine, "beam")
            size = check_table(config, root)
            taken = _Taken(engine, *_found(config, root, engine, options.workers, size))
            with Meter() as meter, progress.counting(root / ".rows") as rows:
                listener.preparing(rows)
                _run_steps(config, root, listener, options, taken, summary, current, meter)
            summary.live = live_version(config, root)
            summary.state = state
        except BaseException as error:
            told = in_words(error, current.step, root) or error
            if isinstance(told, Stopped) and current.step:
                told.args = (f"{told} in {current.step}. Run again: the steps that are done are in the cache.",)
            summary.error = str(told) or type(told).__name__
            summary.exit_code = told.exit_code if isinstance(told, (PlumblineError, Stopped)) else 1
            if isinstance(told, Exception):  # no signal
                page = keep_failed_page(config, root, summary, current.step, current.outputs)
                if page is not None:
                    listener.failed(page.page)
            if told is not error:
                raise told from error
            raise
        finally:
            for step in STEPS:
                if step.early is not None:
                    step.early.stop()
            summary.seconds = (datetime.datetime.now() - started).total_seconds()
            _write_summary(root, summary)
        return summary


@dataclasses.dataclass(frozen=True)
class _Taken:
    """The engine that a run goes on, what it was found to be, and what it is told."""

    engine: Engine
    run: Run
    section: Beam


def _found(config: Config, root: Path, engine: Engine, workers: int | None, size: int) -> tuple[Run, Beam]:
    """Looks whether the engine is there and can work on the table and below the root.

    Raises:
      PlumblineError: it isn't, or can't.
    """
    if engine.name != "local":
        if workers is not None:
            raise ConfigError(
                f"--workers: is for the engine local; received {workers} with the engine {engine.name}, whose workers "
                "are elsewhere. Leave it out, or set beam.parallelism."
            )
        workers = 0
    elif workers is None:
        workers = _cores() * (size >= LARGE_TABLE)
    schema = {"schema": str(config.table_schema)} if config.table_schema else {}
    places = {"--root": str(root), "data.path": str(config.data.path), **schema}
    digest = hashlib.sha256(str(root).encode()).hexdigest()[:8]
    run = Run(workers, job_name(f"plumbline-{config.name}-{digest}"), places)
    return run, engine.look(config.beam, run)


class _Current:
    """The step that runs, empty before the first; and what those before it left, by step."""

    def __init__(self) -> None:
        self.step = ""
        self.outputs: dict[str, Outputs] = {}


def _write_summary(root: Path, summary: RunSummary) -> None:
    """A disk without room for it must not hide what the run ended with."""
    try:
        write_summary(root, summary)
    except OSError:
        if summary.error is None:
            raise
        logging.getLogger(__name__).exception("The summary was not written")


def _give_up(root: Path, summary: RunSummary, error: Exception, listener: Listener) -> None:
    """Ends this process, whose main thread hangs in native code."""
    summary.error = str(error)
    _write_summary(root, summary)
    for process in multiprocessing.active_children():
        process.kill()
    listener.gave_up(error_line(error) if isinstance(error, PlumblineError) else str(error))
    os._exit(summary.exit_code)


def _cores() -> int:
    cores = len(os.sched_getaffinity(0))
    return cores if cores > 1 else 0


def _run_steps(
    config: Config,
    root: Path,
    listener: Listener,
    options: RunOptions,
    taken: _Taken,
    summary: RunSummary,
    current: _Current,
    meter: Meter,
) -> None:
    engine, told, section = taken.engine, taken.run, taken.section
    engine.begin(told, tuple(module for step in STEPS for module in step.beam_modules))
    if told.workers <= 1 and _cores() > 1:  # the other core has nothing to do meanwhile
        _begin_early(STEPS)
    with libraries():
        import tfx.components  # noqa: F401, I001 (first: it prepares the modules that TFDV and TFMA import)
        import tensorflow_transform.beam  # noqa: F401
        import tensorflow_model_analysis  # noqa: F401
        from pipeline.beam.in_process import local_args
        from pipeline.beam.watchdog import Watchdog
        from pipeline.graph.create import create_pipeline
        from pipeline.graph.places import Places
        from pipeline.local.launcher import LocalRun

    watchdog = Watchdog(options.step_timeout, fail_main, lambda error: _give_up(root, summary, error, listener))
    engine.watch(section, told, Watch(listener.beam_stage, watchdog, fail_main))
    places = Places.local(config, root)
    # The same arguments whatever the engine, for they are part of what the cache goes by; TFX's own runner gives them too.
    pipeline, anew = create_pipeline(config, places, local_args(0)), never_cached(places)
    local_run = LocalRun(
        pipeline, summary.run_id, options.cache, options.rerun_from, anew, engine.arguments(section, told)
    )
    estimates = Estimates(config, root)
    entries = {step.name: step for step in STEPS}
    outputs = current.outputs
    results = Results(outputs, summary)
    launched = local_run.run()
    meter.lap()
    for name in local_run.steps:
        listener.step_begins(name, estimates.of(entries[name], summary.steps))
        current.step = watchdog.step = name
        if entries[name].reads_summary:
            write_summary(root, summary)
        with progress.listening(listener.told):
            done, step = next(launched), entries[name]
        outputs[name] = done.outputs
        if step.container and not done.cached:  # what comes after it will, in all likelihood, run anew too
            _begin_early(entries[other] for other in local_run.steps if other not in outputs)
        rows = None if step.count is None else step.count(results)
        cost = dataclasses.asdict(meter.lap())
        entry = StepRun(step=name, cached=done.cached, seconds=done.seconds, ended=time.time(), rows=rows, **cost)
        summary.steps.append(entry)
        summary.executions.append(done.execution)
        summary.outputs += [artifact.uri for artifacts in done.outputs.values() for artifact in artifacts]
        check_rows(summary.steps)
        listener.step_done(entry)
        for kept in step.kept:
            summary.keep(kept, kept.read(results))
    summary.exit_code = EXIT_REFUSED if summary.refusals() else 0


def _begin_early(steps: Iterable[Step]) -> None:
    for step in steps:
        if step.early is not None:
            step.early.start()
