"""Tells whether a file is still what it was: stamps (size, times, inode), and digests of the bytes."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from components.errors import DataError

_BLOCK = 4 << 20


@dataclasses.dataclass(frozen=True)
class Stamp:
    """What a file system says of one state of a file.

    Attributes:
      size: in bytes.
      modified: when its content changed last, in nanoseconds.
      changed: when anything of it changed last, in nanoseconds; no program can set it back. None where there is no such time.
      inode: its number; another one is another file. None where there is none.
    """

    size: int
    modified: int
    changed: int | None = None
    inode: int | None = None


Take = Callable[[str], Stamp]


def take_local(path: str) -> Stamp:
    """The stamp of a file of this machine. An executor passes TFX's own way instead, which knows other file systems."""
    found = os.stat(path)
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def check(path: str, expected: Stamp, take: Take = take_local) -> None:
    """Raises a DataError that says what changed, if a file is no longer what it was."""
    try:
        found = take(path)
    except OSError as error:
        raise DataError(f"{path}: the file was there and can no longer be found ({error}). {_AGAIN}") from error
    if found == expected:
        return
    words = {
        "inode": "another file was put in its place",
        "size": f"it had {expected.size:,} bytes and now has {found.size:,}",
        "modified": "its content was written anew",
        "changed": "it was written anew, and its time set back",
    }
    [what, *_] = [text for key, text in words.items() if getattr(found, key) != getattr(expected, key)]
    raise DataError(f"{path}: the file changed while it was read: {what}. {_AGAIN}")


_AGAIN = "Nothing was made of it. Wait until the table is written, and run again."


@contextlib.contextmanager
def steady(path: str, expected: Stamp | None, take: Take = take_local) -> Iterator[None]:
    """Checks before and after what is done with a file; what is wrong with it may come from the change, which is said then.

    Raises:
      DataError: the file changed.
    """
    if expected is None:
        yield
        return
    check(path, expected, take)
    try:
        yield
    except DataError:
        check(path, expected, take)
        raise
    check(path, expected, take)


def digest(path: str, open_file: Callable[[str], BinaryIO]) -> str:
    """SHA-256 of a file's bytes, as `sha256sum` prints it."""
    found = hashlib.sha256()
    with open_file(path) as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def sums(digests: Mapping[str, str]) -> str:
    """The digests of a table's files by name, as `sha256sum` prints them: sorted by name, a line each."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))


def table_digest(digests: Mapping[str, str]) -> str:
    """The digest of a table: that of its file, or the SHA-256 of `sums` if there are several."""
    if len(digests) == 1:
        [only] = digests.values()
        return only
    return hashlib.sha256(sums(digests).encode()).hexdigest()
