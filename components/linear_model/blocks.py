"""Blocks of rows, and what is collected over them: in memory, or by an engine whose workers' parts merge."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Texts:
    """A column of texts, by their places in a list of different ones.

    Attributes:
      codes: [n], int32: the place of each row's text in `levels`.
      levels: texts, and None for rows that have none; one that no row has may be among them.
    """

    codes: NDArray[np.int32]
    levels: tuple[str | None, ...]

    def take(self, which: Any) -> Texts:
        """Some of the rows, as of a `Block`."""
        return Texts(self.codes[which], self.levels)

    @staticmethod
    def joined(parts: Sequence[Texts]) -> Texts:
        """All rows of several columns: the levels of the first, then what others have beside them."""
        places: dict[str | None, int] = {}
        codes = []
        for part in parts:
            own = [places.setdefault(level, len(places)) for level in part.levels]
            codes.append(np.array(own, np.int32)[part.codes])
        return Texts(np.concatenate(codes), tuple(places))


@dataclasses.dataclass(frozen=True)
class Block:
    """Some rows, all of a weight above 0.

    Attributes:
      x: [n, q], the columns that are fitted, scaled, the intercept's ones among them.
      label, weight, offset: [n].
      fold: [n], integers.
      draw: [n], uint64: a number that a row has whatever the order of the rows; evenly spread.
      row: [n], what identifies each row (`components.table.row_identity`), where it is asked for.
      cluster: [n], a number that rows of one cluster share, where it is asked for and rows have one.
      time: [n], a number that is ordered as the rows are in time, likewise.
      level: [n], the id of each row's level, where they are asked for and a feature's levels are eliminated (`absorbed_factor`).
      slices: by column of the slices the rows' texts, where they are asked for.
    """

    x: Array
    label: Array
    weight: Array
    offset: Array
    fold: NDArray[np.int64]
    draw: NDArray[np.uint64]
    row: NDArray[np.int64] | None = None
    cluster: NDArray[np.int64] | None = None
    time: NDArray[np.int64] | None = None
    level: NDArray[np.int64] | None = None
    slices: tuple[Texts, ...] = ()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays that it has, by name; its slices are none."""
        return {name: values for name, values in vars(self).items() if isinstance(values, np.ndarray)}

    def take(self, which: Any) -> Block:
        """Some of the rows: a slice, their places, or a mask."""
        texts = tuple(texts.take(which) for texts in self.slices)
        return Block(**{name: values[which] for name, values in self.arrays().items()}, slices=texts)

    @staticmethod
    def joined(blocks: Iterable[Block]) -> Block:
        """All rows of several blocks that have the same arrays and slices."""
        whole = list(blocks)
        parts = [block.arrays() for block in whole]
        texts = tuple(map(Texts.joined, zip(*(block.slices for block in whole), strict=True)))
        return Block(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, slices=texts)


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
