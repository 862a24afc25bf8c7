"""What a label may be, and what is said of one that its family of models can't have. Needs pyarrow alone.

A label is numbers; or, with `positive`, one of two values, whatever their type: as canonical texts (`components.values.texts`) one
of them is 1, the other 0, for every step after ingest. That there are two is for all rows of a table to say.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.errors import DataError
from components.linear_model.families import FAMILIES, named
from components.linear_model.families.label import NAMES, transform_of
from components.table import columns, files, rejected, streams
from components.table.spec import TableSpec
from components.values import texts
from components.values.masks import Rows, valid_rows

MOST = 200  # values of a label that are told apart
LISTED = 3  # of them, that a message names

# What tells counts from other whole numbers: `suggested`.
LEAST_ROWS = 30
LEAST_COUNTS = 5
LARGEST_MEAN = 10.0
LEAST_ZEROS = 0.02
LEAST_DISPERSION = 0.8
LARGEST_PART = 0.4
_NO_COUNT = re.compile(
    r"""(?:^|[^a-z])(?:age|ages|educ|education|schooling|tenure|exper|experience|year|years|yr|yrs|month|months|week|weekday|day|hour
    |quarter|date|time|score|rating|grade|scale|level|rank|quality|code|class|stage)\d*(?:[^a-z]|$)|(?:educ|exper|age)$""",
    re.VERBOSE,
)


@dataclasses.dataclass
class Values:
    """The values of a label in some rows.

    Attributes:
      seen: by canonical text in how many rows it is, and the place of the first; `MOST` of them.
      others: how many further texts a batch had, of that which had most.
    """

    seen: dict[str, tuple[int, int]] = dataclasses.field(default_factory=dict)
    others: int = 0

    @classmethod
    def of(cls, column: pa.Array, keep: Rows) -> Values:
        """Those of the rows to keep, [n], of numbers or strings."""
        coded = column.dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        places = np.flatnonzero(keep & (codes >= 0))
        _, first, counts = np.unique(codes[places], return_index=True, return_counts=True)
        order = np.argsort(first)
        found = cls(others=max(len(first) - MOST, 0))
        for index in order[:MOST]:
            place = int(places[first[index]])
            value = column[place].as_py()
            text = value if isinstance(value, str) else texts.float_text(value)
            found.seen[text] = int(counts[index]), place
        return found

    def add(self, other: Values, before: int = 0) -> None:
        """Adds those of later rows, whose places begin after `before` rows."""
        self.others = max(self.others, other.others)
        for text, (rows, place) in other.seen.items():
            if text in self.seen:
                self.seen[text] = self.seen[text][0] + rows, self.seen[text][1]
            elif len(self.seen) < MOST:
                self.seen[text] = rows, before + place
            else:
                self.others = max(self.others, 1)

    @property
    def rows(self) -> dict[str, int]:
        """By text in how many rows it is."""
        return {text: rows for text, (rows, _) in self.seen.items()}

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Values:
        """The inverse of `to_json`."""
        return cls({text: (rows, place) for text, (rows, place) in value["seen"].items()}, value["others"])


@dataclasses.dataclass(frozen=True)
class Part:
    """A chunk of a table, and what was seen of its label.

    Attributes:
      chunk: what was read.
      columns: how many its file has.
      values: of the label; places are those among the chunk's rows with the right number of fields.
    """

    chunk: files.Chunk
    columns: int
    values: Values


def merged(parts: Iterable[Part]) -> Values:
    """The values of all parts; their places say nothing then."""
    total = Values()
    for part in parts:
        total.add(part.values)
    return total


def numbers(column: pa.Array, name: str, missing: list[str], reasons: dict[int, str], decimal: str) -> pa.Array:
    """A label as `columns.number` reads it; where it is one of two texts, the reasons say what takes those."""
    own: dict[int, str] = {}
    found = columns.number(column, name, missing, own, decimal)
    way = ""
    if own and found.null_count == len(found):
        levels = sorted(columns.text(column, name, missing, {}).unique().drop_null().to_pylist())
        if len(levels) == 2:
            way = (
                f". Of a label that is {levels[0]!r} or {levels[1]!r}, name the one that counts as 1: positive: {levels[1]!r}, "
                "with model.family: binomial"
            )
    for row, why in own.items():
        reasons.setdefault(row, why + way)
    return found


def reject_unfit(column: pa.Array, spec: TableSpec, rows: Rows, reasons: dict[int, str]) -> Rows:
    """Which of some rows, [n], have a label that the family can't have; `reasons`, by position, is added to."""
    family = named(spec.family)
    odd = rows & ~family.valid(column.to_numpy(zero_copy_only=False)) & valid_rows(column)
    for row in map(int, np.flatnonzero(odd)):
        value = column[row].as_py()
        reasons.setdefault(
            row,
            f"column {spec.label!r}: expected {family.labels} ({family.key}); received {texts.float_text(value)}"
            f"{_way(spec.family, value)}",
        )
    return odd


