"""What is seen in one column, batch by batch, in bounded memory. What a value is, is `components.values`' to say."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.errors import DataError
from components.table import columns, files
from components.table.arrow_types import is_number, is_time
from components.table.columns import LARGEST
from components.table.digits import Digits
from components.values import number_columns, numbers, text_columns
from components.values.masks import valid_rows
from components.values.numbers import LARGEST_INTEGER
from components.values.texts import MISSING_TOKENS
from pipeline.cli.init.dates_seen import Dates

MOST_DISTINCT = 20_000  # texts of a column that are told apart
EXAMPLES = 1000  # of them, kept once there are more
MOST_ODD = 1000  # texts that are no numbers, counted one by one
PLACED = 5  # of them, whose first place is kept

_DIGITS = r"\A[+-]?\d+\z"
_PADDED = r"\A0\d+\z"  # digits that begin with a zero: a ZIP code, no number


Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a value stands.

    Attributes:
      chunk: of a table without ragged rows.
      row: its number there, from 0.
      columns: how many its file has.
    """

    chunk: files.Chunk
    row: int
    columns: int

    def __str__(self) -> str:
        """`line 57` of a CSV, which is read anew for it; `row 57` of a Parquet file."""
        if self.chunk.path.endswith(".parquet"):
            return f"row {self.chunk.first + self.row + 1}"
        _, line = next(itertools.islice(files.lines(self.chunk, self.columns), self.row, None))
        return f"line {line}"


@dataclasses.dataclass
class Odd:
    """A text that is no number.

    Attributes:
      rows: how many rows hold it, that have a label.
      place: the first of them; None if it is not known.
    """

    rows: int = 0
    place: Place | None = None


class Profile:
    """One column: its rows that have a label; and of all rows `largest` to `padded`, `odd`, `typed` and `unusable`.

    Attributes:
      name: the column's; `truths` says whether its truth values are numbers, as those of a label are.
      decimal: what its texts have before a number's fraction.
      rows: how many were seen.
      unusable: why it can be no feature, by its type or its bytes; empty if it can.
      missing: rows that hold nothing, by the text that says so; "" for blanks, nulls and NaN.
      numbers: rows that hold a number.
      low, high: of the numbers; `digits`: what 32-bit floats make of them.
      largest, least: of their distances from zero, zeros left out.
      is_whole, is_plain: whether all numbers are whole, and are written (or typed) so.
      is_beyond: whether one of them is written in digits alone (or typed so), and beyond the integers that a float holds.
      padded: a text of digits that begins with a zero; empty if there is none.
      odd: texts that are no numbers.
      odd_rows: rows that hold one.
      dates: whether all of these are dates, and how they are written.
      levels: rows by canonical text; `EXAMPLES` of them if there are more than `MOST_DISTINCT`.
      distinct, counted: how many texts there are, and in how many rows they were told apart.
      typed: whether the file gave it a type other than text; what kinds: `number`, `boolean`, `time`, `category`.
      zones: of timestamps, by the names that the file gives.
    """

    def __init__(self, name: str, decimal: str = ".", truths: bool = False) -> None:
        self.name = name
        self.decimal = decimal
        self._truths = truths
        self.rows = 0
        self.unusable = ""
        self.missing: Counter[str] = Counter()
        self.numbers = 0
        self.low, self.high = np.inf, -np.inf
        self.largest, self.least = 0.0, np.inf
        self.digits = Digits()
        self.is_whole = self.is_plain = True
        self.is_beyond = False
        self.padded = ""
        self.odd: dict[str, Odd] = {}
        self.odd_rows = 0
        self.dates = Dates()
        self.levels: dict[str, int] = {}
        self.distinct = self.counted = 0
        self.typed: set[str] = set()
        self.zones: set[str] = set()
        self._overflown = False

    @property
    def present(self) -> int:
        """Rows that hold something."""
        return self.rows - sum(self.missing.values())

    @property
    def is_counted(self) -> bool:
        """Whether all its texts were told apart."""
        return not self._overflown

    def add(self, column: pa.Array, places: Callable[[int], Place], is_kept: bool = True) -> None:
        """Takes in some rows.

        Args:
          column: of any type.
          places: tells where a row of it stands.
          is_kept: whether the rows have a label. Of others, which are dropped, a run demands no more than that it can read them:
            they add nothing to counts, ends and levels.
        """
        self.rows += len(column) * is_kept
        if self.unusable or not len(column):
            return
        rejected: dict[int, str] = {}
        try:
            plain = columns.plain(column, self.name, rejected)
        except DataError:
            self.unusable = f"of type {column.type}, which is neither number nor text"
            return
        if rejected:
            self.unusable = f"bytes that are not UTF-8, first in {places(min(rejected))}"
            return
        self.typed |= _kind_of(column.type)
        if pa.types.is_timestamp(column.type):
            self.zones.add(column.type.tz or "")
        values, counts = _counted(plain)
        found, odd = _as_numbers(values, self.decimal, self._truths)
        self._read_numbers(values, found)
        self._add_odd(plain, values, counts * is_kept, odd, places)
        if self.dates.formats:
            self.dates.add(_texts(values.filter(pa.array(odd))))
        if is_kept:
            self._add_missing(values, counts, found, odd)
            self._add_numbers(counts, found)
            self._add_levels(values, counts, found, odd)

    def _add_missing(self, values: pa.Array, counts: Counts, found: Floats, odd: NDArray[np.bool_]) -> None:
        gone = np.isnan(found) & ~odd
        for index in np.flatnonzero(gone):
            value = values[int(index)].as_py()
            self.missing[value.strip() if isinstance(value, str) else ""] += int(counts[index])

    def _add_numbers(self, counts: Counts, found: Floats) -> None:
        there = np.isfinite(found)
        self.numbers += int(counts[there].sum())
        self.low = min(self.low, float(found[there].min(initial=np.inf)))
        self.high = max(self.high, float(found[there].max(initial=-np.inf)))
        stored = np.abs(found) <= LARGEST
        self.digits.add(Digits.of(np.repeat(found[stored], counts[stored])))

    def _read_numbers(self, values: pa.Array, found: Floats) -> None:
        """How numbers are written, and how large they are."""
        there = np.isfinite(found)
        if not there.any():
            return
        present, away = found[there], np.abs(found[there])
        self.largest = max(self.largest, float(away.max()))
        self.least = min(self.least, float(away[away > 0].min(initial=np.inf)))
        is_whole = bool((present == np.floor(present)).all())
        self.is_whole &= is_whole
        if not pa.types.is_string(values.type):
            self.is_plain &= is_whole
            self.is_beyond |= not pa.types.is_floating(values.type) and bool(away.max() >= LARGEST_INTEGER)
            return
        written = pc.utf8_trim_whitespace(number_columns.with_points(values.filter(pa.array(there)), self.decimal))
        self.is_plain &= bool(pc.all(pc.match_substring_regex(written, numbers.INTEGER)).as_py())
        beyond = written.filter(pa.array(away >= LARGEST_INTEGER))
        self.is_beyond |= bool(pc.any(pc.match_substring_regex(beyond, _DIGITS), min_count=0).as_py())
        if not self.padded:
            padded = written.filter(pc.match_substring_regex(written, _PADDED))
            self.padded = padded[0].as_py() if len(padded) else ""

    def _add_odd(
        self, column: pa.Array, values: pa.Array, counts: Counts, odd: NDArray[np.bool_], places: Callable[[int], Place]
    ) -> None:
        self.odd_rows += int(counts[odd].sum())
        for index in np.flatnonzero(odd):
            value = values[int(index)]
            text = str(value.as_py())
            if text not in self.odd:
                if len(self.odd) == MOST_ODD:
                    continue
                self.odd[text] = Odd()
                if len(self.odd) <= PLACED:
                    self.odd[text].place = places(pc.index(column, value).as_py())
            self.odd[text].rows += int(counts[index])

    def _add_levels(self, values: pa.Array, counts: Counts, found: Floats, odd: NDArray[np.bool_]) -> None:
        if self._overflown:
            return
        there = odd | ~np.isnan(found)
        present, rows = values.filter(pa.array(there)), counts[there]
        self.counted += int(rows.sum())
        canonical = _texts(present.slice(0, MOST_DISTINCT + 1))
        for text, number in zip(canonical.to_pylist(), rows.tolist(), strict=False):
            self.levels[text] = self.levels.get(text, 0) + number
        self.distinct = len(self.levels)
        if max(self.distinct, len(present)) > MOST_DISTINCT:
            self._overflown = True
            self.distinct = max(self.distinct, len(present))
            self.levels = dict(itertools.islice(self.levels.items(), EXAMPLES))


