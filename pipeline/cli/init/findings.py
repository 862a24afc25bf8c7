"""What is found of a table, as it is gathered; and words that label and features share."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from pipeline.cli.init import texts_seen
from pipeline.cli.init.notes import Note, Rank
from pipeline.cli.init.profile import Profile
from pipeline.cli.init.reading import Table

FEW_ODD = 5  # texts among numbers that are told one by one
LONGEST_TEXT = 60
MOSTLY = 0.9  # part of the rows that makes a column of numbers of it

Feature = str | dict[str, Any]


@dataclasses.dataclass
class Findings:
    """A table, judged.

    Attributes:
      table: as it was read.
      features: as the configuration writes them, by column.
      left_out: why a column is none, by column.
      remarks: what the file says beside a feature, by column.
      marks: texts that `data.missing` must name beside its defaults.
      family: of models, that the label asks for.
      transform: of the label, that is fitted instead of it; None for itself.
      positive: of a label that is one of two values, the one that counts as 1; None of numbers.
      suits: what is worth a try, as a comment beside the model; may be empty.
      drops: columns without whose value a row is left out: the label, where some rows have none.
      holds_out: whether some rows are held out.
      model: settings of the model, beside its family.
      notes: what is worth saying.
    """

    table: Table
    features: dict[str, Feature] = dataclasses.field(default_factory=dict)
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)
    remarks: dict[str, str] = dataclasses.field(default_factory=dict)
    marks: list[str] = dataclasses.field(default_factory=list)
    family: str = "gaussian"
    transform: str | None = None
    positive: str | None = None
    suits: str = ""
    drops: list[str] = dataclasses.field(default_factory=list)
    holds_out: bool = True
    model: dict[str, Any] = dataclasses.field(default_factory=lambda: {"solver": "exact", "l2": "auto"})
    notes: list[Note] = dataclasses.field(default_factory=list)

    def say(self, rank: Rank, what: str, column: str | None = None, detail: str = "") -> None:
        """Notes something."""
        self.notes.append(Note(rank, what, column, detail))

    def is_marked(self, text: str) -> bool:
        """Whether a text is one of the marks."""
        return text.strip() in self.marks

    def odd(self, column: Profile) -> list[str]:
        """Texts of a column that are no numbers, without the marks."""
        return [text for text in column.odd if not self.is_marked(text)]

    def find_marks(self, column: Profile) -> None:
        """Takes up what stands for nothing in a column that is numbers otherwise."""
        found = [text for text in column.odd if texts_seen.is_mark(text)]
        if not found or column.typed or column.low >= column.high:
            return
        others = column.odd_rows - sum(column.odd[text].rows for text in found)
        if others > (1 - MOSTLY) * column.numbers:
            return
        for mark in dict.fromkeys(text.strip() for text in found):
            if mark not in self.marks:
                self.marks.append(mark)
            rows = sum(column.odd[text].rows for text in found if text.strip() == mark)
            what = f"{mark!r} among numbers is read as missing; it is in data.missing now, for all columns"
            self.say(Rank.MARK, what, column.name, in_rows(rows) if rows else "rows without a label")


def told(column: Profile, odd: list[str]) -> str:
    """Of a few texts among numbers."""
    place = column.odd[odd[0]].place
    them = "them" if odd[1:] else "it"
    texts = ", ".join(map(quoted, odd[:FEW_ODD])) + " …" * (len(odd) > FEW_ODD)
    return (
        f"{column.numbers:,} numbers and {f'{len(odd)} texts' if odd[1:] else '1 text'}, {texts}"
        f"{f', first in {place}' if place is not None else ''}; correct {them}, or add to data.missing what stands for nothing"
    )


def quoted(text: str) -> str:
    """A text of the table in a message, not more than its beginning."""
    return repr(text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…")


def in_rows(number: int) -> str:
    """A number of rows, in words."""
    return f"{number:,} row{'s' * (number != 1)}"


def listed(texts: Iterable[tuple[str, int]]) -> str:
    """Texts, and in how many rows each is."""
    return ", ".join(f"{quoted(text)} in {in_rows(rows)}" for text, rows in texts)
