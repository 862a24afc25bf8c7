"""Which columns are linear combinations of those before them."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack, solve_triangular

from components.linear_model.factors import inverted

Array = NDArray[np.float64]

BLOCK_COLUMNS = 64


@dataclasses.dataclass(frozen=True)
class Dependence:
    """A column that others give.

    Attributes:
      column: its index.
      on: index of each column that it depends on, and the factor: column = Σ factor · other.
      doubt: by the same indices, how far a factor may be off.
    """

    column: int
    on: dict[int, float]
    doubt: dict[int, float]


def independent_columns(factor: Array, tolerance: float, sizes: Array | None = None) -> list[int]:
    """Indices of the columns that those before them don't give; arguments as of `dependences`."""
    return _reduced(_scaled(factor, sizes)[0], tolerance)[0]


def dependences(factor: Array, tolerance: float, sizes: Array | None = None) -> list[Dependence]:
    """Finds the columns that the columns before them give, from left to right, as R's `lm` does.

    Args:
      factor: a matrix [q, p] with the design matrix's AᵀA: columns of its triangular factor, without its other columns. The
        fewer those are, the quicker. Columns are brought to norm 1 first, so that units don't matter.
      tolerance: a column depends on those before it if what they leave of it is shorter than this part of it.
      sizes: [p], the columns' lengths, where the factor has only what others have left of them; None for its own.

    Returns:
      The dependent columns, in order; all-zero columns depend on nothing.
    """
    scaled, norms = _scaled(factor, sizes)
    kept, reduced = _reduced(scaled, tolerance)
    if len(kept) == factor.shape[1]:
        return []
    upper = np.triu(reduced[: len(kept), kept])
    inverse = np.abs(inverted(upper))
    found: list[Dependence] = []
    for column in sorted(set(range(factor.shape[1])) - set(kept)):
        before = int(np.searchsorted(kept, column))
        if not before or norms[column] == 0:
            found.append(Dependence(column, {}, {}))
            continue
        weights = solve_triangular(upper[:before, :before], reduced[:before, column])
        # What a weight may be off by grows with the condition of the columns that carry it.
        noise = np.maximum(inverse[:before, :before].sum(axis=1), 1.0) * tolerance
        noise = np.minimum(noise, np.max(np.abs(weights)) / 2)
        on, doubts = {}, {}
        for other, weight, doubt in zip(kept[:before], weights, noise, strict=True):
            if abs(weight) > doubt:
                on[other] = float(weight * norms[column] / norms[other])
                doubts[other] = float(doubt * norms[column] / norms[other])
        found.append(Dependence(column, on, doubts))
    return found


def _scaled(factor: Array, sizes: Array | None) -> tuple[Array, Array]:
    """The columns brought to norm 1, and their norms."""
    norms = np.linalg.norm(factor, axis=0) if sizes is None else sizes
    return factor / np.where(norms > 0, norms, 1.0), norms


def _reduced(scaled: Array, tolerance: float) -> tuple[list[int], Array]:
    """The independent columns, k of them, and all columns [q, p] in an orthonormal basis whose first k vectors span these.

    By blocks of columns. What the kept columns before a block leave of it is in the rows below theirs: of a triangular matrix
    in no more of these than the block has columns and columns before it were left out.
    """
    reduced = np.array(scaled, order="F")
    kept: list[int] = []
    for start in range(0, scaled.shape[1], BLOCK_COLUMNS):
        block = reduced[len(kept) :, start : start + BLOCK_COLUMNS]
        filled = np.flatnonzero(block.any(axis=1))
        if not len(filled):
            continue
        block = block[: filled[-1] + 1]
        own = _independent(block, tolerance)
        if own is None:
            kept += range(start, start + block.shape[1])
            continue
        if own:
            rows = slice(len(kept), len(kept) + len(block))
            reduced[rows, start:] = _rotated(block[:, own], reduced[rows, start:])
            kept += [start + column for column in own]
    return kept, reduced


def _rotated(block: Array, columns: Array) -> Array:
    """Columns [m, c] times the transposed orthogonal matrix [m, m] of a block's [m, b] QR factorisation, b ≤ m."""
    reflections, scales, _ = lapack.dgeqrt(block.shape[1], block)
    return np.asarray(lapack.dgemqrt(reflections, scales, columns, trans="T")[0])


def _independent(block: Array, tolerance: float) -> list[int] | None:
    """The independent columns of a block [m, b] whose norms are at most 1; None if it is triangular and all are.

    Of a triangular block the diagonal tells what the columns before leave of each, but for the rounding of its factorisation.
    That is what the tolerance stands for, so that twice the tolerance is independent in either way of computing it. Nearer
    than that, and after a column that was left out, Gram and Schmidt decide.
    """
    height, width = block.shape
    if height == width and (np.abs(np.diag(block)) > 2 * tolerance).all() and not np.tril(block, -1).any():
        return None
    basis = np.zeros((height, min(height, width)), order="F")
    kept: list[int] = []
    for column in range(width):
        if len(kept) == height:
            break
        rest = _rest(basis[:, : len(kept)], block[:, column])
        if np.linalg.norm(rest) < 0.1:  # what is left of rounding in it is no longer small
            rest = _rest(basis[:, : len(kept)], rest)
        left = float(np.linalg.norm(rest))
        if left > tolerance:
            basis[:, len(kept)] = rest / left
            kept.append(column)
    return kept


def _rest(basis: Array, column: Array) -> Array:
    """What a basis leaves of a column. Twice is enough (Kahan, Parlett)."""
    for _ in range(2):
        column = column - basis @ (basis.T @ column)
    return column
