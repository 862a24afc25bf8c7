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
from scipy.linalg import lapack

from components.errors import DataError

Array = NDArray[np.float64]

BLOCK_ROWS = 8192
BLOCK_VALUES = 1 << 23  # 64 MB; more only where a block would have fewer rows than columns
CACHED_ROWS = 1024  # that are added to a factor at a time
PANEL = 64  # columns of it; narrower ones where there are few


def triangle(matrix: Array) -> Array:
    """R [min(m, n), n] of a matrix's [m, n] QR factorisation by Householder reflections (LAPACK's dgeqrt).

    A matrix that is upper trapezoidal already is its own R.
    """
    least = min(matrix.shape)
    if least == 0 or _trapezoidal(matrix):
        return np.array(matrix[:least], np.float64)
    factored = lapack.dgeqrt(_panel(least), matrix)[0]
    return np.asarray(np.triu(factored[:least]))


def stacked(factor: Array, below: Array) -> Array:
    """R [q, q] of a triangular factor [q, q] over more rows [m, q], by LAPACK's dtpqrt, which makes use of the zeros.

    2·m·q² operations, and a third of that where the rows are a triangular factor themselves.
    """
    width = len(factor)
    if len(below) <= width and _trapezoidal(below):
        return np.asarray(lapack.dtpqrt(len(below), _panel(width), factor, below)[0])
    above = np.array(factor, order="F")
    for begin in range(0, len(below), CACHED_ROWS):
        above = lapack.dtpqrt(0, _panel(width), above, below[begin : begin + CACHED_ROWS], overwrite_a=1)[0]
    return np.asarray(above)


def inverted(factor: Array) -> Array:
    """The inverse of an upper triangular matrix [q, q] without zeros on its diagonal (LAPACK's dtrtri)."""
    return np.asarray(np.triu(lapack.dtrtri(factor)[0])) if len(factor) else factor


def _panel(width: int) -> int:
    return min(width, PANEL if width > 4 * PANEL else PANEL // 4)


def _trapezoidal(matrix: Array) -> bool:
    """Whether nothing but zeros is below the diagonal; a look at the first column mostly tells."""
    return not matrix[1:, 0].any() and not np.tril(matrix, -1).any()


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
          x: [n, p], or [n, p − 1] without the intercept's ones.
          y: [n].
          weights: [n], none below zero; None is 1 each. They are R's analytic weights (σ²/w is a row's variance), not counts: a
            row of weight w gives the coefficients of w equal rows, but counts as one row in the degrees of freedom.

        Returns:
          Itself.

        Raises:
          DataError: a value is not finite, or a weight is below zero; the text names the column.
          ValueError: the shapes don't fit.
        """
        x, y = np.asarray(x), np.asarray(y)
        ones = int(self.intercept and x.ndim == 2 and x.shape[1] == len(self.names) - 1)
        if x.shape != (len(y), len(self.names) - ones) or y.ndim != 1:
            raise ValueError(f"x must be [n, {len(self.names)}] and y [n]; received {x.shape} and {y.shape}")
        weights = None if weights is None else np.asarray(weights, np.float64)
        check_rows(x, y, weights, self.names[len(self.names) - x.shape[1] :], self.height)
        heavy = None if weights is None or weights.all() else np.flatnonzero(weights)
        count = len(y) if heavy is None else len(heavy)
        self.rows += count
        for begin in range(0, count, self.height):
            rows = slice(begin, begin + self.height) if heavy is None else heavy[begin : begin + self.height]
            block = np.empty((len(y[rows]), len(self.names) + 1), order="F")
            block[:, :ones], block[:, ones:-1], block[:, -1] = 1.0, x[rows], y[rows]
            self._add_block(block, None if weights is None else weights[rows])
        return self

    @property
    def height(self) -> int:
        """Rows of a block: as many as columns at least, for what is above a block is factored again until it is square."""
        width = len(self.names) + 1
        return min(self._block_rows, max(BLOCK_VALUES // width, width))

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
        wide.factor = triangle(matrix)
        return wide

    def moved(self, by: Array) -> TriangularFactor:
        """The factor of columns that are larger by some numbers [p + 1]."""
        moved = self.copy()
        moved.origin = self.origin + by
        return moved

    def dense(self) -> TriangularFactor:
        """Itself: it has all columns."""
        return self

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
        return padded(self.from_origin(np.zeros(width)))

    def _move(self, origin: Array) -> None:
        self.factor, self.origin = self.from_origin(origin), origin

    def _stack(self, below: Array) -> None:
        if len(self.factor) == len(self.names) + 1:
            self.factor = stacked(self.factor, below)
        else:
            self.factor = triangle(np.concatenate([self.factor, below]) if len(self.factor) else below)


def check_rows(
    x: NDArray[Any], y: NDArray[Any], weights: Array | None, names: list[str], height: int = BLOCK_ROWS
) -> None:
    """Looks whether rows can be factored.

    Args:
      x: [n, k].
      y: [n].
      weights: [n], or None.
      names: of x's columns, [k].
      height: rows that are looked at at a time.

    Raises:
      DataError: a value is not finite, or a weight is below zero; the text names the column.
      ValueError: the weights' shape is not y's.
    """
    for begin in range(0, len(y), height):
        rows = slice(begin, begin + height)
        wrong = np.argwhere(~np.isfinite(x[rows]))
        if len(wrong):
            row, column = wrong[0]
            raise DataError(
                f"column {names[column]} of the design matrix: expected finite numbers; received {x[rows][row, column]}. "
                "Impute or drop it."
            )
    if not np.isfinite(y).all():
        raise DataError(f"the label: expected finite numbers; received {y[~np.isfinite(y)][0]}. Impute or drop it.")
    if weights is None:
        return
    if weights.shape != y.shape:
        raise ValueError(f"weights must be [n] as y; received {weights.shape} and {y.shape}")
    odd = ~(np.isfinite(weights) & (weights >= 0))
    if odd.any():
        raise DataError(
            f"weights: expected finite numbers of at least 0; received {weights[odd][0]}. Correct the weights."
        )


def to_arrays(factors: list[TriangularFactor]) -> dict[str, Array]:
    """`rows`, `weight`, `log_weight` [m], `origin` [m, p + 1], `factor` [m, p + 1, p + 1] of m factors."""
    return {
        "rows": np.array([factor.rows for factor in factors]),
        "weight": np.array([factor.weight for factor in factors]),
        "log_weight": np.array([factor.log_weight for factor in factors]),
        "origin": np.array([factor.origin for factor in factors]),
        "factor": np.array([padded(factor.factor) for factor in factors]),
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
    """The (weighted) median of each column [p + 1] of a block [n, p + 1], column by column in memory; of the ones, the first, 0."""
    if weights is None:
        medians = np.median(block.T, axis=1)
    else:
        order = np.argsort(block.T, axis=1)
        below = np.cumsum(weights[order], axis=1)
        middle = np.argmax(below >= below[:, -1:] / 2, axis=1)
        columns = np.arange(block.shape[1])
        medians = block[order[columns, middle], columns]
    medians[0] = 0.0
    return np.asarray(medians)


def padded(factor: Array) -> Array:
    """A factor [k, q] as [q, q], zeros below."""
    return np.concatenate([factor, np.zeros((factor.shape[1] - len(factor), factor.shape[1]))])
