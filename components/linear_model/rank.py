"""Which columns are linear combinations of those before them."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

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


def independent_columns(factor: Array, tolerance: float) -> list[int]:
    """Indices of the columns that those before them don't give; arguments as of `dependences`."""
    return _split(_scaled(factor)[0], tolerance)[0]


def dependences(factor: Array, tolerance: float) -> list[Dependence]:
    """Finds the columns that the columns before them give, from left to right, as R's `lm` does.

    Args:
      factor: triangular factor [q, p] of the design matrix. Columns are brought to norm 1 first, so that units don't matter.
      tolerance: a column depends on those before it if what they leave of it is shorter than this part of it.

    Returns:
      The dependent columns, in order; all-zero columns depend on nothing.
    """
    scaled, norms = _scaled(factor)
    kept, basis = _split(scaled, tolerance)
    if len(kept) == factor.shape[1]:
        return []
    triangle = np.triu(basis.T @ scaled[:, kept])
    inverse = np.abs(solve_triangular(triangle, np.eye(len(kept))))
    found: list[Dependence] = []
    for column in sorted(set(range(factor.shape[1])) - set(kept)):
        before = int(np.searchsorted(kept, column))
        if not before or norms[column] == 0:
            found.append(Dependence(column, {}, {}))
            continue
        weights = solve_triangular(triangle[:before, :before], basis[:, :before].T @ scaled[:, column])
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


def _scaled(factor: Array) -> tuple[Array, Array]:
    """The columns brought to norm 1, and their norms."""
    norms = np.linalg.norm(factor, axis=0)
    return factor / np.where(norms > 0, norms, 1.0), norms


def _split(scaled: Array, tolerance: float) -> tuple[list[int], Array]:
    """The independent columns, and an orthonormal basis of them [q, k]: Gram and Schmidt, by blocks of columns."""
    length, width = scaled.shape
    basis = np.zeros((length, min(length, width)), order="F")
    kept: list[int] = []
    for start in range(0, width, BLOCK_COLUMNS):
        held = len(kept)
        block = _rest(basis[:, :held], scaled[:, start : start + BLOCK_COLUMNS])
        for column in range(block.shape[1]):
            if len(kept) == length:
                break
            rest = _rest(basis[:, held : len(kept)], block[:, column])
            if np.linalg.norm(rest) < 0.1:  # what is left of rounding in it is no longer small
                rest = _rest(basis[:, : len(kept)], rest)
            left = float(np.linalg.norm(rest))
            if left > tolerance:
                basis[:, len(kept)] = rest / left
                kept.append(start + column)
    return kept, basis[:, : len(kept)]


def _rest(basis: Array, columns: Array) -> Array:
    """What a basis leaves of columns. Twice is enough (Kahan, Parlett)."""
    for _ in range(2):
        columns = columns - basis @ (basis.T @ columns)
    return columns
