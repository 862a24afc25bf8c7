"""The covariance of coefficients of which many are those of one feature's levels: an arrow, kept as such.

With the levels eliminated from the normal equations, (XᵀX)⁻¹ is a diagonal by level and a product of low rank:
diag(own) + rows·inner·rowsᵀ. What a dense matrix of 20,000 levels holds in 3.2 GB takes levels times columns.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class AbsorbedCovariance:
    """diag(own) + rows·inner·rowsᵀ, of the coefficients of all columns, the intercept first.

    Attributes:
      own: float64 [1 + p]; NaN for a column without a coefficient of its own, 0 for one that is no level.
      rows: float64 [1 + p, m]; zeros for a column without a coefficient of its own.
      inner: float64 [m, m], symmetric.
    """

    own: Array
    rows: Array
    inner: Array

    @property
    def diagonal(self) -> Array:
        """[1 + p]: the variances; NaN as `own`."""
        return self.own + np.einsum("ij,ij->i", self.rows @ self.inner, self.rows)

    def scaled(self, by: float) -> AbsorbedCovariance:
        """All of it, times a number."""
        return AbsorbedCovariance(self.own * by, self.rows, self.inner * by)

    def filled(self) -> AbsorbedCovariance:
        """The same with 0 for NaN."""
        return AbsorbedCovariance(np.nan_to_num(self.own, nan=0.0), self.rows, self.inner)

    def dense(self) -> Array:
        """[1 + p, 1 + p], NaN in the rows and columns that have no coefficient: of small ones."""
        return np.asarray(
            np.diag(self.own) + self.rows @ self.inner @ self.rows.T + self.own[:, None] * 0 + self.own * 0
        )

    def arrays(self) -> dict[str, Array]:
        """Its arrays by name."""
        return {"own": self.own, "rows": self.rows, "inner": self.inner}

    def to_json(self) -> dict[str, Any]:
        """Its arrays as lists."""
        return {name: array.tolist() for name, array in self.arrays().items()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> AbsorbedCovariance:
        """The inverse of `to_json`, and of `arrays`."""
        return cls(**{name: np.array(array, np.float64) for name, array in value.items()})

    def squared_length(self, places: NDArray[np.int64], beta: Array) -> float:
        """βᵀ·V⁻¹·β of the coefficients β [q] at some places; NaN where V is singular.

        Levels, whose part of V is diag(own) + rows·inner·rowsᵀ, are eliminated by Woodbury's identity, then the others.
        """
        level = self.own[places] != 0
        levels, others = places[level], places[~level]
        rows, rest = self.rows[levels], self.rows[others] @ self.inner
        weighted = rows / self.own[levels][:, None]
        # [Vll⁻¹·βl, Vll⁻¹·rows], by rowsᵀ and βlᵀ alone
        middle = np.eye(len(self.inner)) + self.inner @ (rows.T @ weighted)
        right = np.column_stack([weighted.T @ beta[level], weighted.T @ rows])
        solved = right - (weighted.T @ rows) @ np.linalg.solve(middle, self.inner @ right)
        length = beta[level] @ (beta[level] / self.own[levels]) - right[:, 0] @ np.linalg.solve(
            middle, self.inner @ right[:, 0]
        )
        left = rest @ self.rows[others].T - rest @ solved[:, 1:] @ rest.T
        return float(length + squared_length(left, beta[~level] - rest @ solved[:, 0]))


Covariance = Array | AbsorbedCovariance


def variances(covariance: Covariance) -> Array:
    """The diagonal [1 + p] of either."""
    return covariance.diagonal if isinstance(covariance, AbsorbedCovariance) else np.diag(covariance)


def squared_length(covariance: Array, beta: Array) -> float:
    """βᵀ·V⁻¹·β; 0 of no β, NaN where V [q, q], brought to a diagonal of 1, is singular to rounding."""
    sizes = np.sqrt(np.diag(covariance))
    if not np.all(sizes > 0):
        return float("nan")
    if not len(sizes):
        return 0.0
    values, vectors = np.linalg.eigh(covariance / np.outer(sizes, sizes))
    if values[0] <= len(sizes) * np.finfo(float).eps * values[-1]:
        return float("nan")
    return float(np.sum((vectors.T @ (beta / sizes)) ** 2 / values))
