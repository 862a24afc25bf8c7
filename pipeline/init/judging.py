"""What each column of a table can be, and what is worth saying of it."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np

from components.errors import DataError
from components.row_identity import COLUMNS
from components.values.names import shown
from components.values.texts import MISSING_TOKENS
from pipeline.init import leaks, texts_seen
from pipeline.init.notes import Note, Rank
from pipeline.init.profile import Profile
from pipeline.init.reading import Table

MOST_LEVELS = 1000
LEVELS_PER_ROW = 0.2
FEW_LEVELS = 20  # as many a text may have, however few its rows are
LEAST_UNIQUE = 10  # rows, from which on values that are all apart are told to be so
LEAST_COUNTED = (
    50  # rows, from which on numbers from 0 or 1 on are told to be the rows': in a short table they may be doses
)
LEAST_LEVEL = 5  # rows, of a level that is told apart (`min_rows`)
FEW_ODD = 5  # texts among numbers that are told one by one
MOSTLY = 0.9  # part of the rows that makes a column of numbers of it
MOSTLY_MISSING = 0.4
ROWS_PER_COLUMN = 10
SMALL, LARGE = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)
FLOAT_DIGITS, DOUBLE_DIGITS = 2**24, 2**53  # up to which a 32-bit, a 64-bit float holds every whole number

_IDENTIFIER = re.compile(
    r"(?:^|[^a-z])(?:id|ids|nr|uid|uuid|guid|seqn|seqno|fips|zip|zipcode|postcode|postal|code|caseid|recid|ident|identifier|ssn|isbn)\d*(?:$|[^a-z])"
    r"|(?:code|fips|zip)$|[a-z]{2}id$"
)
_IDENTIFIER_IF_UNIQUE = re.compile(
    r"(?:^|[^a-z])(?:index|idx|case|obs|obsno|observation|row|rowname|rownames|rownum|unnamed|key|serial|record)\d*(?:$|[^a-z])"
)
_NO_IDENTIFIER = re.compile(
    r"(?:paid|said|laid|aid|bid|acid|covid|grid|valid|solid|fluid|liquid|humid|rapid|avoid|hybrid)$"
)

Feature = str | dict[str, Any]


@dataclasses.dataclass
class Judged:
    """A table, judged.

    Attributes:
      table: as it was read.
      features: as the configuration writes them, by column.
      left_out: why a column is none, by column.
      remarks: what the file says beside a feature, by column.
      marks: texts that `data.missing` must name beside its defaults.
      drops_unlabelled: whether there are rows without label.
      notes: what is worth saying.
    """

    table: Table
    features: dict[str, Feature] = dataclasses.field(default_factory=dict)
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)
    remarks: dict[str, str] = dataclasses.field(default_factory=dict)
    marks: list[str] = dataclasses.field(default_factory=list)
    drops_unlabelled: bool = False
    notes: list[Note] = dataclasses.field(default_factory=list)


def judge(table: Table) -> Judged:
    """Judges label and columns.

    Raises:
      DataError: the label can't be one, or no column can be a feature.
    """
    judged = Judged(table)
    _judge_label(judged)
    for column in table.columns.values():
        _find_marks(column, judged)
    numbers = leaks.sampled(table.sample[table.label.name], table.label)
    for column in table.columns.values():
        _Column(column, numbers, judged).judge()
    if not judged.features:
        reasons = "".join(f"\n- {shown(name)}: {reason}" for name, reason in judged.left_out.items())
        raise DataError(
            f"{table.path}: no column can be a feature{f':{reasons}' if reasons else '; the label stands alone.'}"
        )
    _judge_size(judged)
    judged.notes.sort(key=lambda note: note.rank)
    return judged


def _judge_label(judged: Judged) -> None:
    table, label = judged.table, judged.table.label
    where = f"{table.path}: --label: column {label.name!r}"
    if label.name in COLUMNS:
        raise DataError(f"{where} has the name of a column that ingest adds. Rename the table's column.")
    if label.typed & {"time", "category"}:
        raise DataError(
            f"{where} holds {'dates or times' if 'time' in label.typed else 'categories'}; expected numbers."
        )
    if label.unusable:
        raise DataError(f"{where} is {label.unusable}; expected numbers.")
    if "boolean" not in label.typed:
        _find_marks(label, judged)
        odd = _odd_of(label, judged.marks)
        rows = sum(label.odd[text].rows for text in odd)
        if rows and rows > (1 - MOSTLY) * (rows + label.numbers):
            raise DataError(_refusal(where, label, odd))
        if rows:
            judged.notes.append(Note(Rank.CORRECT, f"{_told(label, odd)}: rows without a label for now"))
    low, high = label.low, label.high
    is_constant = len(label.levels) < 2 if "boolean" in label.typed else low >= high
    if not table.rows or is_constant:
        raise DataError(
            f"{where} has {'one value in all rows' if table.rows else 'no value in any row'}: nothing to learn."
        )
    if max(abs(low), abs(high)) > LARGE or label.least < SMALL:
        raise DataError(f"{where} holds numbers beyond what 32-bit floats hold. Use another unit.")
    without = label.rows - table.rows
    if without:
        judged.drops_unlabelled = True
        judged.notes.append(
            Note(Rank.OTHER, f"rows without a label, left out by data.drop: {without:,} of {label.rows:,}")
        )


def _refusal(where: str, label: Profile, odd: list[str]) -> str:
    """Why texts are no label, and how to go on."""
    formed = texts_seen.formatted(odd)
    if texts_seen.are_dates(odd):
        return f"{where} holds dates or times such as {odd[0]!r}; expected numbers."
    if formed:
        return f"{where} holds numbers with {formed[0]}, such as {formed[1]!r}. Write plain numbers."
    most = sorted(odd, key=lambda text: -label.odd[text].rows)[:3]
    listed = ", ".join(f"{text!r} in {_rows(label.odd[text].rows)}" for text in most)
    more = f" and other texts ({len(odd) - 3:,})" if odd[3:] else ""
    way = (
        f"Write 1 and 0 in the place of {odd[0]!r} and {odd[1]!r}"
        if len(odd) == 2 and not label.numbers
        else "Write numbers (of a category, a column of 1 and 0 for the one of interest)"
    )
    return f"{where} holds {listed}{more}; expected numbers. {way}, or name another column."


def _odd_of(column: Profile, marks: list[str]) -> list[str]:
    return [text for text in column.odd if text.strip() not in marks]


def _find_marks(column: Profile, judged: Judged) -> None:
    """Takes up what stands for nothing in a column that is numbers otherwise."""
    marks = [text for text in column.odd if texts_seen.is_mark(text)]
    if not marks or not column.numbers or column.low == column.high or column.typed:
        return
    others = column.odd_rows - sum(column.odd[text].rows for text in marks)
    if others > (1 - MOSTLY) * column.numbers:
        return
    for mark in dict.fromkeys(text.strip() for text in marks):
        if mark not in judged.marks:
            judged.marks.append(mark)
        rows = sum(column.odd[text].rows for text in marks if text.strip() == mark)
        what = f"{mark!r} among numbers is read as missing; it is in data.missing now, for all columns"
        judged.notes.append(Note(Rank.MARK, what, column.name, _rows(rows)))


def _told(column: Profile, odd: list[str]) -> str:
    """Of a few texts among numbers."""
    first = odd[0]
    texts = f"{len(odd)} texts" if odd[1:] else "1 text"
    place = column.odd[first].place
    return (
        f"column {shown(column.name)}: {column.numbers:,} numbers and {texts}, {', '.join(map(repr, odd[:FEW_ODD]))}"
        f"{f', first in {place}' if place else ''}; "
        f"correct {'them' if odd[1:] else 'it'}, or add to data.missing what stands for nothing"
    )


def _rows(number: int) -> str:
    return f"{number:,} row{'s' * (number != 1)}"


class _Column:
    """One column on its way to be a feature, or none."""

    def __init__(self, column: Profile, label: leaks.Floats, judged: Judged) -> None:
        marks = {text for text in column.levels if text.strip() in judged.marks}
        self._column = column
        self._label = label
        self._judged = judged
        self._levels = {text: rows for text, rows in column.levels.items() if text not in marks}
        self._distinct = column.distinct - len(marks)
        self._odd = _odd_of(column, judged.marks)
        self._marked = sum(odd.rows for text, odd in column.odd.items() if text.strip() in judged.marks)
        self._present = column.present - self._marked
        self._odd_rows = column.odd_rows - self._marked

    def judge(self) -> None:
        column = self._column
        if column.name in COLUMNS:
            self._leave_out(Rank.TYPE, "the name of a column that ingest adds: rename it")
        elif column.unusable:
            self._leave_out(Rank.TYPE, f"{column.unusable}, which is neither number nor text")
        elif not self._present:
            self._leave_out(Rank.CONSTANT, "no value in any row")
        elif "time" in column.typed:
            self._leave_out(Rank.DATE, "dates or times")
        elif self._distinct < 2 or (self._is_number() and column.low == column.high):
            self._leave_out(Rank.CONSTANT, "one value in all rows")
        elif self._is_number():
            self._judge_number()
        else:
            self._judge_text()

    def _is_number(self) -> bool:
        column = self._column
        return bool(column.numbers) and not self._odd_rows and not column.padded and "category" not in column.typed

    def _leave_out(self, rank: Rank, reason: str, detail: str = "") -> None:
        name = self._column.name
        self._judged.left_out[name] = reason + (f": {detail}" if detail else "")
        self._judged.notes.append(Note(rank, f"left out, {reason}", name, detail))

    def _take(self, kind: str, **options: Any) -> None:
        """A feature of a kind; a number says where it was missing by an indicator."""
        name, missing = self._column.name, self._column.rows - self._present
        if missing and kind in ("numeric", "integer"):
            clash = f"{name}_missing"
            if clash in self._judged.table.columns or clash == self._judged.table.label.name:
                self._judged.remarks[name] = f"no indicator: {shown(clash)} is a column"
            else:
                options["indicator"] = True
        self._judged.features[name] = {"kind": kind, **options} if options else kind
        if missing > MOSTLY_MISSING * self._column.rows:
            share = f"{100 * missing / self._column.rows:.0f} %"
            self._judged.notes.append(Note(Rank.MISSING, "missing in over 40 % of the rows", name, share))

    def _judge_number(self) -> None:
        column = self._column
        largest = max(abs(column.low), abs(column.high))
        if column.is_whole and largest > DOUBLE_DIGITS:
            return self._leave_out(Rank.IDENTIFIER, "whole numbers beyond 2^53, as identifiers have them")
        if largest > LARGE or column.least < SMALL:
            return self._leave_out(Rank.CORRECT, "numbers beyond what 32-bit floats hold: use another unit")
        why = self._identifier()
        if why:
            return self._leave_out(Rank.IDENTIFIER, *why)
        if self._repeats_label():
            return None
        if column.is_whole and column.is_plain and largest > FLOAT_DIGITS:
            return self._take("integer")
        return self._take("numeric")

    def _identifier(self) -> tuple[str, str] | None:
        """Why whole numbers are an identifier or a row's number, and a detail; None if they are not."""
        column = self._column
        name = re.sub(r"([a-z])([A-Z])", r"\1_\2", column.name).lower()
        if not column.is_whole:
            return None
        is_unique = column.counted == column.distinct and self._present >= LEAST_UNIQUE
        if is_unique and self._is_counter() and not leaks.is_time(name):
            return "row numbers", ""
        if is_unique and (_is_identifier_name(name) or _IDENTIFIER_IF_UNIQUE.search(name)):
            return "an identifier: a value of its own in every row", ""
        if _is_identifier_name(name) and self._distinct > FEW_LEVELS:
            return (
                "identifiers by their names (data.split_by keeps the rows of one together; as categorical, each has a level)",
                f"{self._distinct:,} values",
            )
        return None

    def _is_counter(self) -> bool:
        """Whether the rows of a table that is not short are numbered in their order."""
        column = self._column
        if column.low not in (0, 1) or column.high - column.low != self._present - 1 or self._present < LEAST_COUNTED:
            return False
        steps = np.diff(leaks.sampled(self._judged.table.sample[column.name], column))
        return bool(len(steps)) and bool((steps == steps[0]).all())

    def _repeats_label(self) -> bool:
        table, name = self._judged.table, self._column.name
        values = leaks.sampled(table.sample[name], self._column)
        if leaks.is_time(name) or not leaks.is_function_of_label(values, self._label):
            return False
        self._leave_out(
            Rank.LEAK, f"the label {shown(table.label.name)} in other words (its rank correlation is above 0.999)"
        )
        return True

    def _judge_text(self) -> None:
        column, levels = self._column, self._levels
        if texts_seen.are_dates(levels):
            return self._leave_out(Rank.DATE, "dates or times", f"such as {next(iter(levels))!r}")
        formed = texts_seen.formatted(self._odd) if self._odd and not column.typed else None
        if formed and self._all_numbers_but_for_eyes():
            return self._leave_out(
                Rank.FORMATTED, f"numbers with {formed[0]}: write plain numbers", f"such as {formed[1]!r}"
            )
        self._tell_tokens()
        if self._is_mostly_numbers():
            why = _told(column, self._odd)
            if self._distinct > FEW_LEVELS:
                self._judged.left_out[column.name] = why
                self._judged.notes.append(Note(Rank.CORRECT, f"left out, {why}"))
                return None
            self._judged.notes.append(Note(Rank.CORRECT, f"taken as categorical, {why}"))
        if self._distinct > max(LEVELS_PER_ROW * column.counted, FEW_LEVELS):
            what = (
                "a text of its own in every row" if self._distinct == column.counted else "texts with too many values"
            )
            return self._leave_out(Rank.TEXT, what, f"{self._distinct:,}{'' if column.is_counted else ' or more'}")
        if self._repeats_label():
            return None
        if (column.typed == {"boolean"} or not column.typed) and not column.padded and texts_seen.are_truths(levels):
            return self._take("boolean")
        large = sum(rows >= LEAST_LEVEL for rows in levels.values())
        options = {"vocabulary": min(self._distinct, MOST_LEVELS)}
        if column.is_counted and not large:
            if min(levels.values()) < 2:
                return self._leave_out(Rank.TEXT, f"no text in {LEAST_LEVEL} rows or more", f"{self._distinct:,} texts")
            options["min_rows"] = 2
        if column.padded:
            self._judged.remarks[column.name] = f"a text: {column.padded} begins with a zero"
        return self._take("categorical", **options)

    def _all_numbers_but_for_eyes(self) -> bool:
        return all(texts_seen.formatted([text]) for text in self._odd)

    def _is_mostly_numbers(self) -> bool:
        column = self._column
        if column.typed or column.padded or not self._odd or column.low == column.high:
            return False
        return len(self._odd) <= FEW_ODD and self._odd_rows <= (1 - MOSTLY) * (self._odd_rows + column.numbers)

    def _tell_tokens(self) -> None:
        """Which texts of a column of texts are read as missing: a country's code may be among them."""
        said = {token: rows for token, rows in self._column.missing.items() if token in MISSING_TOKENS and token}
        if said:
            listed = ", ".join(f"{token} in {_rows(rows)}" for token, rows in said.items())
            what = "texts read as missing (if one is a value, take it out of data.missing)"
            self._judged.notes.append(Note(Rank.TOKEN, what, self._column.name, listed))


def _is_identifier_name(name: str) -> bool:
    return _IDENTIFIER.search(name) is not None and _NO_IDENTIFIER.search(name) is None


def _judge_size(judged: Judged) -> None:
    columns = 1
    for name, feature in judged.features.items():
        column = judged.table.columns[name]
        options = feature if isinstance(feature, dict) else {"kind": feature}
        missing = column.present < column.rows
        if options["kind"] == "categorical":
            columns += sum(rows >= LEAST_LEVEL for rows in column.levels.values()) + missing
        else:
            columns += 1 + missing
    rows = judged.table.rows
    if rows < ROWS_PER_COLUMN * columns:
        what = f"few rows: {rows:,} with a label for about {columns:,} coefficients, fewer than {ROWS_PER_COLUMN} each"
        judged.notes.append(Note(Rank.FEW, what))
