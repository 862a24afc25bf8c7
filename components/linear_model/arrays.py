"""Fits of whole arrays: the same accumulators and the same solve as the Beam step."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from components.errors import DataError
from components.linear_model import threads
from components.linear_model.blocks import Block, Pass, over, scattered
from components.linear_model.bounded import Bounds
from components.linear_model.bounded_solve import BoundedProblem
from components.linear_model.elastic_net import ElasticNet
from components.linear_model.elastic_net_problem import ElasticNetProblem
from components.linear_model.factors import BLOCK_ROWS, TriangularFactor
from components.linear_model.families import named
from components.linear_model.inference import LeastSquaresFit, LikelihoodFit
from components.linear_model.likelihood import Likelihood
from components.linear_model.refinement import PASSES, ResidualPass, Solution, improve
from components.linear_model.solve import Problem, Settings
from components.linear_model.units import Units
from components.values.names import INTERCEPT

Array = NDArray[np.float64]

FOLDS = 5  # of `l2="auto"`, where nothing else is said
PRECISION = 1e-9  # of columns in 64 bits, some digits left to the steps' rounding
LEAST, GREATEST = 1e-100, 1e100  # sizes of columns whose squares float64 can hold


def fit(
    X: NDArray[Any],
    y: NDArray[Any],
    *,
    weights: NDArray[Any] | None = None,
    intercept: bool = True,
    names: list[str] | None = None,
    folds: int | NDArray[Any] = 0,
    l2: float | Literal["auto"] = 0.0,
    collinear: Literal["drop", "error"] = "drop",
    refine: bool | None = None,
    block_rows: int = BLOCK_ROWS,
    family: str = "gaussian",
    offset: NDArray[Any] | None = None,
    prior: Literal["log_f"] | None = None,
    bounds: NDArray[Any] | None = None,
    elastic_net: ElasticNet | None = None,
) -> LeastSquaresFit | LikelihoodFit:
    """Fits g(E[y]) = b + X·β by maximum likelihood, of the Gaussian family by least squares.

    Args:
      X: [n, p], any real dtype; computed in float64.
      y: [n].
      weights: [n], at least 0; None is 1 each. Σ w·(y − ŷ)² is minimised. They are R's analytic weights (a row's variance is
        σ²/w): coefficients are those of rows repeated w times, standard errors are not, for each row counts once.
      intercept: whether there is a b.
      names: of the columns, [p]; None is x1, x2, …
      folds: of cross-validation; 0 is none. A number draws folds of equal size from the rows' positions, always the same; an
        array [n] of integers from 0 gives each row's fold.
      l2: penalty λ of λ·‖β‖² (b not among it), or `"auto"`: the λ with the least cross-validated error, if it lowers the error
        by more than one standard error of the difference, otherwise 0 (5 folds unless `folds` says otherwise). A penalty fits
        more columns than rows, and shares what collinear columns have in common.
      collinear: `"drop"` leaves a column out that those before it give, if there is no penalty; `"error"` raises.
      refine: further passes in double-double arithmetic; None lets the condition number decide. A penalised fit has none.
      block_rows: rows that are factored at a time.
      family: `gaussian`, `binomial`, `poisson`, `gamma`, `tweedie`, perhaps with options: `binomial(link=probit)`,
        `tweedie(power=1.6)`.
      offset: [n], added to b + X·β; None is 0.
      prior: `"log_f"` for log-F(1,1) priors (`newton.Penalty`), of columns as they are; instead of a penalty.
      bounds: [p, 2], the least and the greatest that each coefficient may be, ∓infinity where there is no such bound; b has none.
        What is on a bound has no standard error, and those of the others are conditional on that (`LeastSquaresFit.bounds`).
      elastic_net: of family gaussian, instead of `l2`: an elastic net or a lasso (`ElasticNet`), of columns as they are, which
        should be of one scale. Its cross-validation has 5 folds unless `folds` says otherwise.

    Returns:
      The fit, intercept first.

    Raises:
      DataError: a value is not finite or beyond 1e±100, too few rows for a fit without penalty, all weights zero, or
        collinear columns with `"error"`; the text names them.
      ValueError: shapes don't fit, a penalty is below zero, a bound is above its other one, or there are bounds beside what knows
        none: a prior, an elastic net or refinement; or there are two penalties.

    Example:
      >>> import numpy as np
      >>> fit(np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0])).coefficients.round(12).tolist()
      [1.0, 2.0]
    """
    X, y = np.asarray(X, np.float64), np.asarray(y, np.float64)
    if l2 != "auto" and not l2 >= 0:
        raise ValueError(f"l2 must be 'auto' or a number of at least 0; received {l2!r}")
    squares = named(family).solver == "factors"
    if elastic_net is not None and (l2 != 0.0 or refine or bounds is not None or not squares):
        raise ValueError("elastic_net: is of family gaussian, without l2, bounds and refine. Leave one out")
    names, weights, offset = check_arrays(X, y, weights, names, offset, family)
    validated = l2 == "auto" or (elastic_net is not None and elastic_net.by_validation)
    fold, count = drawn_folds(FOLDS if validated and np.ndim(folds) == 0 and folds == 0 else folds, len(y))
    names = [INTERCEPT, *names] if intercept else names
    response = y - offset if squares else y
    empty = TriangularFactor(names, block_rows, intercept=intercept)
    places = [np.flatnonzero(fold == index) for index in range(count)] if count > 1 else [slice(0, len(y))]
    factors = [_factor(X, response, weights, empty, rows) for rows in places]
    settings = Settings(
        intercept=intercept,
        l2=l2,
        collinear=collinear,
        elastic_net=elastic_net,
        log_f=prior is not None,
        precision=PRECISION,
        bounds=None if bounds is None else _bounds(bounds, names, intercept, prior is not None or bool(refine)),
    )
    if not squares:
        X = _with_ones(X) if intercept else X
        some = slice(None) if weights is None else weights > 0
        units = Units.of(X[some], intercept=intercept, sizes=l2 == 0.0 and prior is None)
        weights = np.ones(len(y)) if weights is None else weights
        rows = Rows(units.scaled(X), y, weights, offset, fold, block_rows)
        return Likelihood(family, factors, settings, rows.passes, units=units).fit
    if elastic_net is not None:
        return ElasticNetProblem(factors, settings).fit()
    if bounds is not None:
        return BoundedProblem(factors, settings).fit()
    problem = Problem(factors, settings)
    if not (problem.wants_refinement() if refine is None else refine and problem.penalty == 0.0):
        return problem.fit()
    solution = problem.solution()
    kept = (_with_ones(X) if intercept else X)[:, problem.columns]
    passes = refine_rows(solution, kept, response, weights, block_rows)
    return problem.fit(solution, passes)


def _bounds(given: NDArray[Any], names: list[str], intercept: bool, unknown: bool) -> Bounds:
    """Of all columns, the intercept's free."""
    found = np.asarray(given, np.float64)
    free = np.array([[-np.inf, np.inf]] * intercept).reshape(-1, 2)
    if found.shape != (len(names) - intercept, 2) or not (found[:, 0] <= found[:, 1]).all():
        raise ValueError(
            f"bounds must be [{len(names) - intercept}, 2], the least and the greatest of each coefficient; received "
            f"{found.shape if found.ndim != 2 or found.shape[1] != 2 else found.tolist()}"
        )
    if unknown:
        raise ValueError("bounds: neither a prior nor refinement keeps them. Leave prior and refine out")
    return Bounds.simple(*np.concatenate([free, found]).T)


