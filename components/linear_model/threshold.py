"""The probability from which on a row is of the positive class, chosen by a metric on rows that the fit did not see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from components.linear_model.blocks import Block

Array = NDArray[np.float64]

BINS = 10_000
REACH = 20.0  # of η: beyond, a row is in the first bin or the last


class ScorePass:
    """How many rows of each class have which η, each by the fit that did not see it.

    Attributes:
      counts: [2, bins], weights of rows by label and η, in even steps from −20 to 20.
    """

    by_fold = True

    def __init__(self, betas: Array) -> None:
        """Takes coefficients [folds, q]: those of all rows but the fold's."""
        self._betas = betas
        self.counts: Array = np.zeros((2, BINS))

    def add(self, block: Block) -> Self:
        """Adds rows."""
        eta = np.einsum("nq,nq->n", block.x, self._betas[block.fold]) + block.offset
        place = np.clip((eta + REACH) * (BINS / (2 * REACH)), 0, BINS - 1).astype(np.int64)
        for label in (0, 1):
            mine = block.label == label
            self.counts[label] += np.bincount(place[mine], block.weight[mine], BINS)
        return self

    def merge(self, other: ScorePass) -> Self:
        """Adds other rows'."""
        self.counts = self.counts + other.counts
        return self

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it."""
        return {"counts": self.counts}

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        self.counts = arrays["counts"]
        return self


def best_eta(counts: Array, metric: Literal["f1", "accuracy"]) -> float:
    """The η from which on rows are called positive, where a metric of these rows is greatest; of equals the one nearest to 0.

    Args:
      counts: [2, bins], `ScorePass.counts`.
      metric: F1, or the share of right answers.
    """
    # By edge, the rows at and above it are called positive.
    negatives, positives = (np.append(np.cumsum(row[::-1])[::-1], 0.0) for row in counts)
    if metric == "f1":
        value = 2 * positives / np.maximum(positives + negatives + positives[0], 1e-300)
    else:
        value = (positives + negatives[0] - negatives) / (positives[0] + negatives[0])
    edges = np.linspace(-REACH, REACH, BINS + 1)
    best = np.flatnonzero(value >= value.max() * (1 - 1e-12))
    return float(edges[best[np.argmin(np.abs(edges[best]))]])
