"""Says in one line why a table's file can't be read."""

from __future__ import annotations

import csv
import os
import stat
from typing import Any

import pyarrow as pa

from components.errors import DataError

BLOCK = 4 << 20  # bytes; a longer record can't be read

csv.field_size_limit(2 * BLOCK)  # Python's own 131,072 is less than Arrow reads


def check_regular(path: str) -> None:
    """Raises a DataError if a path is a folder or a device."""
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        raise DataError(
            f"{path}: expected a file; it is a folder or a device. Name a file, or a pattern such as {path}/*.csv."
        )


class errors:
    """Turns what the libraries raise into one line."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, UnicodeDecodeError):
            raise DataError(
                f"{self._path}, line 1: the header is not UTF-8. Save the file as UTF-8, or set data.encoding, such as cp1252."
            ) from error
        if isinstance(error, OSError) and error.errno is not None:
            dangling = os.path.islink(self._path) and not os.path.exists(self._path)
            what = "a link to a file that is not there" if dangling else os.strerror(error.errno)
            raise DataError(
                f"{self._path}: can't be opened: {what}. See to the file and its permissions, or narrow data.path."
            ) from error
        if isinstance(error, (pa.ArrowInvalid, pa.ArrowKeyError, csv.Error, OSError, EOFError)):
            text = str(error).splitlines()[0].rstrip(".") or type(error).__name__
            if "straddling" in text or "out of sync" in text:
                text = f"a record is longer than {BLOCK >> 20} MiB, or a quote is never closed"
            if "page integrity" in text:
                text = "the checksum of one of its pages is wrong: the file was damaged since it was written"
            raise DataError(f"{self._path}: not readable as a table: {text}. Correct the file.") from error
