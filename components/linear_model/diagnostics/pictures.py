"""Figures for pictures: residuals and labels by the prediction, and residuals by each column of numbers, in bins of a `Grid`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.linear_model.diagnostics.figures import ALL_SHARES, LEAST_BEYOND, Errors, Quantile
from components.linear_model.diagnostics.grid import Grid, quantile
from components.linear_model.diagnostics.seen import Lens, Seen
from components.linear_model.diagnostics.sums import Sums

Array = NDArray[np.float64]

BY_PREDICTION = Grid(bits=4, low=-6, high=4)
BY_RESIDUAL = Grid(bits=5, low=-8, high=8)
BY_COLUMN = Grid(bits=5, low=-10, high=10)


class ByPrediction(Sums):
    """By bins of η: `rows`, `weight`, Σ w·μ, Σ w·y, Σ w·(y − μ)², Σ w·|y − μ| [bins]; and how many rows have which residual,
    `residuals` [bins, bins of residuals].

    Residuals are told in standard deviations: of least squares y − μ by σ, else Pearson's by √φ.
    """

    def __init__(self, lens: Lens, centre: float, spread: float) -> None:
        """Takes what η is measured from and by."""
        self._lens, self._centre, self._spread = lens, centre, spread
        bins = BY_PREDICTION.size
        names = ("rows", "weight", "mean", "label", "square", "absolute")
        super().__init__(**dict.fromkeys(names, (bins,)), residuals=(bins * BY_RESIDUAL.size,))

    def add(self, seen: Seen) -> None:
        """Adds rows."""
        lens, block, bins = self._lens, seen.block, BY_PREDICTION.size
        place = BY_PREDICTION.index((seen.eta - self._centre) / self._spread)
        residual = seen.residual
        of_rows = {
            "rows": None,
            "weight": block.weight,
            "mean": block.weight * seen.mean,
            "label": block.weight * block.label,
            "square": block.weight * residual**2,
            "absolute": block.weight * np.abs(residual),
        }
        for name, values in of_rows.items():
            self.sums[name] += np.bincount(place, values, minlength=bins)
        size = np.sqrt(lens.dispersion) if lens.dispersion > 0 else 1.0
        standard = (residual if lens.squares else seen.pearson) / size
        np.add.at(self.sums["residuals"], place * BY_RESIDUAL.size + BY_RESIDUAL.index(standard), 1.0)

    def errors(self) -> Errors:
        """Of all rows."""
        weight = self["weight"].sum()
        label, mean, absolute, square = (
            float(self[of].sum() / weight) for of in ("label", "mean", "absolute", "square")
        )
        return Errors(label, mean, absolute, square)


class Residuals(Sums):
    """How many `rows` have which standardised residual, [bins of residuals]."""

    def __init__(self) -> None:
        super().__init__(rows=(BY_RESIDUAL.size,))

    def take(self, residual: Array) -> None:
        """Adds rows [n], NaN for those that have none."""
        there = residual[np.isfinite(residual)]
        self.sums["rows"] += np.bincount(BY_RESIDUAL.index(there), minlength=BY_RESIDUAL.size)

    def quantiles(self) -> list[Quantile]:
        """At those of `ALL_SHARES` beyond which at least `LEAST_BEYOND` rows lie."""
        counts = self["rows"].astype(np.int64)
        return [
            Quantile(share, quantile(counts, BY_RESIDUAL.lower, BY_RESIDUAL.upper, share))
            for share in ALL_SHARES
            if min(share, 1 - share) * counts.sum() >= LEAST_BEYOND
        ]


class ByColumn(Sums):
    """By bins of each of m columns: `rows`, `weight`, Σ w·z, Σ w·(y − μ), Σ w·(y − μ)², [m, bins] each."""

    def __init__(self, columns: Sequence[int]) -> None:
        """Takes the columns' places."""
        self._columns = list(columns)
        shape = (len(self._columns), BY_COLUMN.size)
        super().__init__(**dict.fromkeys(("rows", "weight", "value", "residual", "square"), shape))

    def add(self, seen: Seen) -> None:
        """Adds rows."""
        if not self._columns:
            return
        x = seen.block.x if seen.block.x.flags.f_contiguous else np.asfortranarray(seen.block.x)
        weight, residual = seen.block.weight, seen.residual
        weights = None if (weight == 1.0).all() else weight
        of_rows = {"residual": weight * residual, "square": weight * residual**2}
        for index, column in enumerate(self._columns):
            z = x[:, column]
            place = BY_COLUMN.index(z)
            least = place.min()  # columns of few values have few bins
            count = place.max() - least + 1
            place -= least
            here = slice(least, least + count)
            rows = np.bincount(place, minlength=count)
            self.sums["rows"][index, here] += rows
            self.sums["weight"][index, here] += rows if weights is None else np.bincount(place, weights, count)
            self.sums["value"][index, here] += np.bincount(place, z if weights is None else weights * z, count)
            for name, values in of_rows.items():
                self.sums[name][index, here] += np.bincount(place, values, count)
