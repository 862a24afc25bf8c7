"""Rows by their prediction: what needs their order (areas under curves) or their neighbours (calibration by tenths).

Bins are as fine as 32-bit predictions are apart, until more than `BINS` are filled; then all are halved. So up to `BINS` different
predictions everything is exact, and beyond that within the stated bracket. How fine the bins are depends on the rows alone, not on
their order or how they were parted. Their width is even in the logarithm of a small prediction, and for classes in that of
1 − prediction too: rare events fill as many bins as frequent ones.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 2**15
_HALF = int(np.float32(0.5).view(np.int32))
ROWS, WEIGHT, LABEL, PREDICTION, TWICE, TWICE_LABEL, POSITIVES = range(7)

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Histogram:
    """Sums of the rows of each filled bin.

    Attributes:
      halvings: how often neighbouring bins were made one.
      bins: int64 [k], ascending with the prediction.
      sums: float64 [7, k]: rows, Σw, Σw·y, Σw·ŷ, Σw², Σw²·y, and Σ[y > 0].
    """

    halvings: int
    bins: NDArray[np.int64]
    sums: Array


def histogram(label: Array, prediction: Array, weight: Array, classes: bool) -> Histogram:
    """Of rows, [n] each; for classes predictions are probabilities. Rows without weight are left out."""
    kept = weight > 0
    y, p, w = label[kept], prediction[kept], weight[kept]
    twice = w * w
    sums = np.stack([np.ones_like(y), w, w * y, w * p, twice, twice * y, (y > 0).astype(np.float64)])
    return _fitted(0, _codes(p, classes), sums)


def merge(parts: Sequence[Histogram]) -> Histogram:
    """Of the rows of all."""
    halvings = max((part.halvings for part in parts), default=0)
    codes = [part.bins >> (halvings - part.halvings) for part in parts]
    return _fitted(
        halvings,
        np.concatenate([np.zeros(0, np.int64), *codes]),
        np.concatenate([np.zeros((7, 0)), *(part.sums for part in parts)], axis=1),
    )


def _codes(prediction: Array, classes: bool) -> NDArray[np.int64]:
    """A whole number for each different 32-bit prediction, ascending with it."""
    if not classes:
        return _ordered(prediction)
    # Below one half the number of the probability, above it that of its complement, mirrored.
    return np.where(prediction <= 0.5, _ordered(prediction), 2 * _HALF - _ordered(1.0 - prediction))


def _ordered(value: Array) -> NDArray[np.int64]:
    bits = value.astype(np.float32).view(np.int32).astype(np.int64)
    return np.where(bits >= 0, bits, -(bits & 0x7FFFFFFF))


def _fitted(halvings: int, codes: NDArray[np.int64], sums: Array) -> Histogram:
    """Equal bins made one, and all halved as often as it takes."""
    order = np.argsort(codes, kind="stable")
    codes, sums = codes[order], sums[:, order]
    while True:
        starts = np.flatnonzero(np.diff(codes, prepend=codes[:1] - 1))
        if len(starts) <= BINS:
            break
        codes, halvings = codes >> 1, halvings + 1
    merged = np.add.reduceat(sums, starts, axis=1) if len(starts) else sums
    return Histogram(halvings, codes[starts], merged)


class Area(NamedTuple):
    """An area under a curve.

    Attributes:
      value: the area, rows of one bin taken for equal.
      error: its standard error over rows drawn at random; NaN where it can't be told.
      bracket: how far that of the predictions themselves may be from `value`; 0 where every bin is one prediction.
    """

    value: float
    error: float
    bracket: float


def auc(found: Histogram) -> Area:
    """The area under the receiver operating characteristic: P(a positive's prediction is above a negative's) + ½P(equal).

    The standard error is DeLong's, weighted (DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44). NaN without rows of both
    classes.
    """
    positive = found.sums[LABEL]
    negative = found.sums[WEIGHT] - positive
    positives, negatives = positive.sum(), negative.sum()
    if not (positives > 0 and negatives > 0):
        return Area(math.nan, math.nan, math.nan)
    below = (np.cumsum(negative) - negative / 2) / negatives  # of a positive: the share of negatives below it
    above = 1 - (np.cumsum(positive) - positive / 2) / positives  # of a negative: that of positives above it
    value = float(positive @ below / positives)
    variance = 0.0
    for twice, placed, total, rows in (
        (found.sums[TWICE_LABEL], below, positives, found.sums[POSITIVES].sum()),
        (
            found.sums[TWICE] - found.sums[TWICE_LABEL],
            above,
            negatives,
            (found.sums[ROWS] - found.sums[POSITIVES]).sum(),
        ),
    ):
        scatter = float(twice @ (placed - value) ** 2) / total**2
        variance += scatter * rows / (rows - 1) if rows > 1 else math.nan
    bracket = float(positive @ negative) / positives / negatives / 2 if found.halvings else 0.0
    return Area(value, math.sqrt(variance) if variance > 0 else math.nan, bracket)


def auc_precision_recall(found: Histogram) -> Area:
    """The area under precision by recall, as steps (the average precision): Σ (recall − the one before)·precision.

    Without a standard error. NaN without positive rows.
    """
    positive = found.sums[LABEL][::-1]
    negative = (found.sums[WEIGHT] - found.sums[LABEL])[::-1]
    positives = float(positive.sum())
    if not positives > 0:
        return Area(math.nan, math.nan, math.nan)
    hits, misses = np.cumsum(positive), np.cumsum(negative)
    held = positive > 0
    p, hits, misses, n = positive[held], hits[held], misses[held], negative[held]
    value = float(p @ (hits / (hits + misses))) / positives
    if not found.halvings:
        return Area(value, math.nan, 0.0)
    # Within a bin at best all positives come first, at worst last, each a step of its own.
    best = float(p @ (hits / (hits + misses - n))) / positives
    worst = float((p - misses * np.log1p(p / np.maximum(hits - p + misses, 1e-300))).sum()) / positives
    return Area(value, math.nan, max(best - value, value - worst))


def tenths(found: Histogram) -> list[tuple[float, float, float]]:
    """By tenths of the rows' weight, from the lowest predictions up: rows, mean prediction, mean label.

    A bin is of the tenth in which its middle lies, so rows that are predicted the same stay together; an empty tenth is left out.
    """
    weight = found.sums[WEIGHT]
    middle = (np.cumsum(weight) - weight / 2) / weight.sum() if len(weight) else weight
    place = np.minimum((middle * 10).astype(np.int64), 9)
    table = []
    for tenth in range(10):
        rows, total, label, prediction = found.sums[:4, place == tenth].sum(axis=1)
        if rows:
            table.append((float(rows), float(prediction / total), float(label / total)))
    return table
