"""What went wrong beneath a library, in words: it has its own exception for a full disk, or none at all."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

from components.errors import PlumblineError, RunError
from pipeline.beam.errors import WorkerDied
from pipeline.config.root import METADATA

_FULL = ("No space left on device", "Disk quota exceeded", "database or disk is full")
_FULL_NUMBERS = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}


def in_words(error: BaseException, step: str, root: Path) -> PlumblineError | None:
    """A run's error that a user can do something about; None where the error has to speak for itself.

    Args:
      error: as it came.
      step: that ran; empty before the first.
      root: the run's folder.
    """
    if not isinstance(error, Exception):
        return None  # a signal
    where = f"{step}: " if step else ""
    for link in _chain(error):
        if isinstance(link, PlumblineError) and not isinstance(link, WorkerDied):
            return None if link is error else link
        text = _text(link, root)
        if text:
            return RunError(f"{where}{text}")
    return None


def _text(error: BaseException, root: Path) -> str:
    """In words; empty if there are none."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, WorkerDied):
        return str(error)
    if number in _FULL_NUMBERS or any(text in str(error) for text in _FULL):
        return f"no space is left on the disk of {root}. Make room and run again: the steps that are done are in the cache."
    if "database is locked" in str(error):
        return f"{root / METADATA} was locked by another process. End that process, then run again."
    if isinstance(error, OSError) and number in _FORBIDDEN and error.filename:
        return f"{error.filename} can't be used: {error.strerror}. Set its permissions right, or choose another --root."
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it came from."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
