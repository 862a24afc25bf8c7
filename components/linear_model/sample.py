"""A sample of rows, from which Newton's steps start: rows of each class, however rare, whatever the order they come in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.linear_model.blocks import Block

MOST_ROWS = 10_000  # of a class
MOST_NUMBERS = 8_000_000  # of all columns of a class


class Sample:
    """The rows of label 0, and those of any other one, that have the least `Block.draw`, up to a number.

    Attributes:
      seen: rows of both classes, [2].
      whole: whether no row was left out.
    """

    by_fold = True

    def __init__(self, columns: int) -> None:
        self._most = max(min(MOST_ROWS, MOST_NUMBERS // max(columns, 1)), 10)
        self._kept: list[Block] = [_empty(columns)] * 2
        self.seen: NDArray[np.int64] = np.zeros(2, np.int64)

    def add(self, block: Block) -> Self:
        """Adds rows."""
        for index, of_class in enumerate((block.label == 0, block.label != 0)):
            self.seen[index] += np.count_nonzero(of_class)
            kept = self._kept[index]
            full = len(kept.draw) >= self._most  # then a row later than all of these does not get in
            mine = of_class & (block.draw < kept.draw[-1]) if full else of_class
            if mine.any():
                self._kept[index] = self._least([kept, block.take(mine)])
        return self

    def merge(self, other: Sample) -> Self:
        """Adds another sample of other rows."""
        self.seen = self.seen + other.seen
        self._kept = [self._least([mine, its]) for mine, its in zip(self._kept, other._kept, strict=True)]
        return self

    def _least(self, blocks: list[Block]) -> Block:
        """Those of the least draws, in their order; of equal ones all, or none is left out by chance."""
        both = Block.joined(blocks)
        return both.take(np.argsort(both.draw, kind="stable")[: self._most])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it."""
        return {"seen": self.seen} | {
            f"{name}_{index}": values
            for index, block in enumerate(self._kept)
            for name, values in block.arrays().items()
        }

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        self.seen = arrays["seen"]
        names = self._kept[0].arrays()
        self._kept = [Block(**{name: arrays[f"{name}_{index}"] for name in names}, slices=()) for index in range(2)]
        return self

    @property
    def whole(self) -> bool:
        """Whether it is all rows."""
        return int(self.seen.sum()) == sum(len(block.draw) for block in self._kept)

    def rows(self) -> Block:
        """The rows, in their order."""
        both = Block.joined(self._kept)
        return both.take(np.argsort(both.draw, kind="stable"))

    def weighted(self) -> Block:
        """The rows, each weighing as many as it stands for."""
        kept = [
            dataclasses.replace(block, weight=block.weight * (seen / max(len(block.draw), 1)))
            for block, seen in zip(self._kept, self.seen, strict=True)
        ]
        return Block.joined(kept)


def _empty(columns: int) -> Block:
    nothing = np.zeros(0)
    return Block(np.zeros((0, columns)), nothing, nothing, nothing, np.zeros(0, np.int64), np.zeros(0, np.uint64))
