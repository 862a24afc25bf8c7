"""The triangular factor of [X y], gathered block by block (TSQR).

R of the QR factorisation of all rows is all that least squares needs: RᵀR = AᵀA without AᵀA ever being formed, which would
square the condition number. Factors of parts merge by factoring them one above the other, in any order and grouping
(Demmel, Grigori, Hoemmen, Langou 2008, "Communication-optimal parallel and sequential QR and LU factorizations").
"""

from __future__ import annotations

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
      factor: float64 [k, p + 1], k ≤ p + 1, upper trapezoidal.
    """

    def __init__(self, names: list[str], block_rows: int = BLOCK_ROWS) -> None:
        self.names = names
        self.rows = 0
        self.weight = 0.0
        self.factor: Array = np.zeros((0, len(names) + 1))
        self._block_rows = max(block_rows, 1)

    def add(self, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None = None) -> TriangularFactor:
        """Adds rows.

        Args:
          x: [n, p].
          y: [n].
          weights: [n], none below zero; None is 1 each. A row counts as `weight` rows of its kind.

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
            name = [*self.names, "the label"][column]
            raise DataError(
                f"row {self.rows + int(row) + 1} of the design matrix, column {name}: expected a finite number; received "
                f"{matrix[row, column]}. Impute or drop it."
            )
        if weights is None:
            self.rows += len(y)
            self.weight += len(y)
        else:
            weights = np.asarray(weights, np.float64)
            if weights.shape != np.shape(y):
                raise ValueError(f"weights must be [n] as y; received {weights.shape} and {np.shape(y)}")
            if not (np.isfinite(weights).all() and (weights >= 0).all()):
                raise DataError(
                    "expected weights that are finite and at least 0; received another. Correct the weights."
                )
            kept = weights > 0
            matrix = matrix[kept] * np.sqrt(weights[kept])[:, None]
            self.rows += int(kept.sum())
            self.weight += float(weights.sum())
        for start in range(0, len(matrix), self._block_rows):
            self._stack(matrix[start : start + self._block_rows])
        return self

    def merge(self, other: TriangularFactor) -> TriangularFactor:
        """Adds the rows that another factor stands for. Returns itself."""
        if other.names != self.names:
            raise ValueError(f"factors of other columns can't merge; received {other.names}, expected {self.names}")
        self.rows += other.rows
        self.weight += other.weight
        self._stack(other.factor)
        return self

    def copy(self) -> TriangularFactor:
        """One that can be merged into without changing this one."""
        return self.of(self.names, self.rows, self.weight, self.factor)

    @classmethod
    def of(cls, names: list[str], rows: int, weight: float, factor: Array) -> TriangularFactor:
        """From what a factor holds."""
        made = cls(names)
        made.rows, made.weight, made.factor = rows, weight, factor
        return made

    def square(self) -> Array:
        """The factor as [p + 1, p + 1], zeros below what few rows filled."""
        width = len(self.names) + 1
        square = np.zeros((width, width))
        square[: len(self.factor)] = self.factor
        return square

    def _stack(self, below: Array) -> None:
        if len(below):
            self.factor = triangle(np.concatenate([self.factor, below]))
