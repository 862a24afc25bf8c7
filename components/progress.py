"""What a step tells while it works: in the log, and to whoever listens in this process; and how many rows it has read."""

from __future__ import annotations

import array
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ROWS = "PLUMBLINE_ROWS"  # in the environment: the file that rows are counted in
_opened: dict[str, int] = {}
_listeners: list[Callable[[str], None]] = []


def tell(text: str) -> None:
    """Tells it."""
    logging.getLogger(__name__).info(text)
    for listener in _listeners:
        listener(text)


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """A listener, as long as the context lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def rows_read(count: int) -> None:
    """Counts rows that a step has read, in this process or in a worker. Where nobody asks for their number, nothing is done."""
    path = os.environ.get(_ROWS)
    if path is None:
        return
    with suppress(FileNotFoundError):  # the run is over, and this process is about to end
        if path not in _opened:
            _opened[path] = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.write(_opened[path], array.array("q", [count]).tobytes())


@contextmanager
def counting(path: Path) -> Iterator[Callable[[], int]]:
    """Counts the rows that this process reads, and those that it starts, as long as the context lasts.

    A count is appended to a file by one call of the system, which no other process comes between.

    Args:
      path: of the file, which is there as long.

    Yields:
      A function that gives the number of rows so far; after the context, the last that it gave.
    """
    path.write_bytes(b"")
    os.environ[_ROWS] = str(path)
    last = 0

    def rows() -> int:
        nonlocal last
        with suppress(FileNotFoundError):
            last = sum(array.array("q", path.read_bytes()))
        return last

    try:
        yield rows
    finally:
        del os.environ[_ROWS]
        if str(path) in _opened:
            os.close(_opened.pop(str(path)))
        path.unlink()
