"""The path of an elastic net and its cross-validation: ours beside scikit-learn's ElasticNetCV, on the same folds and penalties.

Run: make bench-elastic-net [SHAPES="200000x60 5000x1000"] [RUNS=3]

All in one process that has one core, one after the other, RUNS times in turn; medians, and the median of each round's ratio. The
peer has its default tolerance, 10⁻⁴, and 10⁻¹²; both start from arrays. `apart` is how far the peer's held-out errors are from ours
at most, relative; `KKT` how far ours are from the conditions of the minimum, in units of the penalty.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNetCV
from threadpoolctl import threadpool_limits

from components.linear_model import ElasticNet, fit

SHAPES = ("200000x60", "20000x300", "5000x1000", "400x2000")
RATIOS = (1.0, 0.5)
FOLDS = 5
OURS = "plumbline"

Array = NDArray[np.float64]


def _table(rows: int, columns: int) -> tuple[Array, Array, NDArray[np.int64]]:
    """Columns in z-scores with some in common, a label of which a third of them know, and folds."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, columns)) @ (
        np.eye(columns) + 0.3 * draw.normal(size=(columns, columns)) / columns**0.5
    )
    y = 1.0 + x @ np.where(draw.random(columns) < 1 / 3, draw.normal(size=columns), 0.0) + 3.0 * draw.normal(size=rows)
    return (x - x.mean(axis=0)) / x.std(axis=0), y, draw.permutation(rows) % FOLDS


def compare(rows: int, columns: int, ratio: float, runs: int) -> None:
    """Prints seconds, ratios, and what the answers are apart."""
    x, y, fold = _table(rows, columns)
    splits = [(np.flatnonzero(fold != index), np.flatnonzero(fold == index)) for index in range(FOLDS)]
    weights = np.bincount(fold) / rows

    def ours() -> tuple[Array, str]:
        found: Any = fit(x, y, folds=fold, elastic_net=ElasticNet(ratio))
        path = found.selection.path
        return np.array([entry["cv_error"] for entry in path]), f"KKT {found.selection.kkt_on_path:.0e}"

    def peer(tolerance: float) -> Callable[[], tuple[Array, str]]:
        def solve() -> tuple[Array, str]:
            model = ElasticNetCV(l1_ratio=ratio, cv=splits, tol=tolerance, max_iter=100_000).fit(x, y)
            return model.mse_path_ @ weights, ""

        return solve

    solvers = {OURS: ours, "scikit-learn": peer(1e-4), "scikit-learn, 1e-12": peer(1e-12)}
    taken: dict[str, list[float]] = {name: [] for name in solvers}
    answers: dict[str, tuple[Array, str]] = {}
    for _ in range(runs):
        for name, solve in solvers.items():
            begin = time.perf_counter()
            answers[name] = solve()
            taken[name].append(time.perf_counter() - begin)
    print(f"\n{rows:,} × {columns:,}, l1_ratio {ratio:g}, {FOLDS} folds, 100 penalties, medians of {runs}")  # noqa: T201
    print(f"{'':<22}{'seconds':>9}{'ours to it':>12}  apart")  # noqa: T201
    for name, times in taken.items():
        share = statistics.median(mine / its for mine, its in zip(taken[OURS], times, strict=True))
        errors, note = answers[name]
        apart = np.max(np.abs(errors / answers[OURS][0] - 1))
        print(f"{name:<22}{statistics.median(times):>9.2f}{share:>12.2f}  {note or f'{apart:.0e}'}", flush=True)  # noqa: T201


def main() -> None:
    """Compares at each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", nargs="+", default=SHAPES)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with threadpool_limits(1):
        for shape in arguments.shapes:
            rows, columns = map(int, shape.split("x"))
            for ratio in RATIOS:
                compare(rows, columns, ratio, arguments.runs)


if __name__ == "__main__":
    main()
