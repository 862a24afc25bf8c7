"""Blocks of rows, and what is collected over them: in memory, or by an engine whose workers' parts merge."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Block:
    """Some rows, all of a weight above 0.

    Attributes:
      x: [n, q], the columns that are fitted, scaled, the intercept's ones among them.
      label, weight, offset: [n].
      fold: [n], integers.
      draw: [n], uint64: a number that a row has whatever the order of the rows; evenly spread.
    """

    x: Array
    label: Array
    weight: Array
    offset: Array
    fold: NDArray[np.int64]
    draw: NDArray[np.uint64]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Its arrays by name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def take(self, which: Any) -> Block:
        """Some of the rows: a slice, their places, or a mask."""
        return Block(**{name: values[which] for name, values in self.arrays().items()})

    @staticmethod
    def joined(blocks: Iterable[Block]) -> Block:
        """All rows of several blocks."""
        parts = [block.arrays() for block in blocks]
        return Block(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


class Collector(Protocol):
    """What one pass collects.

    Attributes:
      by_fold: whether it tells folds apart; else the fold of all rows may be 0.
    """

    by_fold: bool

    def add(self, block: Block) -> Self:
        """Adds rows."""

    def merge(self, other: Any) -> Self:
        """Adds what another collector of the same kind collected of other rows."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it, as plain arrays."""

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""


class Pass(Protocol):
    """One pass over all rows; returns what was collected of them."""

    def __call__(self, make: Callable[[], Any]) -> Any:
        """`make` makes an empty collector; it travels to an engine's workers."""


def over(blocks: Callable[[], Iterable[Block]]) -> Pass:
    """Passes over rows in memory."""

    def one_pass(make: Callable[[], Any]) -> Any:
        collector = make()
        for block in blocks():
            collector.add(block)
        return collector

    return one_pass


def scattered(values: NDArray[Any]) -> NDArray[np.uint64]:
    """Evenly spread numbers of integers [n]: the finaliser of SplitMix64 (Steele, Lea, Flood 2014)."""
    z = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
