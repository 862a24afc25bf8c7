"""The singular value decomposition, which converges."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

Array = NDArray[np.float64]


def decompose(matrix: Array) -> tuple[Array, Array, Array]:
    """U, s and Vᵀ of a matrix [m, n] = U·diag(s)·Vᵀ, of the smaller rank: [m, k], [k] decreasing, [k, n], k = min(m, n).

    By divide and conquer (LAPACK's gesdd), which is fast. OpenBLAS's does not converge on some factors of hundreds of dummies,
    whose singular values are nearly equal; there by the QR algorithm (gesvd), which does.

    Raises:
      ValueError: the matrix has values that are not finite.
    """
    try:
        return np.linalg.svd(matrix, full_matrices=False)
    except np.linalg.LinAlgError:
        found: Any = scipy.linalg.svd(matrix, full_matrices=False, lapack_driver="gesvd")
        return found
