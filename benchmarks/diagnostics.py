"""What the pass for diagnostics costs: beside the fit's own steps in whole runs, and of arrays beside statsmodels.

Run: make bench-diagnostics [ROWS="1000000 10000000"] [RUNS=3] [ARGS='--only runs']

A table of 20 numbers is run with `diagnostics: true` and `false`, RUNS times in turn. The pass is what Fit takes longer with it;
the fit's own is Gather, which reads the rows and factors them, and Fit without it. Memory is the greatest of a step's process tree.
Of arrays (the first of ROWS alone) statsmodels does what the pass does in part: OLS, HC3, leverages and Cook's distances.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from benchmarks import tables
from benchmarks.works import made

COLUMNS = 20
ON, OFF = "diagnostics: true", "diagnostics: false"
STEPS = ("Gather", "Fit")

Array = NDArray[np.float64]


def _steps(config: Path, root: Path) -> dict[str, dict[str, float]]:
    """A run's steps by name."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "pipeline.cli.main"]
    subprocess.run([*command, "run", str(config), "--root", str(root)], check=True, env=environment)  # noqa: S603
    shown = subprocess.run(  # noqa: S603
        [*command, "show", str(config), "--root", str(root), "--json"], check=True, env=environment, capture_output=True
    )
    return {step["step"]: step for step in json.loads(shown.stdout)["steps"]}


def runs(rows: int, times: int) -> None:
    """Whole runs with the pass and without it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        work = made(folder, f"{COLUMNS} numbers", rows, lambda path: tables.make_wide(rows, COLUMNS, path))
        told = yaml.safe_load(work.config.read_text())
        configs = {}
        for kind, wanted in ((ON, True), (OFF, False)):
            configs[kind] = work.config.with_name(f"{wanted}.yaml")
            configs[kind].write_text(yaml.safe_dump({**told, "model": {**told["model"], "diagnostics": wanted}}))
        found: dict[str, list[dict[str, dict[str, float]]]] = {ON: [], OFF: []}
        for turn in range(times):
            for kind, config in configs.items():
                found[kind].append(_steps(config, folder / f"{turn} {kind}"))
    print(f"\n{rows:,} rows × {COLUMNS} numbers, medians of {times}")  # noqa: T201
    print(f"{'':<28}{'seconds':>8}{'peak MiB':>10}")  # noqa: T201
    for kind in (OFF, ON):
        for step in STEPS:
            seconds, peak = (
                statistics.median(each[step][key] for each in found[kind]) for key in ("seconds", "peak_memory")
            )
            print(f"{step + ', ' + kind:<28}{seconds:>8.2f}{peak / 2**20:>10,.0f}")  # noqa: T201
    ratios = [
        (on["Fit"]["seconds"] - off["Fit"]["seconds"]) / (off["Gather"]["seconds"] + off["Fit"]["seconds"])
        for on, off in zip(found[ON], found[OFF], strict=True)
    ]
    print(f"the pass to the fit's own: {statistics.median(ratios):.2f}")  # noqa: T201


def _statsmodels(x: Array, y: Array) -> None:
    import statsmodels.api as sm

    fitted = sm.OLS(y, sm.add_constant(x)).fit()
    _ = fitted.get_robustcov_results("HC3").bse
    influence = fitted.get_influence()
    _ = influence.hat_matrix_diag, influence.cooks_distance


def arrays(rows: int, times: int) -> None:
    """Arrays in memory."""
    from components.linear_model import fit
    from components.linear_model.diagnosed import diagnose

    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, COLUMNS))
    y = 1.0 + x @ generator.normal(size=COLUMNS) + generator.normal(size=rows)
    doers: dict[str, Callable[[], Any]] = {
        "fit": lambda: fit(x, y),
        "fit and diagnose": lambda: diagnose(x, y),
        "statsmodels: OLS, HC3, h, Cook": lambda: _statsmodels(x, y),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in doers}
    for _ in range(times):
        for name, do in doers.items():
            wall, processor = time.perf_counter(), time.process_time()
            do()
            taken[name].append((time.perf_counter() - wall, time.process_time() - processor))
    print(f"\narrays, {rows:,} × {COLUMNS}, medians of {times}")  # noqa: T201
    print(f"{'':<32}{'seconds':>9}{'CPU s':>9}")  # noqa: T201
    for name, each in taken.items():
        seconds, processor = (statistics.median(column) for column in zip(*each, strict=True))
        print(f"{name:<32}{seconds:>9.2f}{processor:>9.2f}", flush=True)  # noqa: T201


def main() -> None:
    """Measures at each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=["runs", "arrays"])
    arguments = parser.parse_args()
    if arguments.only != "runs":
        arrays(arguments.rows[0], arguments.runs)
    if arguments.only != "arrays":
        for rows in arguments.rows:
            runs(rows, arguments.runs)


if __name__ == "__main__":
    main()
