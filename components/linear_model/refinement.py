"""A further pass over the rows that brings the solution to full float64 accuracy.

Residuals y − X·β, their products with X, and X·R⁻¹ are taken in double-double arithmetic. X·R⁻¹ has nearly orthonormal
columns, so one Newton step β += R⁻¹·R⁻ᵀ·Xᵀ·(y − X·β) shrinks the error by about eps times the condition number (of the
equilibrated columns), not by its square; and the factor of X·R⁻¹ corrects R itself, from which the standard errors come.

Where R says little of X (a column that rounding alone keeps independent) a step can lead away. So the residual sum of squares
decides: a step that made it grow is taken back, and so is one that promises to take more from it than there is.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from components.linear_model import double_double as dd
from components.linear_model.factors import TriangularFactor

Array = NDArray[np.float64]

PASSES = 6
SETTLED = 1e-17
GROWN = 1e-9  # of a sum of squares: beyond what rounding makes of it


@dataclasses.dataclass
class Solution:
    """A solution to be refined.

    Attributes:
      factor: triangular factor [q, q] of the design matrix's kept columns.
      inverse: its inverse, in double-double.
      beta: [q], in double-double.
      correction: triangular factor [q, q] of X·R⁻¹, near the identity up to signs; None before the first pass.
      residual_sum_of_squares: at the last pass's `beta`; None before.
      before: `beta` before the last step; None before the first.
    """

    factor: Array
    inverse: dd.Pair
    beta: dd.Pair
    correction: Array | None = None
    residual_sum_of_squares: float | None = None
    before: dd.Pair | None = None

    @classmethod
    def of(cls, factor: Array, beta: Array) -> Solution:
        """From an ordinary solution."""
        return cls(factor, dd.invert_triangular(factor), dd.pair(beta))


class ResidualPass:
    """What one pass over the rows gathers for a solution; passes over parts merge."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        width = len(solution.factor)
        self.gradient = dd.pair(np.zeros(width))
        self.sum_of_squares = dd.pair(np.zeros(()))
        self.correction = TriangularFactor([str(index) for index in range(width)])

    def add(self, x: Array, y: Array, weights: Array | None = None) -> ResidualPass:
        """Adds rows x [n, q] (kept columns, the intercept's ones among them), y [n], weights [n] or None."""
        x = np.asarray(x, np.float64)
        if weights is None:
            weights = np.ones(len(y))
        residual = dd.subtract(dd.pair(y), dd.matmul(x, self._solution.beta))
        weighted = dd.scale(residual, weights)
        by_column = dd.scale((weighted[0][:, None], weighted[1][:, None]), x)
        self.gradient = dd.add(self.gradient, dd.total(by_column))
        self.sum_of_squares = dd.add(self.sum_of_squares, dd.total(dd.multiply(weighted, residual)))
        if self._solution.correction is None:
            orthonormal = dd.matmul(x, self._solution.inverse)[0]
            self.correction.add(orthonormal, np.zeros(len(y)), weights)
        return self

    def merge(self, other: ResidualPass) -> ResidualPass:
        """Adds what another pass over other rows gathered."""
        self.gradient = dd.add(self.gradient, other.gradient)
        self.sum_of_squares = dd.add(self.sum_of_squares, other.sum_of_squares)
        self.correction.merge(other.correction)
        return self


def improve(solution: Solution, gathered: ResidualPass) -> bool:
    """Takes one Newton step in place, or takes the last one back. Returns whether no further pass is needed."""
    residual = float(gathered.sum_of_squares[0])
    if solution.before is not None and residual > (solution.residual_sum_of_squares or 0.0) * (1.0 + GROWN):
        solution.beta = solution.before
        return True
    solution.residual_sum_of_squares = residual
    if solution.correction is None:
        width = len(solution.factor)
        solution.correction = gathered.correction.square()[:width, :width]
    inverse_hi, inverse_lo = solution.inverse
    transposed = inverse_hi.T.copy(), inverse_lo.T.copy()
    inner = dd.matmul_pair(transposed, gathered.gradient)[0]  # R⁻ᵀ·g
    half = solve_triangular(solution.correction, inner, trans="T")
    if float(half @ half) > residual * (1.0 + GROWN):  # what the step takes from the sum of squares
        return True
    delta = dd.matmul_pair(solution.inverse, dd.pair(solve_triangular(solution.correction, half)))
    solution.before, solution.beta = solution.beta, dd.add(solution.beta, delta)
    size = np.abs(solution.beta[0])
    return bool(np.all(np.abs(delta[0]) <= SETTLED * np.where(size > 0, size, 1.0)))


def unscaled_covariance_root(solution: Solution) -> Array:
    """M [q, q] with M·Mᵀ = (XᵀX)⁻¹: R⁻¹ in double-double times the inverse of the correction."""
    if solution.correction is None:
        raise ValueError("no pass was made yet")
    inverse = solve_triangular(solution.correction, np.eye(len(solution.correction)))
    return dd.matmul_pair(solution.inverse, dd.pair(inverse))[0]
