"""The triangular factor of [X y], gathered block by block (TSQR).

R of the QR factorisation of all rows is all that least squares needs: RᵀR = AᵀA without AᵀA ever being formed, which would
square the condition number. Factors of parts merge by factoring them one above the other, in any order and grouping
(Demmel, Grigori, Hoemmen, Langou 2008, "Communication-optimal parallel and sequential QR and LU factorizations").

With an intercept, columns are measured from an origin near the data: what is far from 0 for its spread (a year, say) would
lose the digits of that distance. In exact arithmetic the origin changes R's first row alone, by R₀₀ times it, so that it can
be moved or taken out at any time. Of two parts the lighter is moved to the origin of the heavier: the other way round, a lone
outlier that happens to come first would have all other rows measured from far away.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.errors import DataError

Array = NDArray[np.float64]

BLOCK_ROWS = 8192


def triangle(matrix: Array) -> Array:
    """R of a matrix's QR factorisation by Householder reflections (LAPACK)."""
    return np.asarray(np.linalg.qr(matrix, mode="r"))


class TriangularFactor:
    """Accumulates the triangular factor of [X y], rows weighted.

    Attributes:
      names: of the columns of X.
      rows: rows added whose weight is not zero.
      weight: sum of their weights.
      log_weight: sum of their weights' logarithms, which a likelihood has in it.
      intercept: whether column 0 of X is all ones.
      origin: float64 [p + 1], what was taken from the columns: the weighted medians of the block of rows that weighed more
        than all before it; zeros without intercept or rows.
      factor: float64 [k, p + 1], k ≤ p + 1, upper trapezoidal, of the columns less their origin.
    """

    def __init__(self, names: list[str], block_rows: int = BLOCK_ROWS, *, intercept: bool = False) -> None:
        self.names = names
        self.rows = 0
        self.weight = 0.0
        self.log_weight = 0.0
        self.intercept = intercept
        self.origin: Array = np.zeros(len(names) + 1)
        self.factor: Array = np.zeros((0, len(names) + 1))
        self._block_rows = max(block_rows, 1)

    def add(self, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None = None) -> TriangularFactor:
        """Adds rows.

        Args:
          x: [n, p].
          y: [n].
          weights: [n], none below zero; None is 1 each. They are R's analytic weights (σ²/w is a row's variance), not counts: a
            row of weight w gives the coefficients of w equal rows, but counts as one row in the degrees of freedom.

        Returns:
          Itself.

        Raises:
          DataError: a value is not finite, or a weight is below zero; the text names the column.
          ValueError: the shapes don't fit.
        """
        matrix = np.empty((len(y), len(self.names) + 1))
        if np.shape(x) != (len(y), len(self.names)) or np.ndim(y) != 1:
            raise ValueError(f"x must be [n, {len(self.names)}] and y [n]; received {np.shape(x)} and {np.shape(y)}")
        matrix[:, :-1] = x
        matrix[:, -1] = y
        if not np.isfinite(matrix).all():
            row, column = np.argwhere(~np.isfinite(matrix))[0]
            name = f"column {self.names[column]} of the design matrix" if column < len(self.names) else "the label"
            raise DataError(f"{name}: expected finite numbers; received {matrix[row, column]}. Impute or drop it.")
        if weights is not None:
            weights = np.asarray(weights, np.float64)
            if weights.shape != np.shape(y):
                raise ValueError(f"weights must be [n] as y; received {weights.shape} and {np.shape(y)}")
            wrong = ~(np.isfinite(weights) & (weights >= 0))
            if wrong.any():
                raise DataError(
                    f"weights: expected finite numbers of at least 0; received {weights[wrong][0]}. Correct the weights."
                )
            matrix = matrix[weights > 0]
            weights = weights[weights > 0]
        self.rows += len(matrix)
        for start in range(0, len(matrix), self._block_rows):
            block = slice(start, start + self._block_rows)
            self._add_block(matrix[block], None if weights is None else weights[block])
        return self

    def _add_block(self, block: Array, weights: Array | None) -> None:
        """Adds rows [n, p + 1], in place of which their distances from the origin are left."""
        weight = float(len(block)) if weights is None else float(weights.sum())
        if self.intercept:
            if weight > self.weight:
                self._move(_medians(block, weights))
            block -= self.origin
        if weights is not None:
            block *= np.sqrt(weights)[:, None]
            self.log_weight += float(np.log(weights).sum())
        self.weight += weight
        self._stack(block)

    def merge(self, other: TriangularFactor) -> TriangularFactor:
        """Adds the rows that another factor stands for. Returns itself."""
        if (other.names, other.intercept) != (self.names, self.intercept):
            raise ValueError(f"factors of other columns can't merge; received {other.names}, expected {self.names}")
        if other.weight > self.weight:
            self._move(other.origin)
        self.rows += other.rows
        self.weight += other.weight
        self.log_weight += other.log_weight
        self._stack(other.from_origin(self.origin))
        return self

    def rescaled(self, means: Array, stds: Array) -> TriangularFactor:
        """The factor of the columns (x − mean)/std, the label as it is: R's columns divided, and the origin moved.

        Args:
          means, stds: [p] each; 0 and 1 for the intercept's ones.
        """
        scaled = self.copy()
        scaled.factor = self.factor / np.append(stds, 1.0)
        scaled.origin = (self.origin - np.append(means, 0.0)) / np.append(stds, 1.0)
        return scaled

    def less(self, columns: Sequence[int]) -> TriangularFactor:
        """The factor of the same columns and of the label less some of them, at their places."""
        changed = self.copy()
        changed.factor, changed.origin = self.factor.copy(), self.origin.copy()
        changed.factor[:, -1] -= self.factor[:, columns].sum(axis=1)
        changed.origin[-1] -= self.origin[list(columns)].sum()
        return changed

    def aligned(self, names: list[str], places: Sequence[int]) -> TriangularFactor:
        """The factor of more columns: its own stand at some places, and the others are 0 in all its rows.

        Args:
          names: of all columns, [q].
          places: of its own columns among them, [p].
        """
        wide = TriangularFactor(names, self._block_rows, intercept=self.intercept)
        wide.rows, wide.weight, wide.log_weight = self.rows, self.weight, self.log_weight
        at = [*places, len(names)]
        wide.origin[at] = self.origin
        matrix = np.zeros((len(self.factor), len(names) + 1))
        matrix[:, at] = self.factor
        wide.factor = triangle(matrix) if len(matrix) else matrix
        return wide

    def copy(self) -> TriangularFactor:
        """One that can be merged into without changing this one."""
        return copy.copy(self)

    def from_origin(self, origin: Array) -> Array:
        """The factor [k, p + 1] with its columns measured from another origin [p + 1]."""
        moved = self.factor.copy()
        if len(moved):
            moved[0] += moved[0, 0] * (self.origin - origin)
        return moved

    def square(self) -> Array:
        """The factor of [X y] itself as [p + 1, p + 1], zeros below what few rows filled."""
        width = len(self.names) + 1
        return _padded(self.from_origin(np.zeros(width)))

    def _move(self, origin: Array) -> None:
        self.factor, self.origin = self.from_origin(origin), origin

    def _stack(self, below: Array) -> None:
        if len(below):
            self.factor = triangle(np.concatenate([self.factor, below]))