def check_arrays(
    X: Array,
    y: Array,
    weights: NDArray[Any] | None,
    names: list[str] | None,
    offset: NDArray[Any] | None,
    family: str,
) -> tuple[list[str], Array | None, Array]:
    """Looks whether arrays can be fitted; arguments as of `fit`.

    Returns:
      The columns' names, the weights, the offset [n].

    Raises:
      DataError, ValueError: as of `fit`.
    """
    if X.ndim != 2 or y.shape != (len(X),):
        raise ValueError(f"X must be [n, p] and y [n]; received {X.shape} and {y.shape}")
    if named(family).transform is not None:
        raise ValueError(f"family: y is fitted as it is; received {family!r}. Give a transformed label as y: np.log(y)")
    names = [f"x{index + 1}" for index in range(X.shape[1])] if names is None else list(names)
    if len(names) != X.shape[1]:
        raise ValueError(f"names must name {X.shape[1]} columns; received {len(names)}")
    weights = None if weights is None else np.asarray(weights, np.float64)
    _check(X, y, weights, names)
    offset = np.zeros(len(y)) if offset is None else np.asarray(offset, np.float64)
    odd = ~named(family).valid(y)
    if odd.any() or offset.shape != y.shape or not np.isfinite(offset).all():
        raise DataError(
            f"y and offset: expected {named(family).labels} and finite numbers, [n] each; received "
            f"{y[odd][0] if odd.any() else offset.shape}."
        )
    return names, weights, offset


def _with_ones(X: NDArray[Any]) -> NDArray[Any]:
    """The rows with the intercept's ones."""
    return np.column_stack([np.ones(len(X)), X])


