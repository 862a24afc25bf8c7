"""Which digits of a column 32-bit floats keep, as which numbers travel; what is said where they keep too few. Needs numpy alone.

A 32-bit float has 24 bits: near 1e8 the next one is 8 away. What that does to a fit depends on how far the column reaches: its
values move at random by up to half that spacing, which adds (spacing / standard deviation)² / 12 to a variance of 1. Where they
have fewer than 1,000 steps a standard deviation (`COARSEST`), that is noise of 3 in 10,000 of it, as much as is left over at an R²
of 0.9999999, and neighbouring values become one. A weight is no such case: it acts by its ratio to others. A label of whole
numbers is stored exactly, so its fit is right in any case; but predictions are 32-bit floats, which must not be coarser than a
tenth of a standard deviation (`COARSEST_ANSWER`): that takes less than 0.001 from R².
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.values.numbers import LARGEST_INTEGER

COARSEST = 1e-3  # the spacing of 32-bit floats at a column's values, in standard deviations
COARSEST_ANSWER = 0.1
_LOOKED_AT = COARSEST / 4  # from it on, a batch's values are counted


@dataclasses.dataclass
class Digits:
    """What 32-bit floats make of a column's values.

    Attributes:
      rows: how many values there are.
      mean: their mean.
      squares: the sum of their squared deviations from it.
      rounded: how many are no 32-bit float.
      whole: whether all are whole numbers up to 2^53.
      different: how many different ones a batch had, of that which had most; 0 unless 32-bit floats are coarse for it.
      remaining: how many different ones were left of these.
      pair: two of them that became one; None if none did.
    """

    rows: int = 0
    mean: float = 0.0
    squares: float = 0.0
    rounded: int = 0
    whole: bool = True
    different: int = 0
    remaining: int = 0
    pair: tuple[float, float] | None = None

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Digits:
        """Those of values [n], none of them NaN."""
        if not len(values):
            return cls()
        mean = float(values.mean())
        found = cls(len(values), mean, float(np.square(values - mean).sum()))
        found.rounded = int(np.count_nonzero(values.astype(np.float32) != values))
        found.whole = _whole(values[:1]) and _whole(values)
        if found.coarseness > _LOOKED_AT:
            distinct = np.unique(values)
            narrow = distinct.astype(np.float32)
            same = np.flatnonzero(narrow[1:] == narrow[:-1])
            found.different, found.remaining = len(distinct), len(distinct) - len(same)
            if len(same):
                found.pair = (float(distinct[same[0]]), float(distinct[same[0] + 1]))
        return found

    def add(self, other: Digits) -> None:
        """Adds the values of another column, or of another part of this one."""
        rows = self.rows + other.rows
        if not rows:
            return
        apart = other.mean - self.mean
        self.squares += other.squares + apart * apart * self.rows * other.rows / rows
        self.mean += apart * other.rows / rows
        self.rows = rows
        self.rounded += other.rounded
        self.whole &= other.whole
        if other.different > self.different:
            self.different, self.remaining = other.different, other.remaining
        self.pair = self.pair or other.pair

    @property
    def spread(self) -> float:
        """The standard deviation."""
        return math.sqrt(self.squares / self.rows) if self.rows else 0.0

    @property
    def spacing(self) -> float:
        """How far 32-bit floats are apart at the root mean square."""
        return float(np.spacing(np.float32(math.hypot(self.mean, self.spread))))

    @property
    def coarseness(self) -> float:
        """The spacing in standard deviations; 0 if nothing is rounded, or nothing varies."""
        return self.spacing / self.spread if self.rounded and self.spread else 0.0

    @property
    def exact(self) -> bool:
        """Whether integers would keep what 32-bit floats do not."""
        return self.whole and self.rounded > 0

    def complaint(self, name: str, feature: bool, exact: bool = False) -> str | None:
        """What is said of a column for which 32-bit floats are too coarse; None of another.

        Args:
          name: of the column.
          feature: whether it is one, else the label.
          exact: whether it is a label that is stored as integers, so that its predictions alone are rounded.
        """
        limit = COARSEST_ANSWER if exact else COARSEST
        if self.coarseness <= limit:
            return None
        travels = "its predictions travel" if exact else "it travels"
        lost = ""
        if self.pair is not None:
            one, other = (_shown(value) for value in self.pair)
            lost = (
                f": of {self.different:,} different values {self.remaining:,} remain, {one} and {other} become one"
                if self.remaining < self.different
                else f": {one} and {other} become one"
            )
        if feature and self.whole:
            way = "All are whole numbers: make it of kind integer, which keeps them (buckets: say whole: true)"
        else:
            kind = " and make it of kind integer" if feature else ""
            way = (
                f"Subtract a constant from it in the table, such as {self.mean:.3g}, or give it in a unit in which all its values "
                f"are whole numbers{kind}"
            )
        return (
            f"column {name!r}: 32-bit floats, as which {travels}, have too few digits for it{lost}. They are {self.spacing:g} "
            f"apart there, and the standard deviation is {self.spread:g}; expected at least {1 / limit:,.0f} times that. {way}."
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Digits:
        """The inverse of `to_json`."""
        return cls(**{**value, "pair": value["pair"] and tuple(value["pair"])})


def _whole(values: NDArray[np.float64]) -> bool:
    return bool((values == np.floor(values)).all() and np.abs(values).max() <= LARGEST_INTEGER)


def _shown(value: float) -> str:
    return str(int(value)) if value == math.floor(value) and abs(value) <= LARGEST_INTEGER else repr(value)
