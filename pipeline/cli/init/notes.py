"""What `plumbline init` has to say of a table: on the terminal, and as comments in the file."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable

from components.values.names import shown

MOST_LINES = 15
MOST_COLUMNS = 8  # named in one line of the terminal


class Rank(enum.IntEnum):
    """How much a note matters: the first must be seen to before a run."""

    CORRECT = 0  # said of each column in a line of its own
    FORMAT = 1
    LABEL = 2
    MARK = 3
    LEAK = 4
    IDENTIFIER = 5
    TOKEN = 6
    FORMATTED = 7
    DATE = 8
    TEXT = 9
    TYPE = 10
    MISSING = 11
    FEW = 12
    CONSTANT = 13
    OTHER = 14


@dataclasses.dataclass(frozen=True)
class Note:
    """A thing worth saying.

    Attributes:
      rank: how much it matters.
      what: in words; columns of the same words share a line.
      column: its name; None if it is said of the table.
      detail: what differs from column to column; may be empty.
    """

    rank: Rank
    what: str
    column: str | None = None
    detail: str = ""

    def named(self) -> str:
        """The column, for eyes, with its detail."""
        return shown(self.column or "") + (f" ({self.detail})" if self.detail else "")


def lines(notes: Iterable[Note], most: int | None = None) -> list[str]:
    """A line for each kind of note, most important first.

    Args:
      notes: any.
      most: how many columns a line names; None for all.
    """
    groups: dict[tuple[Rank, str], list[Note]] = {}
    for note in notes:
        groups.setdefault((note.rank, note.what), []).append(note)
    found = []
    for (rank, what), group in sorted(groups.items(), key=lambda item: item[0][0]):
        if rank is Rank.CORRECT:
            found += [f"column {note.named()}: {what}" for note in group]
            continue
        columns = [note.named() for note in group if note.column is not None]
        if most is not None and len(columns) > most:
            columns[most:] = [f"and {len(columns) - most} more"]
        found.append(f"{what}: {', '.join(columns)}" if columns else what)
    return found


def for_terminal(notes: Iterable[Note], file: str) -> list[str]:
    """At most `MOST_LINES` lines; where the others stand is said."""
    found = lines(notes, MOST_COLUMNS)
    if len(found) > MOST_LINES:
        found[MOST_LINES - 1 :] = [f"and {len(found) - MOST_LINES + 1} more: see the comments in {file}"]
    return found