def numbers_of(column: pa.Array, decimal: str) -> Floats:
    """A column's numbers [n], truth values among them, NaN where a row holds none; `decimal` is before a text's fraction."""
    try:
        return _as_numbers(columns.plain(column, "", {}), decimal, truths=True)[0]
    except DataError:
        return np.full(len(column), np.nan)


def texts_of(column: pa.Array) -> pa.Array:
    """A column's canonical texts, null where missing; all null if it can have none."""
    try:
        return columns.text(column, "", MISSING_TOKENS, {})
    except DataError:
        return pa.nulls(len(column), pa.string())


def _kind_of(kind: pa.DataType) -> set[str]:
    if pa.types.is_dictionary(kind):
        return {"category"}
    if pa.types.is_boolean(kind):
        return {"boolean"}
    if is_time(kind):
        return {"time"}
    return {"number"} if is_number(kind) else set()


def _counted(column: pa.Array) -> tuple[pa.Array, Counts]:
    """The values of a column, each once, and how many rows hold it."""
    if pa.types.is_null(column.type):
        return pa.nulls(1, pa.string()), np.array([len(column)])
    found = pc.value_counts(column)
    return found.field("values"), found.field("counts").to_numpy()


def _as_numbers(values: pa.Array, decimal: str, truths: bool) -> tuple[Floats, NDArray[np.bool_]]:
    """Numbers [n], NaN where there is none; where there is something that is no number, [n]."""
    kind = values.type
    if is_time(kind) or (pa.types.is_boolean(kind) and not truths):
        return np.full(len(values), np.nan), valid_rows(values)
    found, odd, too_small = columns.read_numbers(values, MISSING_TOKENS, decimal, truths)
    floats = found.to_numpy(zero_copy_only=False).astype(np.float64)
    odd = odd | too_small | np.isinf(floats)
    return np.where(odd, np.nan, floats), odd


def _texts(values: pa.Array) -> pa.Array:
    return text_columns.canonical(values) if pa.types.is_string(values.type) else text_columns.of_column(values)
