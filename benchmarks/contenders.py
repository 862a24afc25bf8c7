"""Who takes part in the whole-run benchmark: how each is run, and what it came to."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import math
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks import tables
from benchmarks.measure import Measured, measure
from benchmarks.same import last_summary
from benchmarks.works import AGAIN, IMPORT, OURS, REPOSITORY, STOCK, Work, made

LONGEST = 2 * 3600.0  # seconds, of stock
SHARE = 0.8  # of the memory that is free before, of stock
WHOLE = "whole run"

Cost = tuple[float, float, float]  # wall seconds, processor seconds, peak MiB
Steps = dict[str, Cost]


@dataclasses.dataclass(frozen=True)
class Run:
    """A run of one contender.

    Attributes:
      steps: what each cost, and the whole.
      trained, evaluated: rows; 0 where it has none.
      error: mean squared error of the evaluation rows.
      others: part of the machine's processors that other processes used meanwhile.
    """

    steps: Steps
    trained: int = 0
    evaluated: int = 0
    error: float = 0.0
    others: float = 0.0


def run_import(work: Work, root: Path) -> Run:
    """The library that both stand on."""
    del work, root
    done = _measure([sys.executable, "-c", "import tensorflow"])
    return Run(_with_whole({}, done), others=done.others)


def run_stock(work: Work, root: Path) -> Run:
    """TFX's own components.

    Raises:
      SystemExit: with the reason, if it failed or was ended.
    """
    most = SHARE * psutil.virtual_memory().available
    command = [sys.executable, "-m", "benchmarks.stock", str(work.stock), str(root)]
    try:
        done = _measure(command, longest=LONGEST, most=most)
    except SystemExit as error:
        step = next((name for name, state, *_ in _executions(root) if state != _COMPLETE), "start")
        raise SystemExit(
            f"{step}: {str(error.code).strip().splitlines()[-1].removeprefix(' '.join(command))}"
        ) from error
    told = json.loads(done.out.splitlines()[-1])
    if not told["pushed"]:
        sys.exit(f"stock pushed no model: {told['metrics']}")
    steps: Steps = {}
    for name, _, begin, end in _executions(root):
        if not steps:
            steps["start"] = (begin - done.begin, *done.between(done.begin, begin))
        steps[name] = (end - begin, *done.between(begin, end))
    metrics = told["metrics"]
    return Run(
        _with_whole(steps, done),
        told["trained"],
        int(metrics["example_count"]),
        metrics["mean_squared_error"],
        done.others,
    )


_COMPLETE = 3  # `Execution.State` of ML Metadata
_EXECUTIONS = """
    SELECT Type.name, last_known_state, create_time_since_epoch / 1e3, last_update_time_since_epoch / 1e3
    FROM Execution JOIN Type ON Type.id = type_id ORDER BY Execution.id
"""


def _executions(root: Path) -> list[tuple[str, int, float, float]]:
    """Of stock's run: component, state, and when it began and ended."""
    if not (root / "metadata.db").exists():
        return []
    with contextlib.closing(sqlite3.connect(root / "metadata.db")) as database:
        found = database.execute(_EXECUTIONS).fetchall()
    short = {"CsvExampleGen": "ExampleGen", "Resolver": "Baseline"}
    names = [name.rpartition(".")[2] for name, *_ in found]
    return [(short.get(name, name), *rest) for name, (_, *rest) in zip(names, found, strict=True)]


def run_plumbline(work: Work, root: Path) -> Run:
    """Plumbline; the second time below a root, nothing has changed."""
    done = _measure([sys.executable, "-m", "pipeline.cli", "run", str(work.config), "--root", str(root)])
    [pipeline] = (root / "pipelines").glob("*/runs")
    summary = last_summary(pipeline.parent)
    steps: Steps = {}
    for entry in summary["steps"]:
        begin = entry["ended"] - entry["seconds"]
        if not steps:
            steps["start"] = (begin - done.begin, *done.between(done.begin, begin))
        steps[entry["step"]] = (entry["seconds"], *done.between(begin, entry["ended"]))
    [rows] = [entry["rows"] for entry in summary["steps"] if entry["step"] == "ExampleGen"]
    error = summary["verdict"]["metrics"]["overall"]["mean_squared_error"]
    return Run(_with_whole(steps, done), rows["train"], rows["eval"], error, done.others)


def run_again(work: Work, root: Path) -> Run:
    """Plumbline where it has run before."""
    done = run_plumbline(work, root.with_name(root.name.replace(slug(AGAIN), slug(OURS))))
    return dataclasses.replace(done, steps={WHOLE: done.steps[WHOLE]})


CONTENDERS: dict[str, Callable[[Work, Path], Run]] = {
    IMPORT: run_import,
    STOCK: run_stock,
    OURS: run_plumbline,
    AGAIN: run_again,
}


def slug(contender: str) -> str:
    """A contender's name as a folder's."""
    return contender.replace(" ", "_")


def _measure(command: list[str], **limits: float) -> Measured:
    return measure(command, environment(), **limits)


def environment() -> dict[str, str]:
    """Of all that is measured: modules are found here, and bytecode is used and written."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**own, "PYTHONPATH": str(REPOSITORY)}


def _with_whole(steps: Steps, done: Measured) -> Steps:
    return {**steps, WHOLE: (done.seconds, done.cpu, done.between(0, math.inf)[1])}


def warm_up(folder: Path) -> None:
    """Runs both once, so that all that they load has bytecode."""
    work = made(folder, tables.NARROW, 1000, functools.partial(tables.make, tables.NARROW, 1000))
    ours = ["pipeline.cli", "run", str(work.config), "--root", str(folder / "warm_ours")]
    for command in (["benchmarks.stock", str(work.stock), str(folder / "warm_stock")], ours):
        _measure([sys.executable, "-m", "benchmarks.warm_up", *command])
