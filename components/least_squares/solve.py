"""From triangular factors to a fit: rank, penalty, coefficients, covariance. Reads no row."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from components.errors import DataError
from components.least_squares.inference import Dropped, LeastSquaresFit
from components.least_squares.rank import dependences
from components.least_squares.refinement import Solution, unscaled_covariance_root
from components.least_squares.ridge import RidgeSolver, cross_validate, penalties, squared_error
from components.least_squares.tsqr import TriangularFactor, triangle

Array = NDArray[np.float64]

INTERCEPT = "(intercept)"
EPS = float(np.finfo(np.float64).eps)
REFINE_ABOVE = 1e4  # condition number from which refinement is on by itself


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to solve.

    Attributes:
      intercept: whether column 0 is all ones.
      l2: a penalty, or `"auto"`: the penalty with the least cross-validated error.
      collinear: what to do about a column that others give.
      tolerance: see `rank.dependences`.
      references: columns left out by convention, one level of each feature with levels: its coefficient is 0.
      may_be_empty: columns that may be all zero (levels that no row has); dropped without further ado.
    """

    intercept: bool = True
    l2: float | Literal["auto"] = 0.0
    collinear: Literal["drop", "error"] = "drop"
    tolerance: float = 100 * EPS
    references: Collection[str] = ()
    may_be_empty: Collection[str] = ()


