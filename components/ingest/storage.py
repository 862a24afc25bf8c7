"""Files of any file system that TFX knows. What TensorFlow raises becomes the OSError that it stands for."""

from __future__ import annotations

from typing import Any, BinaryIO

import tensorflow as tf
from tfx.dsl.io import fileio
from tfx.dsl.io.filesystem import NotFoundError

from components.table import stamps, streams


class _Source:
    """A file of TensorFlow's, as `streams.buffered` takes it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = _told(path, fileio.open, path, "rb")

    def read(self, size: int) -> bytes:
        return bytes(_told(self._path, self._file.read, size))

    def seek(self, offset: int) -> None:
        _told(self._path, self._file.seek, offset)

    def tell(self) -> int:
        return int(_told(self._path, self._file.tell))

    def size(self) -> int:
        return int(_told(self._path, self._file.size))

    def close(self) -> None:
        self._file.close()


def _told(path: str, function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except NotFoundError as error:
        raise OSError(f"{path}: no such file") from error
    except tf.errors.OpError as error:
        raise OSError(f"{path}: {error.message}") from error


def open_file(path: str) -> BinaryIO:
    """Opens a file to be read.

    Raises:
      OSError: it can't be read; perhaps not before it is read.
    """
    return streams.buffered(_Source(path)) if _is_address(path) else streams.open_local(path)


def take_stamp(path: str) -> stamps.Stamp:
    """The stamp of a file; of one in an object store size and time of change alone, for TensorFlow shows no generation.

    Raises:
      OSError: the file is not there, or can't be reached.
    """
    if not _is_address(path):
        return stamps.take_local(path)
    found = _told(path, fileio.stat, path)
    return stamps.Stamp(found.length, found.mtime_nsec)


def _is_address(path: str) -> bool:
    return "://" in path
