"""The columns of ordered levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def level_columns(entry: Mapping[str, Any]) -> Array:
    """The columns of each level of an ordered feature, and last those of what is none: their means over the levels.

    Args:
      entry: of the feature (`features_to_json`): `levels`, K of them, and `contrasts`.

    Returns:
      float64 [K + 1, K − 1].
    """
    count = len(entry["levels"])
    if entry["contrasts"] == "polynomial":
        return np.vstack([_polynomial(count), np.zeros(count - 1)])
    steps = np.tri(count, count - 1, -1)
    return np.vstack([steps, steps.mean(axis=0)])


def _polynomial(count: int) -> Array:
    """Orthonormal polynomials of 1 … K of the degrees 1 to K − 1, [K, K − 1], the sign that of the leading power (R, `contr.poly`).

    Each is the one before times the place, less what the lower ones give of it, twice (Brubeck, Nakatsukasa and Trefethen,
    Vandermonde with Arnoldi, 2021): powers themselves would lose the digits of many levels.
    """
    places = np.arange(count) - (count - 1) / 2
    columns = [np.full(count, count**-0.5)]
    for _ in range(count - 1):
        column = places * columns[-1]
        lower = np.column_stack(columns)
        for _ in range(2):
            column -= lower @ (lower.T @ column)
        columns.append(column / np.linalg.norm(column))
    return np.column_stack(columns[1:])
