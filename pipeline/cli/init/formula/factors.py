"""What one factor of a formula's term says of the table's columns."""

from __future__ import annotations

import dataclasses
from typing import Any


class Refusal(ValueError):
    """Why a term can't be expressed by a configuration, and what to do."""


@dataclasses.dataclass(frozen=True)
class Column:
    """A column as it is: `x`, `I(x)`, `Q("x")`."""

    name: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made of."""
        return (self.name,)


@dataclasses.dataclass(frozen=True)
class Category:
    """A column whose values are levels: `C(x)`.

    Attributes:
      name: the column's.
      reference: the level that the others are compared with; None for the first.
      is_last: whether it is the last level instead, as SAS has it.
      levels: in their order; None for all that occur, in theirs.
      is_polynomial: whether the contrasts are orthogonal polynomials instead of differences from the reference.
    """

    name: str
    reference: str | None = None
    is_last: bool = False
    levels: tuple[str, ...] | None = None
    is_polynomial: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made of."""
        return (self.name,)


@dataclasses.dataclass(frozen=True)
class Made:
    """A kind of feature that is made of one column of numbers or more: `log(x)`, `I(x**2)`, `bs(x, df=4)`.

    Attributes:
      columns: that it is made of.
      options: the kind and its options, without the columns.
      name: a readable one for the feature.
      above: what every value must be above; None where any will do.
      or_equal: whether it may be `above` itself.
      inner: of a spline with knots that are given: those between its ends; None for others.
      remark: what is not as the formula has it; may be empty.
    """

    columns: tuple[str, ...]
    options: dict[str, Any]
    name: str
    above: float | None = None
    or_equal: bool = False
    inner: tuple[float, ...] | None = None
    remark: str = ""


Factor = Column | Category | Made
