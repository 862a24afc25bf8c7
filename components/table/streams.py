"""Bytes of a table's file as they are read: opened, decompressed, made UTF-8 and freed of comments, scanned, as text."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from components.errors import DataError
from components.table.dialect import Dialect
from components.table.records import BOM, Scanner

_BOM = BOM.decode("latin-1")
_BLOCK = 1 << 20

Open = Callable[[str], BinaryIO]


def open_local(path: str) -> BinaryIO:
    """Opens a file of this machine. An executor passes TFX's own instead, which knows other file systems."""
    return open(path, "rb")


def as_text(stream: BinaryIO) -> io.TextIOWrapper:
    """A CSV in Latin-1, which reads any bytes, so that a bad one further down is found with its line."""
    return io.TextIOWrapper(stream, "latin-1", newline="")


def without_mark(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines without the byte order mark."""
    yield next(text, "").removeprefix(_BOM)
    yield from text


def open_stream(path: str, open_file: Open) -> BinaryIO:
    """Opens a file to be read from its beginning, decompressed."""
    file = open_file(path)
    if not path.endswith(".gz"):
        return file
    return buffered(pa.CompressedInputStream(pa.PythonFile(file, "r"), "gzip"), seekable=False)


def open_records(path: str, open_file: Open, dialect: Dialect) -> BinaryIO:
    """Opens a CSV to be read from its beginning: decompressed, in UTF-8, its comments empty lines."""
    stream = open_stream(path, open_file)
    if not dialect.is_utf8:
        stream = in_utf8(stream, path, dialect.encoding)
    if dialect.comment is not None:
        stream = without_comments(stream, dialect.comment, dialect.delimiter, dialect.escape)
    return stream


def in_utf8(stream: BinaryIO, path: str, encoding: str) -> BinaryIO:
    """A stream of another encoding in UTF-8.

    Reading raises a DataError where the bytes are not of that encoding.
    """
    return buffered(_Pieces(stream, _recoded(stream, path, encoding)), seekable=False)


def _recoded(stream: BinaryIO, path: str, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    block = b"start"
    while block:
        block = stream.read(_BLOCK)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeError as error:
            raise DataError(
                f"{path}, at or after line {line}: the bytes are not {encoding}: {error}. Correct data.encoding or the file."
            ) from error
        line += text.count("\n")
        yield text.encode("utf-8", "replace")


def without_comments(stream: BinaryIO, comment: str, delimiter: str, escape: str | None) -> BinaryIO:
    """A stream of UTF-8 in which lines that begin like a comment are empty, so that those that follow keep their numbers.

    A line within a quoted field is no comment.
    """
    return buffered(_Pieces(stream, _uncommented(stream, comment, delimiter, escape)), seekable=False)


def _uncommented(stream: BinaryIO, comment: str, delimiter: str, escape: str | None) -> Iterator[bytes]:
    start = comment.encode().decode("latin-1")
    is_open = False
    with as_text(stream) as text:
        for line in without_mark(text):
            if not is_open and line.startswith(start):
                yield line[len(line.rstrip("\r\n")) :].encode("latin-1")
                continue
            if '"' in line:
                is_open = _ends_open(line, is_open, delimiter, escape)
            yield line.encode("latin-1")


def _ends_open(line: str, is_open: bool, delimiter: str, escape: str | None) -> bool:
    """Whether a quoted field goes on after a line."""
    before = delimiter
    index = 0
    while index < len(line):
        character = line[index]
        if character == escape:
            index += 1
        elif character == '"' and is_open and line[index + 1 : index + 2] == '"':
            index += 1
        elif character == '"' and (is_open or before == delimiter):
            is_open = not is_open
        before = character
        index += 1
    return is_open


def whole_records(stream: BinaryIO, scanner: Scanner, size: int) -> Iterator[bytes]:
    """The bytes of a CSV in blocks that end where a record does, after a scanner has seen them.

    Args:
      stream: the file from its beginning; a byte order mark is left out.
      scanner: a new one of this file.
      size: how many bytes are read at a time. A record of more than twice as many is handed over in parts.

    Raises:
      DataError: of the scanner, once what comes before was handed over.
    """
    held = b""
    block = b"start"
    while block:
        block = stream.read(size)
        data, ends = scanner.feed(block) if block else scanner.finish()
        held += data
        cut = len(held) - (scanner.position - int(ends[-1])) if len(ends) else 0
        if not block or (cut == 0 and len(held) > 2 * size):
            cut = len(held)
        if cut:
            yield held[:cut]
            held = held[cut:]


class _Pieces:
    """What an iterator yields, as a stream that `buffered` takes; it closes the stream that the pieces come from."""

    def __init__(self, stream: BinaryIO, pieces: Iterator[bytes]) -> None:
        self._stream = stream
        self._pieces = pieces
        self._held = b""

    def read(self, size: int) -> bytes:
        parts = [self._held]
        length = len(self._held)
        while length < size and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            length += len(piece)
        data = b"".join(parts)
        self._held = data[size:]
        return data[:size]

    def close(self) -> None:
        self._stream.close()


class _Raw(io.RawIOBase):
    """What can read, and perhaps seek, as a raw file of Python's."""

    def __init__(self, source: Any, seekable: bool) -> None:
        self._source = source
        self._seekable = seekable

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seekable

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            offset += self._source.size()
        elif whence == io.SEEK_CUR:
            offset += self._source.tell()
        self._source.seek(offset)
        return offset

    def tell(self) -> int:
        return int(self._source.tell())

    def readinto(self, buffer: Any) -> int:
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()


def buffered(source: Any, seekable: bool = True) -> BinaryIO:
    """What can read (a `tf.io.gfile.GFile`, an Arrow stream) as a buffered file of Python's."""
    return io.BufferedReader(_Raw(source, seekable), 1 << 20)
