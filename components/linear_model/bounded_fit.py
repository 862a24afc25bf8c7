"""What a fit says of the bounds on its coefficients: which hold, what they leave of a covariance, and the certificate."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from components.linear_model.bounded import Bounds

Array = NDArray[np.float64]

Side = Literal["min", "max", "fixed"]


@dataclasses.dataclass(frozen=True)
class Held:
    """A coefficient that a bound holds: it has no standard error.

    Attributes:
      column: its place among all columns.
      side: which bound it is on; `fixed` where both are one number.
      like: place of the free column whose coefficient it equals, both being levels of one order; None where it is a number.
    """

    column: int
    side: Side
    like: int | None = None


@dataclasses.dataclass(frozen=True)
class Bounded:
    """The bounds of a fit. Standard errors and tests of the other coefficients are conditional on those that hold.

    Attributes:
      constrained: how many coefficients have a bound.
      held: those on one.
      kkt: the certificate (`bounded.kkt_residual`): how far the fit is from an optimum; 0 is one.
    """

    constrained: int
    held: list[Held]
    kkt: float

    @classmethod
    def of(cls, bounds: Bounds, columns: Sequence[int], beta: Array, kkt: float) -> Self:
        """Of some columns' bounds [q], their places among all, and their coefficients [q]."""
        held = bounds.held(beta)
        found: list[Held] = []
        leaders = list(range(len(beta)))
        for column in bounds.order():
            if held[column]:
                leaders[column] = leaders[bounds.after[column]]
        gamma = bounds.gamma(beta)
        for column in np.flatnonzero(held).tolist():
            both = bounds.low[column] == bounds.high[column]
            side: Side = "fixed" if both else "min" if gamma[column] <= bounds.low[column] else "max"
            leader = leaders[column]
            found.append(Held(columns[column], side, None if held[leader] else columns[leader]))
        return cls(int(bounds.constrained.sum()), found, kkt)

    @property
    def columns(self) -> list[int]:
        """Places of the held columns."""
        return [held.column for held in self.held]

    def without(self, covariance: Array) -> Array:
        """A covariance [p, p] with NaN for what is held."""
        found = covariance.copy()
        found[self.columns] = np.nan
        found[:, self.columns] = np.nan
        return found

    def merging(self, width: int) -> Array:
        """[p, p]: which columns have the coefficient of which free one: it itself, and what equals it; nothing of other held ones.

        Columns X·M are those whose coefficients are left to be found, and M·β gives all, but for what is held to a number.
        """
        found = np.eye(width)
        for held in self.held:
            found[held.column] = 0.0
            if held.like is not None:
                found[held.column, held.like] = 1.0
        return found

    def free(self, columns: Sequence[int]) -> list[int]:
        """Those of some columns that no bound holds."""
        held = set(self.columns)
        return [column for column in columns if column not in held]

    def filled(self, covariance: Array) -> Array:
        """A covariance [p, p] without NaN, of all coefficients: of what equals a free one that one's, of other held ones 0."""
        merging = self.merging(len(covariance))
        return merging @ np.nan_to_num(covariance, nan=0.0) @ merging.T

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `dataclasses.asdict`."""
        return cls(**{**value, "held": [Held(**held) for held in value["held"]]})
