"""The rows that stand out: by Cook's distance, by leverage, by residual.

  Cook's distance: r²·h/(p·(1 − h)), r the residual by its standard deviation √(φ·(1 − h)) (Cook 1977, Technometrics 19): how far,
    in the metric of their joint confidence region, the coefficients move without the row.
  DFBETAS: how far each coefficient moves without the row, in standard errors of the fit without it (Belsley, Kuh and Welsch 1980).

Of families other than least squares' both are those of one weighted step, as R's `influence.glm` has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.linear_model.diagnostics.seen import Lens, Seen

Array = NDArray[np.float64]

KEPT = 20
MEASURES = ("cooks_distance", "leverage", "residual")


def standardised(seen: Seen, dispersion: float) -> Array:
    """Residuals by their standard deviations, [n]; NaN for rows of leverage 1."""
    found = seen.pearson / np.sqrt(dispersion * seen.left)
    found[seen.full] = np.nan
    return found


class Largest:
    """The rows of the greatest values of one measure, at most `KEPT`; of equals, to seven digits, those of the least identity.

    Attributes:
      kept: by name, [m] or [m, k]: `value`, `row`, `leverage`, `residual` (standardised), `score`, `white`, and where
        levels are eliminated `own` and `level`, else zeros.
    """

    def __init__(self, measure: str, lens: Lens) -> None:
        self._measure, self._lens = measure, lens
        width = lens.root.shape[1]
        self.kept: dict[str, NDArray[Any]] = {
            **{name: np.zeros(0) for name in ("value", "leverage", "residual", "score", "own")},
            **{name: np.zeros(0, np.int64) for name in ("row", "level")},
            "white": np.zeros((0, width)),
        }

    def add(self, seen: Seen, residual: Array) -> None:
        """Adds rows, with their standardised residuals."""
        # As 32-bit floats, so that rows that are equal but for rounding stand in the order of their identities.
        value = self._value(seen, residual).astype(np.float32)
        value = np.where(np.isfinite(value), value, -np.inf)
        least = self.kept["value"][-1] if len(self.kept["value"]) == KEPT else -np.inf
        candidates = np.flatnonzero(value >= least)
        if not len(candidates):
            return
        if len(candidates) > KEPT:  # all that equal the last of the greatest stay
            among = value[candidates]
            candidates = candidates[among >= np.partition(among, -KEPT)[-KEPT]]
        rows, level, own = seen.block.row, seen.block.level, seen.own
        some = {
            "value": value[candidates],
            "row": np.arange(len(value))[candidates] if rows is None else rows[candidates],
            "leverage": seen.leverage[candidates],
            "residual": residual[candidates],
            "score": seen.score[candidates],
            "white": seen.white[candidates],
            "own": np.zeros(len(candidates)) if own is None else own[candidates],
            "level": np.zeros(len(candidates), np.int64) if level is None else level[candidates],
        }
        self._keep(some)

    def _value(self, seen: Seen, residual: Array) -> Array:
        if self._measure == "leverage":
            return np.where(seen.full, 1.0, seen.leverage)
        if self._measure == "residual":
            return np.abs(residual)
        return residual**2 * seen.leverage / (self._lens.rank * seen.left)

    def merge(self, other: Largest) -> None:
        """Adds others."""
        self._keep(other.kept)

    def _keep(self, more: Mapping[str, NDArray[Any]]) -> None:
        both = {name: np.concatenate([mine, more[name]]) for name, mine in self.kept.items()}
        order = np.lexsort((both["row"], -both["value"]))
        order = order[np.isfinite(both["value"][order])][:KEPT]
        self.kept = {name: values[order] for name, values in both.items()}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it."""
        return dict(self.kept)

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        self.kept = {name: arrays[name] for name in self.kept}
        return self
