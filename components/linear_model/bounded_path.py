"""A fold's fit within bounds, on its way: projected Newton's steps whose information is kept (`likelihood_path`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.linear_model.bounded import EPS, Bounds, bounded_step
from components.linear_model.factors import triangle

Array = NDArray[np.float64]

NULL = 1e-7  # of a column's length: what others leave less of is not in a fold's training rows


class BoundedFit:
    """As `likelihood_path._Fit`, each step the least of the quadratic model within the bounds; earlier steps don't correct it."""

    def __init__(
        self, anchor: Array, known: Array, factor: Array, penalty: float, intercept: bool, bounds: Bounds
    ) -> None:
        """Takes the first step.

        Args:
          anchor: [q], coefficients of all rows.
          known: [q], these without what the fold's training rows can't have told of them.
          factor: [q + 1, q + 1], of √W·[X, u/h] of these rows at the anchor.
          penalty: λ.
          intercept: whether column 0 is the intercept's.
          bounds: that the anchor keeps.
        """
        self._bounds = bounds
        self._penalty = np.full(len(anchor), penalty)
        self._penalty[: int(intercept)] = 0.0
        self._tolerance = 100 * EPS if penalty else NULL
        rows = [np.triu(factor[:-1, :-1])]
        if penalty:
            rows.append(np.diag(np.sqrt(self._penalty)))
        self._upper = triangle(np.concatenate(rows))
        self.beta = bounds.feasible(known)
        gradient = rows[0].T @ factor[:-1, -1] - self._penalty * anchor
        self._leads = self._next(gradient - self._upper.T @ (self._upper @ (self.beta - anchor)))
        self._before = anchor
        self.take()

    def _next(self, gradient: Array) -> Array:
        """Where the step for a gradient of the penalised likelihood at β leads."""
        label = np.linalg.lstsq(self._upper.T, gradient, rcond=self._tolerance)[0]
        return bounded_step(self._upper, label, self._bounds, self.beta, self._tolerance)

    def next(self, gradient: Array) -> float:
        """Takes the gradient at β, of the likelihood alone. Returns the length of the step that it asks for."""
        if not np.isfinite(gradient).all():  # of a fold without a maximum: it stays where it was
            self.beta = self._leads = self._before
            return np.inf
        self._leads = self._next(gradient - self._penalty * self.beta)
        return float(np.linalg.norm(self._upper @ (self._leads - self.beta)))

    def take(self) -> None:
        """Takes the step."""
        self._before, self.beta = self.beta, self._leads
