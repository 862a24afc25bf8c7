"""Least squares on whole arrays: the same accumulators and the same solve as the Beam step."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from components.least_squares.inference import LeastSquaresFit
from components.least_squares.refinement import PASSES, ResidualPass, Solution, improve
from components.least_squares.ridge import fold_of_rows
from components.least_squares.solve import INTERCEPT, Problem, Settings
from components.least_squares.tsqr import BLOCK_ROWS, TriangularFactor


def fit(
    X: NDArray[Any],
    y: NDArray[Any],
    *,
    weights: NDArray[Any] | None = None,
    intercept: bool = True,
    names: list[str] | None = None,
    folds: int = 0,
    l2: float | Literal["auto"] = 0.0,
    collinear: Literal["drop", "error"] = "drop",
    refine: bool | None = None,
    block_rows: int = BLOCK_ROWS,
) -> LeastSquaresFit:
    """Fits y = b + X·β by least squares.

    Args:
      X: [n, p], any real dtype; computed in float64.
      y: [n].
      weights: [n], at least 0; None is 1 each. Σ w·(y − ŷ)² is minimised.
      intercept: whether there is a b.
      names: of the columns, [p]; None is x1, x2, …
      folds: of cross-validation; 0 is none. A row's fold is decided by a hash of its values.
      l2: penalty λ of λ·‖β‖² (b not among it), or `"auto"`: the λ with the least cross-validated error (5 folds unless
        `folds` says otherwise).
      collinear: `"drop"` leaves a column out that those before it give, `"error"` raises.
      refine: further passes in double-double arithmetic; None lets the condition number decide.
      block_rows: rows that are factored at a time.

    Returns:
      The fit, intercept first.

    Raises:
      DataError: a value is not finite, a column constant, too few rows, all weights zero, or collinear columns with
        `"error"`; the text names them.
      ValueError: shapes don't fit, or a penalty is below zero.

    Example:
      >>> import numpy as np
      >>> fit(np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0])).coefficients.round(12).tolist()
      [1.0, 2.0]
    """
    X, y = np.asarray(X, np.float64), np.asarray(y, np.float64)
    if X.ndim != 2 or y.shape != (len(X),):
        raise ValueError(f"X must be [n, p] and y [n]; received {X.shape} and {y.shape}")
    if l2 != "auto" and not l2 >= 0:
        raise ValueError(f"l2 must be 'auto' or a number of at least 0; received {l2!r}")
    names = [f"x{index + 1}" for index in range(X.shape[1])] if names is None else list(names)
    if len(names) != X.shape[1]:
        raise ValueError(f"names must name {X.shape[1]} columns; received {len(names)}")
    if l2 == "auto" and folds == 0:
        folds = 5
    fold = fold_of_rows(X, y, folds) if folds > 1 else np.zeros(len(y), np.int64)
    if intercept:
        X, names = np.column_stack([np.ones(len(y)), X]), [INTERCEPT, *names]
    weights = None if weights is None else np.asarray(weights, np.float64)
    factors = [
        TriangularFactor(names, block_rows, intercept=intercept).add(
            X[rows], y[rows], None if weights is None else weights[rows]
        )
        for rows in (fold == index for index in range(max(folds, 1)))
    ]
    problem = Problem(factors, Settings(intercept=intercept, l2=l2, collinear=collinear))
    if not (problem.wants_refinement() if refine is None else refine and l2 == 0.0):
        return problem.fit()
    solution = problem.solution()
    passes = refine_rows(solution, X[:, problem.columns], y, weights, block_rows)
    return problem.fit(solution, passes)


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
