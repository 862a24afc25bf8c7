"""How a CSV is written, where it is not as RFC 4180 has it; and what a file that was not read by the right one is."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict

from components.errors import DataError

DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
UTF8 = "utf-8"
LOOKED_AT = 4096  # bytes of a file's beginning
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


class Dialect(BaseModel):
    """How CSV files are written.

    Attributes:
      delimiter: between fields, one character of ASCII.
      escape: the character that takes the next one's meaning away; None for none.
      decimal: `.` or `,`.
      encoding: Python's name of it. What is not UTF-8 is read as a stream, and not cut.
      comment: lines that begin with this character are left out; None for none. Such a file is not cut either.
      unnamed: places of the columns, from 1, that are passed over whatever the header says.
    """

    model_config = ConfigDict(frozen=True)

    delimiter: str = ","
    escape: str | None = None
    decimal: str = "."
    encoding: str = UTF8
    comment: str | None = None
    unnamed: tuple[int, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether a file's bytes are those that are parsed."""
        return self.comment is None and self.encoding == UTF8

    def decoded(self, stream: BinaryIO, path: str) -> BinaryIO:
        """A stream in UTF-8 without comments; lines stay as many, a comment's is empty.

        Reading raises a DataError where bytes are not of the encoding.
        """
        if self.is_plain:
            return stream
        reader = codecs.getreader(self.encoding)(stream) if self.encoding != UTF8 else None
        pieces = _recoded(reader, path, self.encoding) if reader else iter(lambda: stream.read(1 << 20), b"")
        if self.comment is not None:
            pieces = _without_comments(pieces, self)
        return io.BufferedReader(_Pieces(pieces, stream), 1 << 20)


PLAIN = Dialect()


def _recoded(reader: codecs.StreamReader, path: str, encoding: str) -> Iterator[bytes]:
    try:
        while text := reader.read(1 << 20):
            yield text.encode()
    except UnicodeError as error:
        raise DataError(
            f"{path}: expected {encoding}: {error}. Name the encoding that the file was saved in: data.encoding."
        ) from error


def _without_comments(pieces: Iterator[bytes], dialect: Dialect) -> Iterator[bytes]:
    """Empties lines that begin with the comment's character, unless they stand within quotes.

    Python's `csv` takes as many lines as a record has: only the first of them can be a comment.
    """
    lines = iter(_lines(pieces))
    taken: list[str] = []

    def source() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    comment = str(dialect.comment)
    for line in lines:
        if line.startswith(comment):
            yield (line[len(line.rstrip("\r\n")) :] or "\n").encode("latin-1")
            continue
        taken[:] = [line]
        record = csv.reader(_chained(line, source()), delimiter=dialect.delimiter, escapechar=dialect.escape)
        next(record, None)
        yield "".join(taken).encode("latin-1")


def _chained(first: str, others: Iterator[str]) -> Iterator[str]:
    yield first
    yield from others


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """Lines of any ending, in Latin-1, which takes any bytes; a byte order mark is left out."""
    text = io.TextIOWrapper(io.BufferedReader(_Pieces(pieces)), "latin-1", newline="")
    yield next(text, "").removeprefix(codecs.BOM_UTF8.decode("latin-1"))
    yield from text


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file; with it, what they come from is closed."""

    def __init__(self, pieces: Iterator[bytes], source: BinaryIO | None = None) -> None:
        self._pieces = pieces
        self._source = source
        self._rest = b""

    def close(self) -> None:
        self._pieces = iter(())
        if self._source is not None and not self.closed:
            self._source.close()
        super().close()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def what_else(beginning: bytes, dialect: Dialect) -> str | None:
    """What a file is that a dialect does not read, as the end of a sentence with what to do; None if it may be right.

    Args:
      beginning: its first bytes.
      dialect: by which it was to be read.
    """
    if dialect.encoding == UTF8 and _utf16(beginning):
        return f"the file is UTF-16 without a byte order mark. Set data.encoding: {_utf16(beginning)}"
    first = next(iter(_text_lines(beginning, dialect.encoding)), "")
    if re.fullmatch(r"(?i)\"?sep=.\"?", first):
        return f"its first line, {first!r}, is a note for spreadsheets. Remove that line"
    if dialect.comment is None and first.startswith("#"):
        return "its first line begins with '#'. If that is a comment, set data.comment: '#'"
    if len(_fields(first, dialect.delimiter)) == 1:
        for other, name in DELIMITERS.items():
            if len(_fields(first, other)) > 1:
                return f"its fields seem to be separated by {name}. Set data.delimiter: {_yaml(other)}"
    return None


def sniff(beginning: bytes) -> tuple[Dialect, list[str]]:
    """Guesses how a CSV is written.

    Args:
      beginning: its first bytes, some lines of them.

    Returns:
      The dialect; in words, what is not as usual.
    """
    words = []
    encoding = UTF8
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if beginning.startswith(mark):
            encoding = name
    encoding = _utf16(beginning) or encoding
    if encoding == UTF8:
        try:
            codecs.getincrementaldecoder(UTF8)().decode(beginning)
        except UnicodeDecodeError:
            encoding = "cp1252"
    if encoding != UTF8:
        words.append(f"the file is read as {encoding} (data.encoding)")
    lines = _text_lines(beginning, encoding)
    lines = lines[:-1] or lines  # the last may be cut off
    comment = None
    if lines and lines[0].startswith("#"):
        comment = "#"
        words.append("lines that begin with '#' are left out (data.comment)")
        lines = [line for line in lines if not line.startswith("#")]
    delimiter = _delimiter(lines)
    if delimiter != ",":
        words.append(f"fields are separated by {DELIMITERS[delimiter]} (data.delimiter)")
    decimal = "."
    fields = [field for line in lines[1:] for field in _fields(line, delimiter)]
    if delimiter != "," and any(map(_DECIMAL_COMMA.fullmatch, fields)):
        decimal = ","
        words.append("numbers have a decimal comma (data.decimal)")
    header = _fields(lines[0], delimiter) if lines else []
    unnamed = (1,) if len(header) > 1 and not header[0].strip() and all(map(str.strip, header[1:])) else ()
    if unnamed:
        words.append("column 1 has no name, as row numbers of pandas and R have none: left out (data.skip_columns)")
    return Dialect(delimiter=delimiter, decimal=decimal, encoding=encoding, comment=comment, unnamed=unnamed), words


def _text_lines(beginning: bytes, encoding: str) -> list[str]:
    text = beginning.decode(encoding, "replace").removeprefix("\ufeff")
    return [line for line in re.split(r"\r\n|\n|\r", text) if line]


def _utf16(beginning: bytes) -> str | None:
    """UTF-16 without a mark: in Latin scripts every other byte is 0."""
    if beginning[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return None
    odd, even = beginning[1::2].count(0), beginning[::2].count(0)
    if len(beginning) < 8 or max(odd, even) < 0.3 * len(beginning) or min(odd, even) > 0.05 * len(beginning):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _delimiter(lines: list[str]) -> str:
    """The one that gives the header most fields, and other lines as many; the comma if none does."""
    best, most = ",", 1
    for delimiter in (",", ";", "\t", "|"):
        counts = [len(_fields(line, delimiter)) for line in lines[:20]]
        if counts and counts[0] > most and counts.count(counts[0]) > len(counts) / 2:
            best, most = delimiter, counts[0]
    return best


def _fields(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _yaml(character: str) -> str:
    return '"\\t"' if character == "\t" else f"'{character}'"