class Problem:
    """Least squares on the rows that the factors of all folds stand for (one factor if there are no folds)."""

    def __init__(self, folds: Sequence[TriangularFactor], settings: Settings) -> None:
        """Merges the factors, and finds which columns to keep.

        Raises:
          DataError: no rows, all weights zero, fewer rows than columns, a constant column, or, with `collinear: error`, a
            dependent column; the text names them.
        """
        self.settings = settings
        self.folds = list(folds)
        self.factor = self.folds[0].copy()
        for fold in self.folds[1:]:
            self.factor.merge(fold)
        self.names = self.factor.names
        if self.factor.rows == 0:
            raise DataError(
                "there are no rows to fit, or all their weights are zero. Give rows with a weight above zero."
            )
        square = self.factor.square()
        self._square = square
        candidates = [index for index, name in enumerate(self.names) if name not in settings.references]
        used = [self.names[index] for index in candidates if square[:, index].any()]
        if self.factor.rows < len(used):
            raise DataError(
                f"too few rows: {self.factor.rows} rows can't determine {len(used)} coefficients "
                f"({', '.join(used)}). Give more rows or fewer features."
            )
        self._require_variation(candidates)
        self.dropped: list[Dropped] = []
        gone: set[int] = set()
        for found in dependences(triangle(square[:, candidates]), settings.tolerance):
            name = self.names[candidates[found.column]]
            gone.add(candidates[found.column])
            on = {self.names[candidates[other]]: factor for other, factor in found.on.items()}
            self.dropped.append(Dropped(name, _because(name, on), on))
        self.columns = [index for index in candidates if index not in gone]
        named = [column for column in self.dropped if column.on]
        if named and settings.collinear == "error":
            raise DataError(
                "collinear columns:\n"
                + "\n".join(f"  {column.because}" for column in named)
                + "\nRemove features, or set "
                "model.collinear: drop."
            )
        kept = triangle(square[:, [*self.columns, -1]]) if len(self.columns) < len(self.names) else square
        self.triangle: Array = np.triu(kept[:-1, :-1])
        self.projected: Array = kept[:-1, -1]
        self.condition_number = float(np.linalg.cond(self.triangle / np.linalg.norm(self.triangle, axis=0)))

    def _require_variation(self, candidates: list[int]) -> None:
        first = int(self.settings.intercept)
        norms = np.linalg.norm(self._square, axis=0)
        spread = np.linalg.norm(self._square[first:], axis=0)
        constant = [
            self.names[index]
            for index in candidates[first:]
            if self.names[index] not in self.settings.may_be_empty
            and spread[index] <= self.settings.tolerance * norms[index]
        ]
        if constant:
            raise DataError(
                f"constant columns: {', '.join(constant)}. Every row has the same value there, so that "
                f"{'the intercept takes its place' if first else 'nothing can be learnt from it'}. Remove the feature."
            )

    def wants_refinement(self) -> bool:
        """Whether the condition number asks for it; a penalised fit has no use for it."""
        return self.condition_number > REFINE_ABOVE and self.settings.l2 == 0.0

    def ordinary(self) -> Array:
        """Coefficients of the kept columns, by back substitution."""
        return np.asarray(solve_triangular(self.triangle, self.projected))

    def solution(self) -> Solution:
        """A solution to be refined."""
        return Solution.of(self.triangle, self.ordinary())

    def fit(self, refined: Solution | None = None, passes: int = 0) -> LeastSquaresFit:
        """The fit, from a refined solution where one is given.

        Raises:
          DataError: `l2: auto` without at least two folds that hold rows.
        """
        penalty, rule, path, cv_error = self._penalty()
        if refined is not None:
            beta = refined.beta[0]
            rss = refined.residual_sum_of_squares or 0.0
            freedom = float(self.factor.rows - len(self.columns))
            root = unscaled_covariance_root(refined)
        elif penalty == 0.0:
            beta = self.ordinary()
            rss = squared_error(self.factor, self.columns, beta)
            freedom = float(self.factor.rows - len(self.columns))
            root = np.asarray(solve_triangular(self.triangle, np.eye(len(self.columns))))
        else:
            ridge = RidgeSolver(self.factor, self.columns, self.settings.intercept)
            beta = ridge.coefficients(penalty)
            rss = squared_error(self.factor, self.columns, beta)
            freedom = self.factor.rows - ridge.degrees_of_freedom(penalty)
            root = self._ridge_root(penalty)
        variance = rss / freedom if freedom > 0 else float("nan")
        width = len(self.names)
        coefficients = np.zeros(width)
        coefficients[self.columns] = beta
        covariance = np.full((width, width), np.nan)
        covariance[np.ix_(self.columns, self.columns)] = variance * (root @ root.T)
        return LeastSquaresFit(
            names=self.names,
            coefficients=coefficients,
            covariance=covariance,
            residual_sum_of_squares=rss,
            total_sum_of_squares=float(np.sum(self._square[int(self.settings.intercept) :, -1] ** 2)),
            rows=self.factor.rows,
            degrees_of_freedom=freedom,
            rank=len(self.columns),
            condition_number=self.condition_number,
            intercept=self.settings.intercept,
            dropped=self.dropped,
            penalty=penalty,
            penalty_rule=rule,
            ridge_path=path,
            cv_error=cv_error,
            refined=passes,
        )

    def _penalty(self) -> tuple[float, str, list[dict[str, float]], float | None]:
        automatic = self.settings.l2 == "auto"
        if len(self.folds) < 2:
            if automatic:
                raise DataError("l2: auto needs at least two folds. Set folds, or give l2 as a number.")
            return float(self.settings.l2), "given", [], None
        solver = RidgeSolver(self.factor, self.columns, self.settings.intercept)
        grid = penalties(solver.singular)
        if not automatic and float(self.settings.l2) not in grid:
            grid = np.sort(np.append(grid, float(self.settings.l2)))
        errors = cross_validate(self.folds, self.columns, self.settings.intercept, grid)
        path = [{"l2": float(l2), "cv_error": float(error)} for l2, error in zip(grid, errors, strict=True)]
        if automatic:
            best = int(np.argmin(errors))
            rule = f"least mean squared error of {len(self.folds)}-fold cross-validation, of {len(grid)} penalties"
            return float(grid[best]), rule, path, float(errors[best])
        chosen = int(np.flatnonzero(grid == float(self.settings.l2))[0])
        return float(self.settings.l2), "given", path, float(errors[chosen])

    def _ridge_root(self, penalty: float) -> Array:
        """M with M·Mᵀ = (RᵀR + λD)⁻¹·RᵀR·(RᵀR + λD)⁻¹, D zero for the intercept: by QR of R over √λ·D."""
        width = len(self.columns)
        weights = np.full(width, np.sqrt(penalty))
        if self.settings.intercept:
            weights[0] = 0.0
        q, r = np.linalg.qr(np.concatenate([self.triangle, np.diag(weights)]))
        return np.asarray(solve_triangular(r, q[:width].T))


def _because(name: str, on: dict[str, float]) -> str:
    if not on:
        return f"{name} is zero in every row"
    terms = " ".join(f"{'-' if factor < 0 else '+'} {abs(factor):.6g}·{other}" for other, factor in on.items())
    return f"{name} = {terms.removeprefix('+ ')}"
