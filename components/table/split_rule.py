"""How a table is split into rows to fit and rows to judge by, as the configuration says it."""

from __future__ import annotations

import datetime

from pydantic import BaseModel

SPLITS = ("train", "eval", "test")
Start = float | str  # a number, or a date or time as ISO 8601 has it


class TimeSplit(BaseModel):
    """Splits by the value of a column: eval from one value on, test from another.

    Attributes:
      column: its name; numbers, dates or times.
      starts: by split, the first value that belongs to it; rows before all of them train.
    """

    column: str
    starts: dict[str, Start]


class SplitRule(BaseModel):
    """How rows are split.

    Attributes:
      shares: number of buckets by split, in the order of `SPLITS`; without them, `time` decides.
      seed: another one draws another split.
      group: the column whose values stay together, in the folds too; None for each row by itself.
      time: where the splits begin.
    """

    shares: dict[str, int] = {"train": 4, "eval": 1}
    seed: int = 0
    group: str | None = None
    time: TimeSplit | None = None

    @property
    def names(self) -> list[str]:
        """The splits that there are."""
        return ["train", *self.time.starts] if self.time else list(self.shares)

    @property
    def columns(self) -> list[str]:
        """The columns that decide."""
        return [name for name in (self.group, self.time and self.time.column) if name]


def microseconds(text: str) -> int | None:
    try:
        value = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.UTC)
    return (value - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1)


def start_number(start: Start) -> float:
    """A start as `time_values` counts.

    Raises:
      ValueError: a text that is no date or time.
    """
    if not isinstance(start, str):
        return float(start)
    found = microseconds(start)
    if found is None:
        raise ValueError(f"expected a number, a date or a time such as 2024-01-31; received {start!r}")
    return float(found)


def check_starts(starts: dict[str, Start]) -> None:
    """Raises a ValueError unless all starts are of one kind and rise in the order of the splits."""
    if len({isinstance(start, str) for start in starts.values()}) > 1:
        raise ValueError("eval_from and test_from must both be numbers, or both be dates or times")
    numbers = [start_number(start) for start in starts.values()]
    if sorted(set(numbers)) != numbers:
        raise ValueError("test_from must come after eval_from")
