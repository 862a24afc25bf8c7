"""Least squares with bounds, from triangular factors to a fit, with every fold solved within the same bounds. Reads no row.

What is on a bound is taken as known there: the covariance of the other coefficients, the degrees of freedom and the rank are those
of the columns that are left, levels that a bound makes equal being one column (Liew 1976, Inequality constrained least-squares
estimation, JASA 71). A penalty stands below the factor as √λ·D.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from components.linear_model.bounded import Bounds, kkt_residual, solve_bounded
from components.linear_model.bounded_fit import Bounded
from components.linear_model.factor_kinds import merged
from components.linear_model.factors import TriangularFactor, inverted, triangle
from components.linear_model.inference import LeastSquaresFit
from components.linear_model.rank import independent_columns
from components.linear_model.refinement import Solution
from components.linear_model.ridge import Chosen, RidgeSolver, choose_penalty, penalties, squared_error
from components.linear_model.solve import EPS, Problem, Settings, found_fit

Array = NDArray[np.float64]


class BoundedProblem(Problem):
    """`Problem` with bounds on the coefficients."""

    def __init__(self, folds: Sequence[TriangularFactor], settings: Settings) -> None:
        """As `Problem`, and solves it.

        Raises:
          DataError: as of `Problem`, or a column with a bound has no coefficient of its own.
        """
        super().__init__(folds, settings)
        self._bounds = self._bounds_of(self.columns)
        self._solved = solve_bounded(*self._rows(), self._bounds)
        self._found = Bounded.of(self._bounds, self.columns, self._solved.beta, self._kkt())
        self._merging = self._found.merging(len(self.names))[np.ix_(self.columns, self._found.free(self.columns))]
        self.rank = len(independent_columns(self.triangle @ self._merging, self.tolerance))

    def wants_refinement(self) -> bool:
        """Never: a pass of refinement knows no bounds."""
        return False

    def fit(self, refined: Solution | None = None, passes: int = 0) -> LeastSquaresFit:
        """The fit; there is none of a refined solution."""
        beta, width = self._solved.beta, len(self.names)
        rss = float(squared_error(self.factor, self.columns, beta[:, None])[0])
        root, trace = self._covariance_root()
        freedom = self.factor.rows - trace
        variance = rss / freedom if freedom > 0 else float("nan")
        coefficients, covariance = np.zeros(width), np.full((width, width), np.nan)
        coefficients[self.columns] = beta
        covariance[np.ix_(self.columns, self.columns)] = variance * (root @ root.T)
        total = float(np.sum(self.square[int(self.settings.intercept) :, -1] ** 2))
        found = found_fit(self, coefficients, self._found.without(covariance), (rss, total), freedom)
        return dataclasses.replace(found, bounds=self._found)

    def root(self, refined: Solution | None = None) -> Array:
        """[q, f]: M·Mᵀ = (XᵀX + λD)⁻¹ of the columns that are left, put at the places of the kept ones."""
        return np.asarray(self._merging @ inverted(triangle(self._rows()[0] @ self._merging)))

    def without_folds(self) -> Array | None:
        """As `Problem.without_folds`, within the bounds."""
        if self.chosen.cv_error is None:
            return None
        path = np.array([self.penalty])
        return np.array([self._without(index, self.columns, path)[:, 0] for index in range(len(self.folds))])

    def _choose_penalty(self, columns: list[int], saturated: bool) -> Chosen:
        """The penalty; where it is a number, no other is tried, for each is an active-set method a fold."""
        given, intercept = self.settings.l2, self.settings.intercept

        def default() -> Array:
            if given != "auto":
                return np.array([float(given)])
            return penalties(RidgeSolver(self.factor, columns, intercept, self.tolerance).singular[:1])

        def errors(held_out: int, path: Array) -> Array:
            fold = self.folds[held_out]
            return squared_error(fold, columns, self._without(held_out, columns, path)) / fold.weight

        return choose_penalty(given, [fold.weight for fold in self.folds], default, errors, saturated)

    def _without(self, index: int, columns: list[int], path: Array) -> Array:
        """The coefficients [q, m] of the rows of all folds but one, for each penalty.

        What rounding left of columns that depend on others there is taken out of the factor first, as `RidgeSolver` does.
        """
        square = merged(self.folds[:index] + self.folds[index + 1 :]).square()
        matrix, label = square[:, columns], square[:, -1]
        independent = independent_columns(matrix, self.tolerance)
        if len(independent) < len(columns):
            basis = np.linalg.qr(matrix[:, independent])[0]
            matrix, label = basis.T @ matrix, basis.T @ label
        bounds, weights = self._bounds_of(columns), self._weights(columns)
        found: list[Array] = []
        for penalty in path:
            rows, values = _penalised(matrix, label, weights, float(penalty))
            start, tolerance = found[-1] if found else None, self._dependent_below(float(penalty))
            found.append(solve_bounded(rows, values, bounds, start, tolerance).beta)
        return np.column_stack(found)

    def _bounds_of(self, columns: list[int]) -> Bounds:
        bounds = self.settings.bounds
        if bounds is None:
            raise ValueError("settings.bounds: expected bounds; received None. Solve without them by `Problem`.")
        return bounds.of(columns)

    def _weights(self, columns: list[int]) -> Array:
        """[q]: 1 for the columns that a penalty is of."""
        weights = np.ones(len(columns))
        weights[: int(self.settings.intercept)] = 0.0
        return weights

    def _dependent_below(self, penalty: float) -> float:
        """The tolerance of a dependence: a penalty leaves none."""
        return 100 * EPS if penalty else self.tolerance

    def _covariance_root(self) -> tuple[Array, float]:
        """M [q, f] with M·Mᵀ the covariance of all kept columns by σ², and the trace of the hat matrix."""
        rows = self.triangle @ self._merging
        if not self.penalty:
            return self.root(), float(rows.shape[1])
        drawn = np.sqrt(self.penalty) * self._weights(self.columns)[:, None] * self._merging
        q, r = np.linalg.qr(np.concatenate([rows, drawn]))
        upper = q[: len(rows)]
        return self._merging @ solve_triangular(r, upper.T), float(np.sum(upper**2))

    def _kkt(self) -> float:
        matrix, label = self._rows()
        beta = self._solved.beta
        whole = float(squared_error(self.factor, self.columns, beta[:, None])[0])
        rest = whole - float(np.sum((self.projected - self.triangle @ beta) ** 2))
        return kkt_residual(matrix, label, np.sqrt(max(rest, 0.0)), self._bounds, beta)

    def _rows(self) -> tuple[Array, Array]:
        return _penalised(self.triangle, self.projected, self._weights(self.columns), self.penalty)


def _penalised(matrix: Array, label: Array, weights: Array, penalty: float) -> tuple[Array, Array]:
    """A factor's columns [m, q] and label [m] with the rows of a penalty below."""
    if not penalty:
        return matrix, label
    return np.concatenate([matrix, np.diag(np.sqrt(penalty) * weights)]), np.append(label, np.zeros(len(weights)))
