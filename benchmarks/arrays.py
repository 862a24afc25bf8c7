"""Fits of arrays in memory, ours beside numpy's lstsq and scikit-learn's LinearRegression.

Run: make bench-arrays [SHAPES="100000x100 9000x3000"] [RUNS=3]

All in one process, one after the other, RUNS times in turn; medians, and the median of each round's ratio. Ours gives standard
errors, the rank by names and the condition number too. OPENBLAS_NUM_THREADS=1 gives the others one thread; ours has one a core.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

from components.linear_model import fit

SHAPES = ("100000x100", "20000x1000", "9000x3000")
OURS = "plumbline"

Array = NDArray[np.float64]


def _lstsq(x: Array, y: Array) -> Array:
    return np.linalg.lstsq(np.column_stack([np.ones(len(y)), x]), y, rcond=None)[0]


def _scikit_learn(x: Array, y: Array) -> Array:
    model = LinearRegression().fit(x, y)
    return np.array([model.intercept_, *model.coef_])


SOLVERS: dict[str, Callable[[Array, Array], Any]] = {
    OURS: lambda x, y: fit(x, y).coefficients,
    "numpy lstsq": _lstsq,
    "scikit-learn": _scikit_learn,
}


def compare(rows: int, columns: int, runs: int) -> None:
    """Prints seconds, processor seconds, ratios and the greatest relative difference of coefficients to numpy's."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, columns))
    y = 1.0 + x @ generator.normal(size=columns) + generator.normal(size=rows)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in SOLVERS}
    answers: dict[str, Array] = {}
    for _ in range(runs):
        for name, solve in SOLVERS.items():
            wall, processor = time.perf_counter(), time.process_time()
            answers[name] = solve(x, y)
            taken[name].append((time.perf_counter() - wall, time.process_time() - processor))
    print(f"\n{rows:,} × {columns:,}, medians of {runs}")  # noqa: T201
    print(f"{'':<14}{'seconds':>9}{'ours to it':>12}{'CPU s':>9}{'ours to it':>12}  apart from numpy's")  # noqa: T201
    for name, times in taken.items():
        cells = ""
        for kind in (0, 1):
            ratios = [ours[kind] / its[kind] for ours, its in zip(taken[OURS], times, strict=True)]
            cells += f"{statistics.median(each[kind] for each in times):>9.2f}{statistics.median(ratios):>12.2f}"
        apart = np.max(np.abs(answers[name] / answers["numpy lstsq"] - 1))
        print(f"{name:<14}{cells}  {apart:.0e}", flush=True)  # noqa: T201


def main() -> None:
    """Compares at each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", nargs="+", default=SHAPES)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    for shape in arguments.shapes:
        rows, columns = map(int, shape.split("x"))
        compare(rows, columns, arguments.runs)


if __name__ == "__main__":
    main()
