"""Arrow's masks as numpy's."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Rows = NDArray[np.bool_]


def true_rows(mask: pa.Array) -> Rows:
    """Where a mask is true, [n]; null is not."""
    return np.asarray(mask.fill_null(False).to_numpy(zero_copy_only=False))


def valid_rows(column: pa.Array) -> Rows:
    """Where a column has a value, [n]."""
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False))
