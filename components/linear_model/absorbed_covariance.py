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


Covariance = Array | AbsorbedCovariance


def variances(covariance: Covariance) -> Array:
    """The diagonal [1 + p] of either."""
    return covariance.diagonal if isinstance(covariance, AbsorbedCovariance) else np.diag(covariance)
