"""The singular value decomposition, which converges, and the condition number without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

Array = NDArray[np.float64]

SMALL = 256  # columns, up to which all singular values are found as quickly as two


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


def condition_number(factor: Array) -> float:
    """In the 2-norm, of the columns of an upper triangular factor [q, q], q > 0, brought to norm 1; infinite if it is singular.

    Of many columns, the greatest singular values of R and of R⁻¹ are found by Lanczos' method to the last digits (ARPACK), by
    some hundred products with a matrix instead of R's bidiagonalisation.
    """
    scaled = np.asfortranarray(factor / np.linalg.norm(factor, axis=0))
    if len(scaled) <= SMALL or not np.diag(scaled).all():
        return float(np.linalg.cond(scaled))
    greatest, inverse = _greatest(scaled, scipy.linalg.blas.dtrmv), _greatest(scaled, scipy.linalg.blas.dtrsv)
    return float(np.linalg.cond(scaled)) if greatest is None or inverse is None else greatest * inverse


def _greatest(upper: Array, times: Callable[..., Array]) -> float | None:
    """The greatest singular value of M; `times` gives M·v, and Mᵀ·v with trans=1. None where the method doesn't converge."""
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    def squared(vector: Array) -> Array:
        return times(upper, times(upper, vector), trans=1)

    start = np.random.default_rng(0).normal(size=len(upper))
    products: Any = LinearOperator(upper.shape, matvec=squared, dtype=np.float64)
    try:
        found = eigsh(products, k=1, which="LA", v0=start, return_eigenvectors=False)
    except ArpackError:
        return None
    return float(np.sqrt(found[0])) if np.isfinite(found[0]) else None
