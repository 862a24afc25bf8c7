"""Parts of the pass whose figures add up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from components.linear_model.diagnostics.seen import Seen

Array = NDArray[np.float64]


def summed(ids: NDArray[np.int64], *values: Array) -> tuple[NDArray[np.int64], list[Array]]:
    """The different ids, sorted, and the sums of values [n, …] over the rows [n] of each."""
    if not len(ids):
        return ids, list(values)
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return ordered[begins], [np.add.reduceat(part[order], begins) for part in values]


class Part(Protocol):
    """What is collected of rows for one purpose."""

    def add(self, seen: Seen) -> None:
        """Adds rows."""

    def merge(self, other: Any) -> None:
        """Adds what its like collected of other rows."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it, as plain arrays."""

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""


class Sums:
    """Sums over rows, by name."""

    def __init__(self, **shapes: tuple[int, ...]) -> None:
        """Takes the sums' shapes."""
        self.sums: dict[str, Array] = {name: np.zeros(shape) for name, shape in shapes.items()}

    def __getitem__(self, name: str) -> Array:
        return self.sums[name]

    def add_by_level(self, name: str, seen: Seen, values: Array) -> None:
        """Adds to a sum [levels, …] the rows' values [n, …] by their level's coordinate (`Seen.own`); nothing without levels."""
        if seen.own is not None and seen.block.level is not None:
            there, [of_level] = summed(seen.block.level, (values.T * seen.own).T)
            self.sums[name][there] += of_level

    def merge(self, other: Self) -> None:
        """Adds others."""
        self.sums = {name: mine + other.sums[name] for name, mine in self.sums.items()}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The sums."""
        return dict(self.sums)

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        self.sums = {name: arrays[name] for name in self.sums}
        return self
