"""A whole run beside stock TFX on the same tables. Run: make bench [ROWS="10000 1000000"] [RUNS=3] [KINDS=mixed]

Makes each table, then runs TFX's own components with their defaults (`benchmarks.stock`) and `plumbline run` in turn, each in a
process of its own that starts cold. Prints wall time, processor time, peak memory of the process tree (shared pages once) and
rows per second for every step and the whole; medians over the runs. Ends with an error if the two did not train on the same
number of rows, or did not reach the same mean squared error to 1e-3.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from benchmarks import tables
from benchmarks.measure import Measured, measure

ROWS = [10_000, 1_000_000, 4_000_000]
KINDS = {"narrow": tables.NARROW, "mixed": tables.MIXED}
TOLERANCE = 1e-3
REPOSITORY = Path(__file__).parent.parent
WHOLE = "whole run"

Steps = dict[str, tuple[float, float, float]]  # wall seconds, processor seconds, peak MiB, by step


def write_config(folder: Path, features: dict[str, Any]) -> Path:
    """The configuration that both run; split by a column, so that both split the rows alike."""
    path = folder / "pipeline.yaml"
    config = {
        "name": "bench",
        "data": {"path": "data.csv", "split_by": tables.KEY},
        "label": "y",
        "features": features,
        "model": {"solver": "exact", "l2": 0},
        "evaluate": {"limits": {"mean_squared_error": {"max": 100.0}}},
    }
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def run_stock(config: Path, root: Path) -> tuple[Steps, int, float]:
    """Steps, rows trained on, mean squared error."""
    done = _measure([sys.executable, "-m", "benchmarks.stock", str(config), str(root)])
    lines = [json.loads(line) for line in done.out.splitlines() if line.startswith('{"step"')]
    [rows] = [line["rows"] for line in lines if "rows" in line]
    [metrics] = [line["metrics"] for line in lines if "metrics" in line]
    begin = done.begin
    steps: Steps = {}
    for line in lines:
        steps[line["step"]] = (line["at"] - begin, *done.between(begin, line["at"]))
        begin = line["at"]
    return _with_whole(steps, done), rows, metrics["mean_squared_error"]


def run_plumbline(config: Path, root: Path) -> tuple[Steps, int, float]:
    """Steps, rows trained on, mean squared error."""
    done = _measure([sys.executable, "-m", "pipeline.cli", "run", str(config), "--root", str(root)])
    [path] = (root / "pipelines" / "bench" / "runs").glob("*.json")
    summary = json.loads(path.read_text())
    steps: Steps = {}
    for entry in summary["steps"]:
        begin = entry["ended"] - entry["seconds"]
        if not steps:
            steps["start"] = (begin - done.begin, *done.between(done.begin, begin))
        steps[entry["step"]] = (entry["seconds"], *done.between(begin, entry["ended"]))
    [rows] = [entry["rows"]["train"] for entry in summary["steps"] if entry["step"] == "Trainer"]
    return _with_whole(steps, done), rows, summary["verdict"]["metrics"]["overall"]["mean_squared_error"]


def _measure(command: list[str]) -> Measured:
    return measure(command, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})


def _with_whole(steps: Steps, done: Measured) -> Steps:
    return {**steps, WHOLE: (done.seconds, *done.between(done.begin, done.begin + done.seconds))}


CONTENDERS: dict[str, Callable[[Path, Path], tuple[Steps, int, float]]] = {
    "stock": run_stock,
    "plumbline": run_plumbline,
}


def compare(kind: str, rows: int, runs: int) -> None:
    """Makes a table, runs both in turn, prints medians and ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = write_config(folder, tables.make(kind, rows, folder / "data.csv"))
        found: dict[str, list[Steps]] = {contender: [] for contender in CONTENDERS}
        for index in range(runs):
            trained: dict[str, tuple[int, float]] = {}
            for contender, run in CONTENDERS.items():
                steps, *trained[contender] = run(config, folder / f"{contender}-{index}")  # type: ignore[assignment]
                found[contender].append(steps)
            _check(trained)
    medians = {contender: _medians(measured) for contender, measured in found.items()}
    print(f"\n{kind}, {rows:,} rows: medians of {runs}; both trained on {trained['stock'][0]:,} rows, ", end="")  # noqa: T201
    print(f"mean squared error {trained['stock'][1]:.6g} and {trained['plumbline'][1]:.6g}")  # noqa: T201
    heads = "".join(
        f"{head:>11}" for head in ("stock s", "ours s", "ratio", "stock cpu", "ours cpu", "stock MiB", "ours MiB")
    )
    print(f"{'':<18}{heads}{'stock rows/s':>14}{'ours rows/s':>14}")  # noqa: T201
    for step in [step for step in medians["plumbline"] if step != WHOLE] + [WHOLE]:
        ours = medians["plumbline"][step]
        stock = medians["stock"].get(step)
        cells = [_cell(stock, 0), _cell(ours, 0), "" if stock is None else f"{ours[0] / stock[0]:.3f}"]
        cells += [_cell(stock, 1), _cell(ours, 1), _cell(stock, 2), _cell(ours, 2)]
        speeds = ["" if each is None or each[0] < 0.05 else f"{rows / each[0]:,.0f}" for each in (stock, ours)]
        line = f"{step:<18}" + "".join(f"{cell:>11}" for cell in cells) + "".join(f"{speed:>14}" for speed in speeds)
        print(line, flush=True)  # noqa: T201


def _medians(measured: list[Steps]) -> Steps:
    return {
        step: tuple(statistics.median(steps[step][index] for steps in measured) for index in range(3))  # type: ignore[misc]
        for step in measured[0]
    }


def _cell(values: tuple[float, float, float] | None, index: int) -> str:
    return "" if values is None else f"{values[index]:,.{0 if index == 2 else 1}f}"


def _check(trained: dict[str, tuple[int, float]]) -> None:
    (rows, error), (our_rows, our_error) = trained["stock"], trained["plumbline"]
    if rows != our_rows:
        sys.exit(f"stock trained on {rows} rows, plumbline on {our_rows}")
    if abs(error - our_error) > TOLERANCE * error:
        sys.exit(f"stock reached a mean squared error of {error}, plumbline {our_error}")


def main() -> None:
    """Compares each kind of table at each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--kinds", choices=KINDS, nargs="+", default=list(KINDS))
    parser.add_argument("--runs", type=int, default=1)
    arguments = parser.parse_args()
    for rows in arguments.rows:
        for kind in arguments.kinds:
            compare(KINDS[kind], rows, arguments.runs)


if __name__ == "__main__":
    main()
