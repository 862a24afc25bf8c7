"""Names of columns inside TensorFlow's graphs, which take fewer than tables do."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable

INTERCEPT = "(intercept)"


def safe_names(names: Iterable[str]) -> dict[str, str]:
    """A name for each column that operations, arguments of functions, Keras inputs and files can have: its own if it can be.

    TensorFlow makes names of operations unique without regard to case, and of arguments by all but letters and digits as `_`.
    So one that is no identifier, or that another resembles so far, becomes `column_<place>`.

    Args:
      names: of the columns, in order; no two are equal.

    Returns:
      By name; those of the values are apart from each other by TensorFlow's rules.
    """
    names = list(names)
    safe: dict[str, str] = {}
    own = {name for name in names if _is_plain(name)}
    resembling = [_folded(name) for name in own]
    taken = set()
    for name in names:
        if name in own and resembling.count(_folded(name)) == 1:
            safe[name] = name
            taken.add(_folded(name))
    for index, name in enumerate(names):
        if name not in safe:
            found = f"column_{index}"
            while _folded(found) in taken:
                found += "_"
            safe[name] = found
            taken.add(_folded(found))
    return {name: safe[name] for name in names}


def _is_plain(name: str) -> bool:
    return (
        re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name) is not None and not keyword.iskeyword(name) and name != "self"
    )


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "_", name.lower())


def shown(name: str) -> str:
    """A name or a text for eyes: as it is, or quoted where another could look the same or where it would break the line."""
    plain = name and name == name.strip() and "  " not in name and name.isprintable()
    return name if plain and name == unicodedata.normalize("NFC", name) else ascii(name)