def to_arrays(factors: list[TriangularFactor]) -> dict[str, Array]:
    """`rows`, `weight`, `log_weight` [m], `origin` [m, p + 1], `factor` [m, p + 1, p + 1] of m factors."""
    return {
        "rows": np.array([factor.rows for factor in factors]),
        "weight": np.array([factor.weight for factor in factors]),
        "log_weight": np.array([factor.log_weight for factor in factors]),
        "origin": np.array([factor.origin for factor in factors]),
        "factor": np.array([_padded(factor.factor) for factor in factors]),
    }


def from_arrays(names: list[str], arrays: Mapping[str, NDArray[Any]]) -> list[TriangularFactor]:
    """Factors with an intercept from what `to_arrays` gives."""
    factors = []
    for rows, weight, log_weight, origin, matrix in zip(
        *(arrays[key] for key in ("rows", "weight", "log_weight", "origin", "factor")), strict=True
    ):
        factor = TriangularFactor(names, intercept=True)
        factor.rows, factor.weight, factor.log_weight = int(rows), float(weight), float(log_weight)
        factor.origin, factor.factor = origin, matrix
        factors.append(factor)
    return factors


def _medians(block: Array, weights: Array | None) -> Array:
    """The (weighted) median of each column [p + 1] of a block [n, p + 1] whose first column is all ones; that one's is 0."""
    if weights is None:
        medians = np.median(block, axis=0)
    else:
        order = np.argsort(block, axis=0)
        below = np.cumsum(weights[order], axis=0)
        middle = np.argmax(below >= below[-1] / 2, axis=0)
        columns = np.arange(block.shape[1])
        medians = block[order[middle, columns], columns]
    medians[0] = 0.0
    return np.asarray(medians)


def _padded(factor: Array) -> Array:
    """A factor [k, q] as [q, q], zeros below."""
    return np.concatenate([factor, np.zeros((factor.shape[1] - len(factor), factor.shape[1]))])
