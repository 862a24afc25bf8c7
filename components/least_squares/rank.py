"""Which columns are linear combinations of those before them."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

Array = NDArray[np.float64]


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


def dependences(factor: Array, tolerance: float) -> list[Dependence]:
    """Finds the columns that the columns before them give, from left to right, as R's `lm` does.

    Args:
      factor: triangular factor [q, p] of the design matrix. Columns are brought to norm 1 first, so that units don't matter.
      tolerance: a column depends on those before it if what they leave of it is shorter than this part of it.

    Returns:
      The dependent columns, in order; all-zero columns depend on nothing.
    """
    norms = np.linalg.norm(factor, axis=0)
    scaled = factor / np.where(norms > 0, norms, 1.0)
    length, width = factor.shape
    # |R_jj| is what the columns before j leave of it: as a rule nothing is dependent, and this tells it at once.
    if width <= length and np.all(np.abs(np.diag(np.linalg.qr(scaled, mode="r"))) > tolerance):
        return []
    basis = np.zeros((length, min(length, width)), order="F")
    kept: list[int] = []
    found: list[Dependence] = []
    for column in range(width):
        rest = scaled[:, column].copy()
        held = basis[:, : len(kept)]
        for _ in range(2):  # twice is enough (Kahan, Parlett)
            rest -= held @ (held.T @ rest)
        left = float(np.linalg.norm(rest))
        if left > tolerance and len(kept) < length:
            basis[:, len(kept)] = rest / left
            kept.append(column)
        else:
            found.append(_dependence(scaled, norms, held, kept, column, tolerance))
    return found


def _dependence(
    scaled: Array, norms: Array, basis: Array, kept: list[int], column: int, tolerance: float
) -> Dependence:
    if not kept or norms[column] == 0:
        return Dependence(column, {}, {})
    triangle = np.triu(basis.T @ scaled[:, kept])
    weights = solve_triangular(triangle, basis.T @ scaled[:, column])
    # What a weight may be off by grows with the condition of the columns that carry it.
    noise = np.maximum(np.abs(solve_triangular(triangle, np.eye(len(kept)))).sum(axis=1), 1.0) * tolerance
    noise = np.minimum(noise, np.max(np.abs(weights)) / 2)
    on, doubts = {}, {}
    for other, weight, doubt in zip(kept, weights, noise, strict=True):
        if abs(weight) > doubt:
            on[other] = float(weight * norms[column] / norms[other])
            doubts[other] = float(doubt * norms[column] / norms[other])
    return Dependence(column, on, doubts)