@functools.lru_cache(1024)
def _way(text: str, value: float) -> str:
    """What takes a label that a family can't have."""
    family, label = named(text), np.array([value])
    if family.transform is not None:
        return _other_transforms(label)
    ways = []
    if family.classes and 0 < value < 1:
        ways.append("A share is given as two rows, of 1 and 0, with the share and the rest as weights")
    elif family.classes:
        ways.append(
            f"Of a label of two other values, name the one that counts as 1: positive: {texts.float_text(value)}"
        )
    elif value > 0 and value != math.floor(value):
        ways.append(
            "Of a rate, the label is the count, and exposure names the column that it is a rate of (weight: what a row counts)"
        )
    takes = [other.name for other in FAMILIES.values() if other.valid(label)[0]]
    if takes:
        ways.append(f"Such a label suits model.family: {' or '.join(takes)}")
    return "".join(f". {way}" for way in ways)


def _other_transforms(label: NDArray[np.float64]) -> str:
    """Which transforms take a label, [1], that another one does not."""
    takes = [name for name in NAMES if name != "boxcox" and transform_of(name).valid(label)[0]]
    others = f"label.transform: {' or '.join(takes)} takes such a label; " if takes else ""
    return f". {others}data.drop leaves such rows out"


def encoded(column: pa.Array, positive: str) -> pa.Array:
    """Canonical strings as float64: 1 where they are the positive one, null where missing."""
    return pc.cast(pc.equal(column, positive), pa.float64())


def check_third(parts: Iterable[Part], spec: TableSpec, open_file: streams.Open = streams.open_local) -> None:
    """Raises a DataError, with file and line, if a label that is one of two values has a third one."""
    parts = list(parts)
    found = merged(parts)
    rest = sorted((text for text in found.seen if text != spec.positive), key=lambda text: -found.seen[text][0])
    if len(rest) < 2:
        return
    if spec.positive not in found.seen:
        raise DataError(
            f"positive: expected one of the two values of column {spec.label!r}; received {spec.positive!r}. The column holds "
            f"{_listed(found)}. Name one of these."
        )
    negative, third = rest[:2]
    part = next(part for part in parts if third in part.values.seen)
    place = part.values.seen[third][1]
    [row] = rejected.locate(part.chunk, part.columns, {place: ""}, [], 0, open_file)
    raise DataError(
        f"{row['file']}, {rejected.place(row)}, column {spec.label!r}: expected {spec.positive!r} (positive) or {negative!r}, as "
        f"in other rows; received {third!r}. The column holds {_listed(found)}. Correct the table, or leave such rows out: "
        f"data.drop: {{{spec.label}: {{values: [{third!r}]}}}}."
    )


def classes(parts: Iterable[Part], spec: TableSpec) -> list[str] | None:
    """The names of the negative class and the positive one, once all rows are seen and `check_third` found none; None for a family
    without classes.

    Raises:
      DataError: there is but one value.
    """
    if not named(spec.family).classes:
        return None
    if spec.positive is None:
        return texts.CLASSES
    found = merged(parts)
    others = [text for text in found.seen if text != spec.positive]
    if spec.positive in found.seen and others:
        return [others[0], spec.positive]
    raise DataError(
        f"label {spec.label!r}: it is {_listed(found)}; expected {spec.positive!r} (positive) and another value. "
        + (
            "With one value in all rows there is nothing to learn: give other rows."
            if not others
            else f"Name as positive what the column holds, or give rows with {spec.positive!r}."
        )
    )


def _listed(values: Values) -> str:
    """The most frequent values, and how many there are beside them."""
    most = sorted(values.seen, key=lambda text: -values.seen[text][0])
    told = ", ".join(f"{text!r} in {(rows := values.seen[text][0]):,} row{'s' * (rows > 1)}" for text in most[:LISTED])
    more = len(most) - LISTED + values.others
    return told + (f" and {more:,} other values" if more > 0 else "")


def suggested(name: str, rows: Mapping[str, int]) -> str | None:
    """The family that a label's values ask for: `binomial` of 0 and 1, `poisson` of counts; None of any other.

    Counts are whole numbers from 0 on, of which 0 is not rare, with a small mean far below the largest one, and spread at least as
    widely as Poisson's law has it, nearly. Ages, scores and years are none by their names.

    Args:
      name: of the column.
      rows: in how many each value is, by canonical text: all values.
    """
    if set(rows) == set(texts.CLASSES):
        return "binomial"
    if len(rows) < LEAST_COUNTS or not all(re.fullmatch(r"\d+", text) for text in rows):
        return None
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    values, counts = (np.array(list(map(float, part))) for part in (rows.keys(), rows.values()))
    total = counts.sum()
    mean = (values @ counts) / total
    variance = (np.square(values - mean) @ counts) / total
    is_count = (
        total >= LEAST_ROWS
        and rows.get("0", 0) >= LEAST_ZEROS * total
        and mean <= min(LARGEST_MEAN, LARGEST_PART * values.max())
        and variance >= LEAST_DISPERSION * mean
        and _NO_COUNT.search(words) is None
    )
    return "poisson" if is_count else None


def hint(name: str, family: str) -> str:
    """What is said of a label that another family suits."""
    what = "0 and 1 in all rows" if family == "binomial" else "counts"
    return f"label {name!r}: {what}. model.family: {family} fits it"
