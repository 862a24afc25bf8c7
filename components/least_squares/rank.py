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
    """

    column: int
    on: dict[int, float]


def dependences(factor: Array, tolerance: float) -> list[Dependence]:
    """Finds the columns that the columns before them give, from left to right, as R's `lm` does.

    Args:
      factor: triangular factor [p, p] of the design matrix. Columns are brought to norm 1 first, so that units don't matter.
      tolerance: a column depends on those before it if what they leave of it is shorter than this part of it.

    Returns:
      The dependent columns, in order; all-zero columns depend on nothing.
    """
    norms = np.linalg.norm(factor, axis=0)
    scaled = factor / np.where(norms > 0, norms, 1.0)
    basis = np.zeros((len(factor), 0))
    kept: list[int] = []
    found: list[Dependence] = []
    for column in range(factor.shape[1]):
        rest = scaled[:, column].copy()
        for _ in range(2):  # twice is enough (Kahan, Parlett)
            rest -= basis @ (basis.T @ rest)
        left = float(np.linalg.norm(rest))
        if left > tolerance:
            kept.append(column)
            basis = np.column_stack([basis, rest / left])
        else:
            found.append(Dependence(column, _on(scaled, norms, basis, kept, column, tolerance)))
    return found


def _on(scaled: Array, norms: Array, basis: Array, kept: list[int], column: int, tolerance: float) -> dict[int, float]:
    if not kept or norms[column] == 0:
        return {}
    triangle = np.triu(basis.T @ scaled[:, kept])
    weights = solve_triangular(triangle, basis.T @ scaled[:, column])
    # What a weight may be off by grows with the condition of the columns that carry it.
    noise = np.abs(np.linalg.inv(triangle)).sum(axis=1) * tolerance
    return {
        other: float(weight * norms[column] / norms[other])
        for other, weight, doubt in zip(kept, weights, noise, strict=True)
        if abs(weight) > max(doubt, tolerance)
    }
