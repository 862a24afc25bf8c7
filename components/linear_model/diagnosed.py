"""Fits of whole arrays with the pass that tells what to doubt (`diagnostics`): robust errors, leverage, tests."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from components.linear_model import threads
from components.linear_model.arrays import PRECISION, check_arrays, drawn_folds, refine_rows
from components.linear_model.blocks import Block, Pass
from components.linear_model.diagnostics.diagnosis import Column
from components.linear_model.diagnostics.figures import Diagnosis
from components.linear_model.diagnostics.look import Solved, Wanted, linear_predictor, look
from components.linear_model.diagnostics.sandwich import CLUSTER
from components.linear_model.factor_kinds import merged
from components.linear_model.factors import BLOCK_ROWS, TriangularFactor
from components.linear_model.families import named
from components.linear_model.inference import CLASSICAL, LeastSquaresFit, LikelihoodFit
from components.linear_model.likelihood import Likelihood
from components.linear_model.solve import Problem, Settings
from components.linear_model.units import Units
from components.values.names import INTERCEPT

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Diagnosed:
    """A fit with what the pass tells of it.

    Attributes:
      fit: its covariance is of the errors that were asked for.
      standard_errors: [p] by kind of errors: `classical`, `hc3`, and those that were asked for.
      diagnosis: the figures; rows are known by their positions.
    """

    fit: LeastSquaresFit | LikelihoodFit
    standard_errors: dict[str, Array]
    diagnosis: Diagnosis


def diagnose(
    X: NDArray[Any],
    y: NDArray[Any],
    *,
    errors: Literal["classical", "hc0", "hc1", "hc2", "hc3", "cluster"] = "classical",
    clusters: NDArray[Any] | None = None,
    times: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
    intercept: bool = True,
    names: list[str] | None = None,
    folds: int | NDArray[Any] = 0,
    l2: float = 0.0,
    family: str = "gaussian",
    offset: NDArray[Any] | None = None,
    prior: Literal["log_f"] | None = None,
) -> Diagnosed:
    """Fits as `arrays.fit` does, and looks at the rows once more.

    Args:
      X, y, weights, intercept, names, folds, l2, family, offset, prior: as of `arrays.fit`; l2 is a number.
      errors: what the fit's covariance is (`diagnostics.meat`, `diagnostics.sandwich`).
      clusters: [n], integers: rows of one cluster have the same; for `errors="cluster"`.
      times: [n], integers by which the rows are ordered, for Durbin and Watson's statistic.

    Raises:
      DataError, ValueError: as of `arrays.fit`; or clusters are missing, or of another shape.

    Example:
      >>> import numpy as np
      >>> x = np.arange(8.0)
      >>> found = diagnose(x[:, None], x + np.array([0, 1, -1, 2, -2, 3, -3, 4.0]), errors="hc3")
      >>> found.diagnosis.leverage_sum.__round__(9), found.diagnosis.influential[0].row
      (2.0, 7)
    """
    X, y = np.asarray(X, np.float64), np.asarray(y, np.float64)
    names, weights, offset = check_arrays(X, y, weights, names, offset, family)
    if errors == CLUSTER and (clusters is None or np.shape(clusters) != y.shape):
        raise ValueError(f"clusters must be integers [n]; received {None if clusters is None else np.shape(clusters)}")
    fold, count = drawn_folds(folds, len(y))
    names = [INTERCEPT, *names] if intercept else names
    some = slice(None) if weights is None else weights > 0
    plain = l2 == 0.0 and prior is None
    rows = _Rows(
        X,
        y,
        np.ones(len(y)) if weights is None else weights,
        offset,
        fold,
        Units.of(_with_ones(X[some], intercept), intercept=intercept, sizes=plain),
        intercept,
        None if clusters is None else np.asarray(clusters).astype(np.int64),
        None if times is None else np.asarray(times).astype(np.int64),
    )
    settings = Settings(intercept=intercept, l2=l2, log_f=prior is not None, precision=PRECISION)
    factors = rows.factors(names, count, named(family).solver == "factors")
    solved = rows.solved(family, factors, settings)
    numbers = {
        place: Column(name, float(rows.units.origin[place]), float(rows.units.size[place]))
        for place, name in enumerate(names)
        if place >= int(intercept)
    }
    fit, columns = solved.fit, solved.columns
    wanted = Wanted(
        errors, True, numbers, linear_predictor(merged(factors).square(), fit.coefficients), times is not None
    )

    def raw(change: Array) -> Array:
        whole = np.zeros((len(names), *change.shape[1:]))
        whole[columns] = rows.units.raw(change, columns)
        return whole

    def in_raw(of: Array) -> Array:
        whole = np.full((len(names), len(names)), np.nan)
        whole[np.ix_(columns, columns)] = raw(raw(of)[columns].T)[columns]
        return whole

    classical = in_raw(np.asarray(fit.covariance)[np.ix_(columns, columns)])
    found = look(solved, wanted, rows.passes(columns), names, np.sqrt(np.diag(classical)), raw)
    covariances = {CLASSICAL: classical, **{kind: in_raw(np.asarray(of)) for kind, of in found.covariances.items()}}
    assert found.diagnosis is not None  # noqa: S101 (wanted)
    return Diagnosed(
        dataclasses.replace(
            fit,
            coefficients=raw(solved.beta),
            covariance=covariances[errors],
            errors=errors,
            clusters=found.clusters,
        ),
        {kind: np.sqrt(np.diag(of)) for kind, of in covariances.items()},
        found.diagnosis,
    )


def _with_ones(X: Array, intercept: bool) -> Array:
    return np.column_stack([np.ones(len(X)), X]) if intercept else X


@dataclasses.dataclass(frozen=True)
class _Rows:
    """Rows in memory, scaled block by block; those of weight 0 are in no block."""

    x: Array
    label: Array
    weight: Array
    offset: Array
    fold: NDArray[np.int64]
    units: Units
    intercept: bool
    cluster: NDArray[np.int64] | None
    time: NDArray[np.int64] | None

    def solved(self, family: str, factors: list[TriangularFactor], settings: Settings) -> Solved:
        """The fit of the scaled columns."""
        if named(family).solver != "factors":
            found = Likelihood(family, factors, settings, self.passes)
            return Solved(family, found.fit, found.kept, found.beta, found.root, found.without_folds)
        problem, solution, passes = Problem(factors, settings), None, 0
        if problem.wants_refinement():
            solution, blocks = problem.solution(), list(self.blocks(problem.columns))
            x, label, weight = (
                np.concatenate(parts)
                for parts in zip(
                    *((block.x, block.label - block.offset, block.weight) for block in blocks), strict=True
                )
            )
            passes = refine_rows(solution, x, label, weight, BLOCK_ROWS)
        fit = problem.fit(solution, passes)
        return problem.solved(family, fit, solution)

    def factors(self, names: list[str], folds: int, squares: bool) -> list[TriangularFactor]:
        """A factor of the scaled columns and the label (of least squares less the offset) a fold."""
        found = [TriangularFactor(names, intercept=self.intercept) for _ in range(folds)]
        for block in self.blocks(list(range(len(names)))):
            label = block.label - block.offset if squares else block.label
            for index, factor in enumerate(found):
                mine = slice(None) if folds == 1 else block.fold == index
                factor.add(block.x[mine], label[mine], block.weight[mine])
        return found

    def passes(self, columns: list[int]) -> Pass:
        """Passes over some columns, a thread a core."""

        def one_pass(make: Any) -> Any:
            count = max(1, min(threads.cores(), len(self.label) // BLOCK_ROWS))
            edges = [len(self.label) * index // count for index in range(count + 1)]

            def gather(part: tuple[int, int]) -> Any:
                collector = make()
                for block in self.blocks(columns, *part):
                    collector.add(block)
                return collector

            return threads.gathered(list(itertools.pairwise(edges)), gather)

        return one_pass

    def blocks(self, columns: list[int], first: int = 0, last: int | None = None) -> Iterator[Block]:
        """Some of the rows, from one position to another."""
        last = len(self.label) if last is None else last
        for begin in range(first, last, BLOCK_ROWS):
            end = min(begin + BLOCK_ROWS, last)
            rows = begin + np.flatnonzero(self.weight[begin:end] > 0)
            scaled = np.asfortranarray(self.units.scaled(_with_ones(self.x[rows], self.intercept))[:, columns])
            yield Block(
                scaled,
                self.label[rows],
                self.weight[rows],
                self.offset[rows],
                self.fold[rows],
                rows.astype(np.uint64),
                row=rows.astype(np.int64),
                cluster=None if self.cluster is None else self.cluster[rows],
                time=None if self.time is None else self.time[rows],
            )
