"""How a column's valid numbers are distributed, from what TensorFlow Data Validation keeps of them: its quantiles."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Quantiles:
    """A distribution function: linear between the quantiles that are known.

    Attributes:
      values: [m], not falling, of numbers that are valid.
      below: [m], the share of the rows with such numbers that lie at or below each.
    """

    values: Array
    below: Array

    @classmethod
    def of(cls, statistics: Any, low: float | None, high: float | None, clip: bool) -> Quantiles | None:
        """Of a column.

        Args:
          statistics: its `FeatureNameStatistics`; None where there are none.
          low, high: between which numbers are valid.
          clip: whether a number beyond is taken for the end; else it is none.

        Returns:
          None where no number is known to be valid.
        """
        histograms = [] if statistics is None else statistics.num_stats.histograms
        buckets = next((list(found.buckets) for found in histograms if found.type == found.QUANTILES), [])
        if not buckets:
            return None
        values = np.array([buckets[0].low_value, *(bucket.high_value for bucket in buckets)])
        below = np.cumsum([0.0, *(bucket.sample_count for bucket in buckets)])
        if not (np.isfinite(values).all() and below[-1] > 0):
            return None
        if clip:
            return cls(np.clip(values, low, high) if (low, high) != (None, None) else values, below / below[-1])
        if low is not None and low > values[0]:
            values, below = _from(values, below, low)
        if high is not None and high < values[-1]:
            values, below = (-ends[::-1] for ends in _from(-values[::-1], -below[::-1], -high))
        if not len(values) or below[-1] <= below[0]:
            return None
        return cls(values, (below - below[0]) / (below[-1] - below[0]))

    def inner(self, share: float) -> tuple[float, float]:
        """The values between which the inner share of the rows lies."""
        low, high = np.interp([(1 - share) / 2, (1 + share) / 2], self.below, self.values)
        return float(low), float(high)

    def about_mean(self, deviations: float) -> tuple[float, float]:
        """So many standard deviations below the mean and above it, within the values that are known."""
        middles, shares = (self.values[1:] + self.values[:-1]) / 2, np.diff(self.below)
        mean = float(middles @ shares)
        reach = deviations * float(np.sqrt(((middles - mean) ** 2) @ shares))
        return max(mean - reach, float(self.values[0])), min(mean + reach, float(self.values[-1]))

    def shares(self, edges: Array) -> list[float]:
        """The share of the rows between each of [m + 1] rising values and the next, [m]; those on the first among them."""
        below = np.interp(edges, self.values, self.below)
        first = np.searchsorted(self.values, edges[0])
        if first < len(self.values) and self.values[first] == edges[0]:
            below[0] = self.below[first]
        return np.diff(below).tolist()


def _from(values: Array, below: Array, low: float) -> tuple[Array, Array]:
    """What of a distribution lies above a number; nothing where nothing does."""
    inner = values > low
    if not inner.any():
        return values[:0], below[:0]
    return np.append(low, values[inner]), np.append(np.interp(low, values, below), below[inner])