def _factor(
    X: NDArray[Any],
    y: NDArray[Any],
    weights: NDArray[Any] | None,
    empty: TriangularFactor,
    rows: slice | NDArray[np.int64],
) -> TriangularFactor:
    """The factor of some rows, by as many threads as have more rows than columns each and a block."""
    length = rows.stop if isinstance(rows, slice) else len(rows)
    count = max(1, min(threads.cores(), length // max(len(empty.names), empty.height)))
    edges = [length * index // count for index in range(count + 1)]

    def gather(part: tuple[int, int]) -> TriangularFactor:
        factor = empty.copy()
        for begin in range(*part, factor.height):  # so that no copy of all rows is made
            block = slice(begin, min(begin + factor.height, part[1]))
            some = block if isinstance(rows, slice) else rows[block]
            factor.add(X[some], y[some], None if weights is None else weights[some])
        return factor

    return threads.gathered(list(itertools.pairwise(edges)), gather)


@dataclasses.dataclass(frozen=True)
class Rows:
    """Rows in memory; those of weight 0 are in no block."""

    x: NDArray[Any]
    label: NDArray[Any]
    weight: NDArray[Any]
    offset: NDArray[Any]
    fold: NDArray[np.int64]
    block_rows: int

    def passes(self, columns: list[int]) -> Pass:
        """Passes over some columns."""
        return over(functools.partial(self._blocks, columns))

    def _blocks(self, columns: list[int]) -> Iterator[Block]:
        draw = scattered(np.arange(len(self.label)))
        for begin in range(0, len(self.label), self.block_rows):
            rows = begin + np.flatnonzero(self.weight[begin : begin + self.block_rows] > 0)
            yield Block(
                self.x[rows][:, columns],
                self.label[rows],
                self.weight[rows],
                self.offset[rows],
                self.fold[rows],
                draw[rows],
            )


def _check(X: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None, names: list[str]) -> None:
    """Names the first value that can't be fitted by its index."""
    greatest = np.zeros(1 + X.shape[1])
    for begin in range(0, len(X), BLOCK_ROWS):
        rows = slice(begin, begin + BLOCK_ROWS)
        greatest[0] = np.maximum(greatest[0], np.abs(y[rows]).max())
        np.maximum(greatest[1:], np.abs(X[rows]).max(axis=0), out=greatest[1:])
    for index in np.flatnonzero(~np.isfinite(greatest)):
        name, values = ("y", y) if index == 0 else (f"X[:, {index - 1}] ({names[index - 1]})", X[:, index - 1])
        row = np.flatnonzero(~np.isfinite(values))[0]
        raise DataError(
            f"row {row} (of 0 to {len(y) - 1}), {name}: expected a finite number; received {values[row]}. Impute or drop it."
        )
    refuse_sizes(greatest, ["y", *(f"X[:, {index}] ({column})" for index, column in enumerate(names))])
    if weights is not None and weights.shape == y.shape:
        wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
        if len(wrong):
            raise DataError(
                f"row {wrong[0]} (of 0 to {len(y) - 1}), weights: expected a finite number of at least 0; received "
                f"{weights[wrong[0]]}. Correct the weight."
            )


def refuse_sizes(greatest: NDArray[Any], names: list[str]) -> None:
    """Names the first column of which the greatest size [p] has a square that float64 can't hold.

    Raises:
      DataError: there is such a column.
    """
    wrong = np.flatnonzero((greatest != 0) & ~((greatest >= LEAST) & (greatest <= GREATEST)))
    if len(wrong):
        raise DataError(
            f"{names[wrong[0]]}: its greatest value is {greatest[wrong[0]]:.3g}, and squares of such a size are beyond float64's "
            f"range. Give it in other units, so that it lies between {LEAST:g} and {GREATEST:g}."
        )


def drawn_folds(folds: int | NDArray[Any], rows: int) -> tuple[NDArray[np.int64], int]:
    """The fold of each row [n], and how many folds there are."""
    given = np.asarray(folds)
    if given.ndim == 0:
        count = max(int(given), 1)
        return np.random.default_rng(0).permutation(rows) % count, count
    if given.shape != (rows,) or not np.issubdtype(given.dtype, np.integer) or (rows and given.min() < 0):
        raise ValueError(
            f"folds must be a number or {rows} integers of at least 0; received {given.dtype} {given.shape}"
        )
    return given.astype(np.int64), int(given.max(initial=0)) + 1


def refine_rows(
    solution: Solution, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None, block_rows: int
) -> int:
    """Refines a solution in place, from rows x [n, q] of its kept columns. Returns the number of passes."""
    passes = 0
    settled = False
    while not settled and passes < PASSES:
        gathered = ResidualPass(solution)
        for start in range(0, len(y), block_rows):
            rows = slice(start, start + block_rows)
            gathered.add(x[rows], y[rows], None if weights is None else weights[rows])
        settled = improve(solution, gathered)
        passes += 1
    return passes
