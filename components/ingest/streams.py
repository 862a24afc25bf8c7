"""Bytes of a table's file as they are read: opened, decompressed, scanned, as text."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from components.errors import DataError
from components.ingest.records import BOM, Scanner

_BOM = BOM.decode("latin-1")

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


class Scanned:
    """A stream whose bytes a scanner sees on their way to Arrow. At an error it ends, and keeps the error for later."""

    closed = False

    def __init__(self, stream: BinaryIO, scanner: Scanner, failed: list[Exception]) -> None:
        """Takes the stream, the scanner, and a list that takes the error."""
        self._stream = stream
        self._scanner = scanner
        self._failed = failed

    def read(self, size: int) -> bytes:
        """Reads on; nothing after an error."""
        try:
            data = self._stream.read(size)
            if data:
                self._scanner.feed(data)
            else:
                self._scanner.finish()
            return data
        except (DataError, OSError, EOFError, pa.ArrowException) as error:
            self._failed.append(error.with_traceback(None))  # whose frames would keep this object
            return b""

    def close(self) -> None:
        """Closes the stream."""
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
