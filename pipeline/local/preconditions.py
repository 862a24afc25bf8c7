"""What a run needs besides its table, looked at before the libraries load, so that what is missing is said within seconds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from components.errors import RunError

SCHEMA_VERSION = 10  # of ML Metadata 1.17
LOCK_SECONDS = 3.0
_MAGIC = b"SQLite format 3\0"
_WAY_OUT = (
    "Put a copy of it back, or move it away: the next run then begins a new one, takes nothing from the cache, and knows no "
    "earlier model to compare with"
)


def check_metadata(path: Path) -> None:
    """Looks whether ML Metadata can work with its database. One that isn't there, or is empty, is begun by the run.

    Raises:
      RunError: it is locked, damaged, of another kind or version, or can't be written.
    """
    if not path.exists():
        return
    what = f"{path}: ML Metadata's database"
    try:
        with path.open("rb") as file:
            begin = file.read(len(_MAGIC))
    except OSError as error:
        raise RunError(f"{what} can't be read: {error.strerror}. {_WAY_OUT}.") from error
    if begin and begin != _MAGIC:
        raise RunError(f"{what} is not an SQLite file; it begins with {begin!r}. {_WAY_OUT}.")
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            damage = next(database.execute("PRAGMA quick_check(1)"))[0]
            versions = (
                [row[0] for row in database.execute("SELECT schema_version FROM MLMDEnv")]
                if "MLMDEnv" in tables
                else []
            )
            database.execute("ROLLBACK")
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise RunError(
                f"{what} is locked by another process{_holders(path)}; waited {LOCK_SECONDS:g} s for it. End that process, or wait "
                "for it, then run again."
            ) from error
        if "readonly" in str(error) or "unable to open" in str(error):
            raise RunError(
                f"{what} can't be written: {error}. Make it and its folder writable, or choose another --root."
            ) from error
        raise RunError(f"{what} is damaged: {error}. {_WAY_OUT}.") from error
    if damage != "ok":
        raise RunError(f"{what} is damaged: {' '.join(str(damage).split())}. {_WAY_OUT}.")
    if tables and not versions:
        raise RunError(
            f"{what} is the database of something else; its tables: {', '.join(sorted(tables)[:5])}. Choose another --root."
        )
    if versions and max(versions) != SCHEMA_VERSION:
        raise RunError(
            f"{what} has schema version {max(versions)}; the ML Metadata that is installed here works with {SCHEMA_VERSION}. "
            "Use the installation that wrote it, or choose another --root."
        )


def _holders(path: Path) -> str:
    """Who holds a lock on a file, as far as Linux tells."""
    inode = f":{path.stat().st_ino}"
    with contextlib.suppress(OSError):
        lines = [line.split() for line in Path("/proc/locks").read_text().splitlines() if "->" not in line]
        numbers = sorted({words[4] for words in lines if words[5].endswith(inode) and int(words[4]) > 0})
        if numbers:
            return f" (process {', '.join(numbers)})"
    return ""
