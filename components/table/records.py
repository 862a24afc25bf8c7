"""Where the records of a CSV end, found by its line ends and quotes alone. Needs numpy alone."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from components.errors import DataError

BOM = b"\xef\xbb\xbf"
_LF, _CR, _QUOTE = b'\n\r"'
_EXCERPT = 40  # bytes on either side of a quote that is shown

Positions = NDArray[np.intp]


def count_lines(data: bytes) -> int:
    """How many lines end in a piece of text: at LF, CR LF, or CR alone. It must not begin between CR and LF."""
    lines = data.count(b"\n")
    return lines + data.count(b"\r") - data.count(b"\r\n") if b"\r" in data else lines


class Scanner:
    r"""Goes once through the bytes of a CSV, block by block, and refuses what readers would understand in different ways.

    A record ends at a line end (LF, CR LF, CR alone) outside quotes, as for Arrow and for Python's `csv`. A quote opens at the
    beginning of a field alone; within an unquoted field (`5" pipe`) it is a character like any other. What opens must close:
    before a delimiter, a line end or the end of the file; `""` is a quote that is meant. The character after an escape character
    is taken as it is.

    Attributes:
      newline_in_quotes: whether there was one so far.
      position: in the file, of what is not decided upon yet.
    """

    def __init__(self, path: str, escape: str | None = None, delimiter: str = ",") -> None:
        """Takes the file's name, for errors, its escape character and its delimiter, of ASCII."""
        self.newline_in_quotes = False
        self.position = 0
        self._path = path
        self._escape = (escape or "").encode()
        self._delimiter = ord(delimiter)
        self._pair = re.compile(re.escape(self._escape) + b".", re.DOTALL)
        self._held = b""  # of the last block, what the next one decides about
        self._line = 1
        self._open = False
        self._opened = 0  # the line of the open quote
        self._before = _LF
        self._tail = b""  # of what was decided upon, for excerpts

    def feed(self, block: bytes) -> tuple[bytes, Positions]:
        """Takes the next bytes.

        Returns:
          Bytes that are now decided upon (the pieces of all calls make the file, but for a byte order mark), and the positions
          in the file at which records of them end: of the first byte after each.

        Raises:
          DataError: a quote within quotes neither closes them nor is doubled.
        """
        data = self._held + block
        if self.position == 0:
            if len(data) < len(BOM):
                self._held = data
                return b"", np.zeros(0, np.intp)
            if data.startswith(BOM):
                data, self.position = data[len(BOM) :], len(BOM)
        decided = len(data.rstrip(b'\r"' + self._escape))
        self._held = data[decided:]
        return self._scan(data[:decided])

    def finish(self) -> tuple[bytes, Positions]:
        """Says that the file has ended; as `feed`.

        Raises:
          DataError: a quote is open, or the last character is an escape character that nothing follows.
        """
        data, self._held = self._held, b""
        found = self._scan(data)
        if self._open:
            raise DataError(
                f"{self._path}, line {self._opened}: the quote that opens there is never closed. Close it, or see whether the "
                "file was cut off."
            )
        if self._escape and self._pair.sub(b"__", data).endswith(self._escape):
            raise DataError(
                f"{self._path}: the file ends with the escape character, and nothing after it. See whether it was cut off."
            )
        return found

    def _scan(self, data: bytes) -> tuple[bytes, Positions]:
        if not data:
            return data, np.zeros(0, np.intp)
        plain = self._pair.sub(b"__", data) if self._escape and self._escape in data else data
        values = np.frombuffer(plain, np.uint8)
        newlines = np.flatnonzero(values == _LF)
        if b"\r" in plain and plain.count(b"\r") != plain.count(b"\r\n"):
            returns = np.flatnonzero(values == _CR)
            alone = values[np.minimum(returns + 1, len(values) - 1)] != _LF
            newlines = np.sort(np.append(newlines, returns[alone]))
        ends = newlines
        if b'"' in plain:
            marks = self._structural(data, values)
            inside = (np.searchsorted(marks, newlines) + self._open) % 2 > 0
            ends = newlines[~inside]
            if len(marks) % 2:
                self._open = not self._open
            if self._open and len(marks):
                self._opened = self._line + count_lines(data[: marks[-1]])
        elif self._open:
            ends = newlines[:0]
        self.newline_in_quotes |= len(ends) < len(newlines)
        ends = ends + (self.position + 1)
        self.position += len(data)
        self._line += len(newlines) if plain is data else count_lines(data)
        self._before = plain[-1]
        self._tail = (self._tail + data[-_EXCERPT:])[-_EXCERPT:]
        return data, ends

    def _structural(self, data: bytes, values: NDArray[np.uint8]) -> Positions:
        """Positions of the quotes that open and close. Pairs of doubled ones may be among them: they close and open again."""
        marks = np.flatnonzero(values == _QUOTE)
        first = int(self._open)
        # If every other one may open and the rest may close, so they do.
        if self._opens(values, marks[first::2]).all() and self._closes(values, marks[1 - first :: 2]).all():
            return marks
        opens, closes = self._opens(values, marks), self._closes(values, marks)
        doubled = np.append(np.diff(marks) == 1, False)
        may_open = opens | np.append(False, doubled[:-1])
        if may_open[first::2].all() and (closes | doubled)[1 - first :: 2].all():
            return marks
        return self._walk(data, marks, opens.tolist(), closes.tolist(), doubled.tolist())

    def _opens(self, values: NDArray[np.uint8], marks: Positions) -> NDArray[np.bool_]:
        """Which quotes stand at the beginning of a field."""
        found = self._ends_field(values[marks - 1])
        if len(marks) and marks[0] == 0:
            found[0] = self._before in (self._delimiter, _CR, _LF)
        return found

    def _closes(self, values: NDArray[np.uint8], marks: Positions) -> NDArray[np.bool_]:
        """After which quotes a field ends."""
        inside = marks[: len(marks) - int(len(marks) > 0 and marks[-1] == len(values) - 1)]
        return np.append(self._ends_field(values[inside + 1]), np.ones(len(marks) - len(inside), bool))

    def _ends_field(self, values: NDArray[np.uint8]) -> NDArray[np.bool_]:
        return np.asarray((values == self._delimiter) | (values == _LF) | (values == _CR))

    def _walk(
        self, data: bytes, marks: Positions, opens: list[bool], closes: list[bool], doubled: list[bool]
    ) -> Positions:
        taken: list[int] = []
        index, is_open = 0, self._open
        while index < len(opens):
            if not is_open:
                if opens[index]:
                    taken.append(index)
                    is_open = True
            elif doubled[index]:
                index += 1
            elif closes[index]:
                taken.append(index)
                is_open = False
            else:
                raise self._stray(data, int(marks[index]))
            index += 1
        return marks[taken]

    def _stray(self, data: bytes, position: int) -> DataError:
        before = (self._tail + data[max(position - _EXCERPT, 0) : position])[-_EXCERPT:].replace(b"\r", b"\n")
        after = data[position : position + _EXCERPT].replace(b"\r", b"\n")
        excerpt = (before[before.rfind(b"\n") + 1 :] + after.partition(b"\n")[0]).decode(errors="replace")
        advice = (
            "" if self._escape else r", or, if a backslash before it is meant to keep it (Spark), set data.escape: '\'"
        )
        return DataError(
            f"{self._path}, line {self._line + count_lines(data[:position])}: a quote inside a quoted field neither ends it nor is "
            f"doubled: {excerpt} . Where the field ends can't be told. Write a quote that is meant as two{advice}."
        )
