"""What a column can be as a feature, or why it is none."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from components.table.added_columns import COLUMNS
from components.table.columns import LARGEST, LEAST
from components.values.dates import ISO
from components.values.names import shown
from components.values.numbers import LARGEST_INTEGER
from components.values.texts import MISSING_TOKENS
from pipeline.cli.init import dates_seen, leaks, texts_seen
from pipeline.cli.init.findings import FEW_ODD, MOSTLY, Findings, in_rows, quoted, told
from pipeline.cli.init.identifiers import FEW_VALUES, why_identifier
from pipeline.cli.init.notes import Rank
from pipeline.cli.init.profile import Profile

MOST_LEVELS = 1000
LEVELS_PER_ROW = 0.2
LEAST_LEVEL = 5  # rows, of a level that is told apart (`min_rows`)
MOSTLY_MISSING = 0.4
LEAST_HELD_OUT = 50  # rows, of a table from which a fifth is held out
LEAST_PRESENT = 10  # rows with a value in such a table: of fewer all might be held out
FLOAT_DIGITS = 2**24  # up to which a 32-bit float holds every whole number


@dataclasses.dataclass(frozen=True)
class _No:
    """Why a column is no feature."""

    rank: Rank
    reason: str
    detail: str = ""


class ColumnJudge:
    """One column on its way to be a feature, or none."""

    def __init__(self, column: Profile, label: leaks.Floats, findings: Findings) -> None:
        """Takes the column, a sample of the label, and the findings to add to, which know all marks."""
        self._column, self._label, self._verdict = column, label, findings
        self._levels = {text: rows for text, rows in column.levels.items() if not findings.is_marked(text)}
        self._distinct = column.distinct - (len(column.levels) - len(self._levels))
        self._odd = findings.odd(column)
        marked = sum(odd.rows for text, odd in column.odd.items() if findings.is_marked(text))
        self._odd_rows, self._present = column.odd_rows - marked, column.present - marked
        self._sample = leaks.sampled(findings.table.sample[column.name], column)

    def judge(self) -> None:
        """Makes it a feature, or leaves it out and says why."""
        name = self._column.name
        no = self._why_nothing()
        if no is None and not self._are_dates():
            no = self._why_no_number() if self.is_number else self._why_no_text()
        if no is not None:
            self._verdict.left_out[name] = no.reason + (f": {no.detail}" if no.detail else "")
            what = f"{no.reason}; left out until then" if no.rank is Rank.CORRECT else f"left out, {no.reason}"
            self._verdict.say(no.rank, what, name, no.detail)
            return
        options = self.options()
        self._verdict.features[name] = options if len(options) > 1 else options["kind"]
        missing = self._column.rows - self._present
        if missing > MOSTLY_MISSING * self._column.rows:
            share = f"{100 * missing / self._column.rows:.0f} %"
            self._verdict.say(Rank.MISSING, f"missing in over {100 * MOSTLY_MISSING:.0f} % of the rows", name, share)

    def options(self) -> dict[str, Any]:
        """What it is as a feature, whatever speaks against it."""
        return self._dates() if self._are_dates() else self._number() if self.is_number else self._text()

    @property
    def missing(self) -> int:
        """Rows with a label that have no value."""
        return self._column.rows - self._present

    @property
    def levels(self) -> dict[str, int]:
        """Rows by text, marks aside; not all if there are more than are told apart (`Profile.is_counted`)."""
        return self._levels

    @property
    def is_number(self) -> bool:
        """Whether it is numbers, marks aside."""
        column = self._column
        return bool(column.numbers) and not self._odd and not column.padded and "category" not in column.typed

    @property
    def _formats(self) -> Sequence[str]:
        """Those by which all values are dates."""
        column = self._column
        if column.numbers:
            return (dates_seen.DIGITS,) if self._are_digits else ()
        return column.dates.formats if column.odd_rows else ()

    @property
    def _are_digits(self) -> bool:
        """Whether all numbers are dates such as 20240131."""
        column = self._column
        is_whole = self.is_number and column.is_plain and column.is_counted
        return is_whole and dates_seen.are_digits(self._levels, column.low, column.high)

    def _are_dates(self) -> bool:
        return len(self._formats) == 1

    def _why_nothing(self) -> _No | None:
        column = self._column
        if column.name in COLUMNS or "\0" in column.name:
            return _No(Rank.TYPE, "a name that ingest gives itself, or that no caller could send: rename it")
        if column.unusable:
            return _No(Rank.TYPE, column.unusable)
        if not self._present:
            return _No(Rank.CONSTANT, "no value in any row")
        if "time" in column.typed and not self._are_dates():
            return _No(Rank.DATE, "dates or times")
        if self._distinct < 2 or (self.is_number and column.low == column.high and not column.is_beyond):
            return _No(Rank.CONSTANT, "one value in all rows")
        is_rare = self._present < LEAST_PRESENT and column.rows >= LEAST_HELD_OUT
        return _No(Rank.CONSTANT, f"a value in fewer than {LEAST_PRESENT} rows") if is_rare else None

    def _why_no_number(self) -> _No | None:
        column = self._column
        if column.is_beyond:
            return _No(Rank.IDENTIFIER, "whole numbers beyond 2^53, as identifiers have them")
        if column.largest > LARGEST or column.least < LEAST:
            return _No(Rank.CORRECT, "numbers beyond what 32-bit floats hold: use another unit")
        why = why_identifier(column, self._distinct, self._present, self._sample)
        if why is not None:
            return _No(Rank.IDENTIFIER, *why)
        complaint = None if self._needs_integers else column.digits.complaint(column.name, feature=True)
        return (
            _No(Rank.CORRECT, complaint.removeprefix(f"column {column.name!r}: ").rstrip("."))
            if complaint
            else self._why_leak()
        )

    @property
    def _needs_integers(self) -> bool:
        return self._column.is_plain and FLOAT_DIGITS < self._column.largest <= LARGEST_INTEGER

    def _why_leak(self) -> _No | None:
        if leaks.is_time(self._column.name) or not leaks.is_function_of_label(self._sample, self._label):
            return None
        what = f"rank correlation with the label above {leaks.SAME_ORDER}: {shown(self._verdict.table.label.name)} in other words"
        return _No(Rank.LEAK, what)

    def _why_unclear_dates(self) -> _No | None:
        formats = self._formats
        if not formats and not texts_seen.are_dates(self._levels):
            return None
        which = f"dates that may be {' or '.join(formats)}" if formats else "dates or times of no usual format"
        way = "say kind: datetime, and its format" + ("" if formats else ", or write them as 2024-01-31")
        return _No(Rank.DATE, f"{which}: {way}", f"such as {quoted(next(iter(self._levels)))}")

    def _why_no_text(self) -> _No | None:
        column, levels = self._column, self._levels
        unclear = self._why_unclear_dates()
        if unclear is not None:
            return unclear
        form = texts_seen.formatted(self._odd) if self._odd and not column.typed else None
        if form and all(texts_seen.formatted([text]) for text in self._odd):
            return _No(Rank.FORMATTED, f"numbers with {form[0]}: write plain numbers", f"such as {quoted(form[1])}")
        if self._is_mostly_numbers() and self._distinct > FEW_VALUES:
            return _No(Rank.CORRECT, told(column, self._odd))
        if self._distinct > max(LEVELS_PER_ROW * column.counted, FEW_VALUES):
            what = (
                "a text of its own in every row" if self._distinct == column.counted else "texts with too many values"
            )
            return _No(Rank.TEXT, what, f"{self._distinct:,}{'' if column.is_counted else ' or more'}")
        if column.is_counted and max(levels.values()) < LEAST_LEVEL and min(levels.values()) < 2:
            return _No(Rank.TEXT, f"no text in {LEAST_LEVEL} rows or more", f"{self._distinct:,} texts")
        return self._why_leak()

    def _is_mostly_numbers(self) -> bool:
        column = self._column
        if not column.typed <= {"number"} or column.padded or not self._odd or column.low >= column.high:
            return False
        return len(self._odd) <= FEW_ODD and self._odd_rows <= (1 - MOSTLY) * (self._odd_rows + column.numbers)

    def _number(self) -> dict[str, Any]:
        options: dict[str, Any] = {"kind": "integer" if self._needs_integers else "numeric"}
        if self._present < self._column.rows:
            options |= self._indicator()
        return options

    def _dates(self) -> dict[str, Any]:
        [form] = self._formats
        times = ["hour"] if self._column.dates.have_times else []
        said = {"format": form} if form != ISO else {}
        zone = dates_seen.zone(self._column.zones)
        said |= {"zone": zone} if zone else {}
        return {"kind": "datetime", **said, "parts": ["elapsed", "month", "weekday", *times]}

    def _indicator(self) -> dict[str, Any]:
        name, table = self._column.name, self._verdict.table
        clash = f"{name}_missing"
        if clash in table.columns or clash == table.label.name:
            self._verdict.remarks[name] = f"no indicator: {shown(clash)} is a column"
            return {}
        return {"indicator": True}

    def _text(self) -> dict[str, Any]:
        column, levels = self._column, self._levels
        self._tell_tokens()
        if self._is_boolean():
            return {"kind": "boolean"}
        if self._is_mostly_numbers():
            self._verdict.say(Rank.CORRECT, f"{told(column, self._odd)}; categorical until then", column.name)
        if column.padded:
            self._verdict.remarks[column.name] = f"a text: {column.padded} begins with a zero"
        if self._distinct > MOST_LEVELS:
            texts = f"{self._distinct:,}{'' if column.is_counted else ' or more'} texts"
            self._verdict.say(
                Rank.TEXT, f"the {MOST_LEVELS:,} most frequent texts are levels, the others one", column.name, texts
            )
        options: dict[str, Any] = {"kind": "categorical", "vocabulary": min(self._distinct, MOST_LEVELS)}
        if column.is_counted and max(levels.values()) < LEAST_LEVEL:
            options["min_rows"] = 2
        return options

    def _is_boolean(self) -> bool:
        """Whether texts are truth values; a category of numbers alone is meant as one."""
        column = self._column
        worded = column.typed <= {"boolean"} or (column.typed <= {"boolean", "category"} and bool(self._odd))
        return worded and not column.padded and texts_seen.are_truths([*self._levels, *self._odd])

    def _tell_tokens(self) -> None:
        """Which texts of a column of texts are read as missing: a country's code may be among them."""
        column = self._column
        said = {token: rows for token, rows in column.missing.items() if token in MISSING_TOKENS and token}
        if said:
            detail = ", ".join(f"{token} in {in_rows(rows)}" for token, rows in said.items())
            what = "texts read as missing (if one is a value, take it out of data.missing)"
            self._verdict.say(Rank.TOKEN, what, column.name, detail)
