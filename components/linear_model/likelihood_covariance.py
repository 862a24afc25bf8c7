"""From the information at the maximum to the coefficients' covariance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from components.linear_model.factors import inverted, triangle
from components.linear_model.newton import Maximum, Penalty

Array = NDArray[np.float64]


def _bread(information: Array, maximum: Maximum, penalty: Penalty) -> Array:
    """The triangular factor [q, q] of the information and the penalty's."""
    if penalty.log_f:
        return maximum.step.triangle
    if penalty.l2 == 0.0:
        return information
    return triangle(np.concatenate([information, np.diag(penalty.root(len(information)))]))


def inverse_root(information: Array, maximum: Maximum, penalty: Penalty, merging: Array | None) -> Array:
    """M·Mᵀ the inverse of the information and the penalty's; within bounds of the columns that are left (`Bounded.merging`)."""
    bread = _bread(information, maximum, penalty)
    return inverted(bread) if merging is None else merging @ inverted(triangle(bread @ merging))


def covariance_root(
    information: Array, maximum: Maximum, penalty: Penalty, merging: Array | None
) -> tuple[Array, float | None]:
    """M, M·Mᵀ [q, q] the covariance of a dispersion of 1; and of a ridge the trace of the hat matrix.

    With information H = RᵀR it is H⁻¹; of a ridge (H + λD)⁻¹·H·(H + λD)⁻¹; of priors (H + priors')⁻¹. Within bounds it is that of
    the columns R·M that are left (`Bounded.merging`).
    """
    width = len(information)
    if penalty.log_f or penalty.l2 == 0.0:
        return inverse_root(information, maximum, penalty, merging), None
    merging = np.eye(width) if merging is None else merging
    q, r = np.linalg.qr(np.concatenate([information @ merging, penalty.root(width)[:, None] * merging]))
    return merging @ solve_triangular(r, q[:width].T), float(np.sum(q[:width] ** 2))
