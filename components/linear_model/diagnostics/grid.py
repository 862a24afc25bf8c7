"""Bins of numbers on a grid that is known before a row is seen, so that what workers count adds up whatever rows each had.

A number z that was brought to mean 0 and standard deviation 1 has its bin by the sign, the exponent and the first bits of the
mantissa of its 32-bit float: near the mean bins are as fine as can be, far from it they have a constant part of the distance.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MANTISSA, _BIAS, _MAGNITUDE = 23, 127, 0x7FFFFFFF  # of IEEE 754's single precision


@dataclasses.dataclass(frozen=True)
class Grid:
    """A grid.

    Attributes:
      bits: of the mantissa: 2^bits bins an octave.
      low, high: exponents of 2 between which |z| is told apart: nearer numbers share the first bin of their sign, farther the last.
    """

    bits: int
    low: int
    high: int

    @property
    def half(self) -> int:
        """Bins of either sign."""
        return (self.high - self.low) << self.bits

    @property
    def size(self) -> int:
        """Bins."""
        return 2 * self.half

    def index(self, z: Array) -> NDArray[np.intp]:
        """The bin of each number, of any shape."""
        floats = z.astype(np.float32).view(np.int32)
        away = floats & _MAGNITUDE
        away >>= _MANTISSA - self.bits
        away -= (_BIAS + self.low) << self.bits
        np.maximum(away, 0, out=away)
        np.minimum(away, self.half - 1, out=away)
        away ^= floats >> 31  # of negative numbers −1 − away
        return away + np.intp(self.half)

    @property
    def lower(self) -> Array:
        """[size]: where each bin begins; the first at −∞."""
        away = np.ldexp(1.0 + np.arange(1 << self.bits) / (1 << self.bits), self.low)
        ends = np.concatenate([away * 2.0**octave for octave in range(self.high - self.low)])
        ends[0] = 0.0
        return np.concatenate([[-np.inf], -ends[1:][::-1], ends])

    @property
    def upper(self) -> Array:
        """[size]: where each bin ends; the last at ∞."""
        return np.append(self.lower[1:], np.inf)


def groups(rows: NDArray[np.int64], count: int) -> list[slice]:
    """Neighbouring bins put together, so that each group has about as many rows; bins of many rows stay groups of their own.

    Args:
      rows: [bins], of each.
      count: of groups at most.
    """
    there = np.flatnonzero(rows)
    if not len(there):
        return []
    middle = np.cumsum(rows[there]) - rows[there] / 2
    group = (middle * count / rows.sum()).astype(np.int64)
    begins = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    ends = np.append(begins[1:], len(there)) - 1
    return [slice(int(there[begin]), int(there[end]) + 1) for begin, end in zip(begins, ends, strict=True)]


def quantile(counts: NDArray[np.int64], lower: Array, upper: Array, share: float) -> float:
    """The number that a share of the counted ones lies below: linear within its bin; counts, ends [bins] each."""
    total = counts.sum()
    if not total:
        return float("nan")
    below = np.cumsum(counts)
    place = min(int(np.searchsorted(below, share * total)), len(counts) - 1)
    part = 1 - (below[place] - share * total) / counts[place] if counts[place] else 0.5
    begin, end = lower[place], upper[place]
    if not np.isfinite(begin) or not np.isfinite(end):
        return float(end if np.isfinite(end) else begin)
    return float(begin + part * (end - begin))
