"""Names of a table's files: what they end in, patterns of them, and those that a pattern matches."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Sequence

from components.errors import DataError

SUFFIXES = (".csv", ".csv.gz", ".parquet")
CONVERTED = (".dta", ".xlsx", ".xls", ".feather", ".arrow", ".ipc")  # by `plumbline convert`


def split_pattern(path: str) -> tuple[str, str]:
    """The folder that holds the files of a pattern, and the pattern below it: what comes before the first wildcard or `{`."""
    parts = path.split("/")
    fixed = next((index for index, part in enumerate(parts[:-1]) if re.search(r"[*?\[{]", part)), len(parts) - 1)
    return "/".join(parts[:fixed]) or ("/" if path.startswith("/") else "."), "/".join(parts[fixed:])


def any_span(pattern: str) -> str:
    """A pattern of the files of all spans and versions, from one with TFX's `{SPAN}` or `{VERSION}`."""
    return re.sub(r"{(SPAN|VERSION)[^}]*}", "*", pattern)


def check_suffix(path: str) -> None:
    """Raises a ValueError unless a file, or a pattern of files, has a name that can be read."""
    if not path.endswith(SUFFIXES):
        way = _way(path)
        received = f"; received {path!r}. {way}" if way else ""
        raise ValueError(f"must be a {', '.join(SUFFIXES)} file, or a pattern of such files{received}")


def find_files(
    base: str,
    pattern: str,
    find: Callable[[str], Sequence[str]] = glob.glob,
    exists: Callable[[str], bool] = os.path.lexists,
) -> list[str]:
    """Files that a pattern matches, sorted. One that is there by this very name is meant, whatever the name holds.

    Names that begin with `.` or `_` are left out, as Hadoop and Spark do, unless the pattern begins so.

    Raises:
      DataError: there is none, or one is neither CSV nor Parquet.
    """
    path = os.path.join(base, pattern)
    if exists(path):
        found = [path]
    else:
        asked = os.path.basename(pattern)[:1]
        found = sorted(
            name for name in map(str, find(path)) if os.path.basename(name)[0] not in "._".replace(asked, "")
        )
    if not found:
        raise DataError(
            f"{path}: no such file. data.path names the table: a {', '.join(SUFFIXES)} file, or a pattern of such files."
        )
    for name in found:
        if not name.endswith(SUFFIXES):
            raise DataError(
                f"{name}: expected a {', '.join(SUFFIXES)} file; data.path matches this one too. "
                f"{_way(name) or 'Convert it, or narrow the pattern'}."
            )
    return found


def _way(path: str) -> str:
    """What to do with a file of another kind; nothing where nobody knows."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix in CONVERTED:
        return f"Convert it once: plumbline convert {path} -o {os.path.splitext(path)[0]}.parquet"
    if suffix in (".tsv", ".tab", ".txt"):
        return 'Name it .csv, and set data.delimiter ("\\t" for tabs)'
    return ""


def name_below(base: str, path: str) -> str:
    """A file's name below a folder."""
    return path.removeprefix(base.rstrip("/") + "/")


def stem(base: str, path: str) -> str:
    """A file's name below a folder, without its suffix."""
    name = name_below(base, path)
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)
