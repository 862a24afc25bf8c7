"""The pass itself: its parts, and what of them is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.linear_model.blocks import Block
from components.linear_model.diagnostics.largest import MEASURES, Largest, standardised
from components.linear_model.diagnostics.meat import Clusters, Meat
from components.linear_model.diagnostics.misfit import InOrder, Powers, Spread
from components.linear_model.diagnostics.pictures import ByColumn, ByPrediction, Residuals
from components.linear_model.diagnostics.seen import Lens
from components.linear_model.diagnostics.slices import Slices
from components.linear_model.diagnostics.sums import Part, Sums

Array = NDArray[np.float64]

MOST_COLUMNS = 300  # of numbers that are looked at one by one


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a pass collects. Travels to an engine's workers.

    Attributes:
      kinds: of robust errors (`meat.KINDS`).
      clusters: whether scores are summed by cluster.
      whole: whether all else is wanted too.
      columns: places, among the q, of columns of numbers to be looked at one by one.
      centre, spread: what η is measured from and by, for bins.
      ordered: whether rows have a time.
      slices: by set of columns that slices are made by, their places among a block's slices.
    """

    kinds: tuple[str, ...]
    clusters: bool
    whole: bool
    columns: tuple[int, ...]
    centre: float
    spread: float
    ordered: bool
    slices: tuple[tuple[int, ...], ...]


class Leverage(Sums):
    """`sum` of the leverages, and how many `rows` were seen."""

    def __init__(self) -> None:
        super().__init__(sum=(), rows=())

    def take(self, leverage: Array) -> None:
        """Adds rows [n]."""
        self.sums["sum"] = self.sums["sum"] + leverage.sum()
        self.sums["rows"] = self.sums["rows"] + len(leverage)


class DiagnosticsPass:
    """A collector (`linear_model.blocks`) of all parts.

    Attributes:
      leverage, meat, clusters, largest, powers, spread, by_prediction, residuals, by_column, in_order, slices: the parts; None, or
        no entry, for those that are not asked for.
    """

    by_fold = False

    def __init__(self, lens: Lens, asked: Asked) -> None:
        self._lens = lens
        width = lens.root.shape[1]
        self.leverage = Leverage()
        self.meat = Meat(lens, asked.kinds)
        self.clusters = Clusters(width) if asked.clusters else None
        self.largest = {measure: Largest(measure, lens) for measure in MEASURES if asked.whole}
        self.powers = Powers(lens, asked.columns, asked.centre, asked.spread) if asked.whole else None
        self.spread = Spread(lens) if asked.whole and lens.squares else None
        self.by_prediction = ByPrediction(lens, asked.centre, asked.spread) if asked.whole else None
        self.residuals = Residuals() if asked.whole else None
        self.by_column = ByColumn(asked.columns) if asked.whole else None
        self.in_order = InOrder() if asked.whole and asked.ordered else None
        self.slices = Slices(asked.slices, width) if asked.whole and asked.slices else None

    @property
    def _plain(self) -> dict[str, Part]:
        """The parts that take rows as they are seen, by name."""
        parts = {
            name: getattr(self, name)
            for name in ("meat", "clusters", "powers", "spread", "by_prediction", "by_column", "in_order", "slices")
        }
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def _parts(self) -> dict[str, Any]:
        return {
            **self._plain,
            **({} if self.residuals is None else {"residuals": self.residuals}),
            "leverage": self.leverage,
            **{f"largest_{measure}": part for measure, part in self.largest.items()},
        }

    def add(self, block: Block) -> Self:
        """Adds rows."""
        seen = self._lens.see(block)
        self.leverage.take(seen.leverage)
        for part in self._plain.values():
            part.add(seen)
        if self.residuals is not None:
            residual = standardised(seen, self._lens.dispersion)
            self.residuals.take(residual)
            for largest in self.largest.values():
                largest.add(seen, residual)
        return self

    def merge(self, other: DiagnosticsPass) -> Self:
        """Adds what another pass collected of other rows."""
        others = other._parts
        for name, part in self._parts.items():
            part.merge(others[name])
        return self

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it."""
        return {f"{name}/{key}": array for name, part in self._parts.items() for key, array in part.arrays().items()}

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        for name, part in self._parts.items():
            part.load(
                {key.removeprefix(f"{name}/"): array for key, array in arrays.items() if key.startswith(f"{name}/")}
            )
        return self
