"""Rows that are equal, counted as one: where all columns are levels, millions of rows are a few thousand different ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.linear_model.blocks import Block

Array = NDArray[np.float64]

MOST_ROWS = 100_000  # that are different, and
MOST_NUMBERS = 50_000_000  # that they may have
WORTH = 0.5  # of a sample's rows have no like in it at most, where counting is worth a pass


class Counted:
    """The different rows, and the sum of the weights of each; given up where they are too many.

    Attributes:
      gave_up: whether there were too many.
    """

    by_fold = True

    def __init__(self, columns: int) -> None:
        self._most = min(MOST_ROWS, MOST_NUMBERS // (columns + 3))
        self._rows: Array = np.zeros((0, columns + 3))  # columns, label, offset, fold
        self._weights: Array = np.zeros(0)
        self._waiting: list[tuple[Array, Array]] = []
        self.gave_up = False

    def add(self, block: Block) -> Self:
        """Adds rows."""
        return self._take(*_joined(_keys(block), block.weight))

    def merge(self, other: Counted) -> Self:
        """Adds other rows'."""
        self.gave_up = self.gave_up or other.gave_up
        return self._take(*other._joined())

    def _take(self, rows: Array, weights: Array) -> Self:
        if not self.gave_up:
            self._waiting.append((rows, weights))
            if sum(len(waiting) for waiting, _ in self._waiting) > max(len(self._rows), self._most // 2):
                self._joined()
        return self

    def _joined(self) -> tuple[Array, Array]:
        """All of it so far, equal rows as one."""
        if self._waiting:
            parts = [(self._rows, self._weights), *self._waiting]
            self._waiting = []
            self._rows, self._weights = _joined(*(np.concatenate(part) for part in zip(*parts, strict=True)))
            self.gave_up = self.gave_up or len(self._rows) > self._most
        if self.gave_up:
            self._rows, self._weights = self._rows[:0], self._weights[:0]
        return self._rows, self._weights

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it."""
        rows, weights = self._joined()
        return {"rows": rows, "weights": weights, "gave_up": np.array(self.gave_up)}

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        self._rows, self._weights, self.gave_up = arrays["rows"], arrays["weights"], bool(arrays["gave_up"])
        return self

    def block(self) -> Block | None:
        """The different rows, each weighing what its rows weigh together; None where there were too many."""
        rows, weights = self._joined()
        if self.gave_up:
            return None
        label, offset, fold = rows[:, -3:].T
        draw = np.arange(len(label), dtype=np.uint64)
        return Block(rows[:, :-3], label, weights, offset, fold.astype(np.int64), draw)


def is_worth_counting(sample: Block) -> bool:
    """Whether most rows beyond a sample are likely to be in it: the share of rows seen once is that of unseen ones (Good 1953)."""
    first, which = different(_keys(sample)[:, :-1])
    return np.count_nonzero(np.bincount(which, minlength=len(first)) == 1) <= WORTH * len(sample.label)


def _keys(block: Block) -> Array:
    return np.column_stack([block.x, block.label, block.offset, block.fold])


def _joined(rows: Array, weights: Array) -> tuple[Array, Array]:
    """Equal rows as one, with the sum of their weights."""
    first, which = different(rows)
    return rows[first], np.bincount(which, weights, len(first)).astype(np.float64)


def different(rows: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first of each of the rows [n, k] that are different to the bit, and by row which of these it is, [n]."""
    whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
    _, first, which = np.unique(whole, return_index=True, return_inverse=True)
    return first, which.ravel()
