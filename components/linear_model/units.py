"""Units in which columns are near 0 and of size 1: a column far from 0 for its spread (a year, say) would lose digits."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Units:
    """Of each column, [p]; the intercept's are 0 and 1.

    Attributes:
      origin: a multiple of `size` near the mean, so that most differences from it are exact.
      size: a power of 2 near the standard deviation (without an intercept: the root of the mean square).
    """

    origin: Array
    size: Array

    @classmethod
    def of(cls, x: Array, *, intercept: bool, sizes: bool = True) -> Units:
        """Of rows [n, p]; column 0 is the intercept's if there is one.

        Args:
          x: the rows.
          intercept: without one, the origins are 0.
          sizes: whether sizes may differ from 1: a penalty is of columns as they are.
        """
        rows = max(len(x), 1)
        mean = x.sum(axis=0) / rows if intercept else np.zeros(x.shape[1])
        spread = np.sqrt(np.sum((x - mean) ** 2, axis=0) / rows)
        size = np.exp2(np.round(np.log2(np.where(spread > 0, spread, 1.0))))
        origin = size * np.round(mean / size)
        size = size if sizes else np.ones_like(size)
        if intercept:
            origin[0], size[0] = 0.0, 1.0
        return cls(origin, size)

    def scaled(self, x: Array) -> Array:
        """Rows [n, p] in these units."""
        return (x - self.origin) / self.size

    def raw(self, values: Array, columns: list[int]) -> Array:
        """Coefficients of some columns, [q] or [q, k], as of columns in their own units."""
        found = (values.T / self.size[columns]).T
        found[0] -= self.origin[columns] @ found
        return found
