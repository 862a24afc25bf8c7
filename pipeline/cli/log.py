"""Library noise goes to a file: all that Python and native code write to stdout and stderr. A container's goes to stderr."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from components.errors import RunError

_NOTE = "traceback in "
_former: list[int] = []  # stdout and stderr, while they go to a file


def say(text: str) -> None:
    """Writes a line to the user's stderr, wherever the process's own goes."""
    os.write(_former[1] if _former else 2, f"{text}\n".encode())


@contextlib.contextmanager
def to_file(path: Path) -> Iterator[IO[str]]:
    """Redirects file descriptors 1 and 2, and Python's logging and warnings, to a file.

    An error that leaves the context is logged with its traceback, and `in_log` then knows where.

    Yields:
      The terminal (the former stdout), to write to.

    Raises:
      RunError: the file can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise RunError(
            f"{path}: the log can't be written: {error.strerror}. Set the folder's permissions right, or choose another --root."
        ) from error
    sys.stdout.flush()
    sys.stderr.flush()
    former = os.dup(1), os.dup(2)
    _former[:] = former
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
    _to_stderr()
    try:
        with os.fdopen(os.dup(former[0]), "w") as terminal:
            yield terminal
    except BaseException as error:
        _log_error(path, error)
        raise
    finally:
        _former.clear()
        with contextlib.suppress(OSError):  # a full disk
            sys.stdout.flush()
            sys.stderr.flush()
        for descriptor, number in zip(former, (1, 2), strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)


@contextlib.contextmanager
def to_stderr() -> Iterator[IO[str]]:
    """Leaves all where it goes, for a container: its log is what it writes to stderr. Python's logging and warnings go there too.

    Yields:
      stdout.
    """
    _to_stderr()
    yield sys.stdout


def _to_stderr() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr, force=True
    )
    logging.captureWarnings(True)
    warnings.simplefilter("default")


def _log_error(path: Path, error: BaseException) -> None:
    if isinstance(error, SystemExit):
        return
    before = path.stat().st_size
    logging.getLogger(__name__).error("Ended by an error", exc_info=error)
    if path.stat().st_size > before:
        error.add_note(f"{_NOTE}{path}")


def in_log(error: BaseException) -> str | None:
    """The log file that has an error's traceback; None if no file has it."""
    notes = [note for note in getattr(error, "__notes__", []) if note.startswith(_NOTE)]
    return notes[0].removeprefix(_NOTE) if notes else None
