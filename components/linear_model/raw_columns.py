"""The columns of a table that features are made of: what callers send.

Several features may be made of one column, and one of several.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from components.values.dates import EPOCHS

NUMBERS = ("numeric", "integer")
"""The kinds whose number is in the design matrix as itself."""


@dataclass(frozen=True)
class RawColumn:
    """A column.

    Attributes:
      name: in the table, and of a signature's input.
      type: the kind of list that holds its value in a tf.Example.
      wide: whether it holds whole numbers beyond 2^53, which callers send as texts.
      boolean: whether it holds truth values, as texts.
      offset: whether it is one, or an `exposure`.
      dates: of dates, how they are written (`components.values.dates`).
    """

    name: str
    type: Literal["bytes", "int64", "float"]
    wide: bool = False
    boolean: bool = False
    offset: Literal["offset", "exposure"] | None = None
    dates: str | None = None

    @property
    def expected(self) -> str:
        """What every row has in the column of an offset, in words."""
        if self.offset == "exposure":
            return "an exposure, a number above 0, in every row"
        return "an offset, a finite number, in every row"


def raw_columns(entries: Iterable[Mapping[str, Any]]) -> dict[str, RawColumn]:
    """The columns of some features by name, as the features come.

    Args:
      entries: of features (`features_to_json`).
    """
    found: dict[str, RawColumn] = {}
    for entry in entries:
        for name in entry["columns"]:
            own = _column(name, entry)
            found[name] = _both(found[name], own) if name in found else own
    return found


def _column(name: str, entry: Mapping[str, Any]) -> RawColumn:
    """A column as one feature takes it."""
    kind = entry["kind"]
    if kind in ("boolean", "categorical", "cross", "ordered", "text"):
        return RawColumn(name, "bytes", boolean=kind == "boolean")
    if kind == "offset":
        return RawColumn(name, "float", offset="exposure" if entry["log"] else "offset")
    if kind == "datetime":
        form = entry["format"]
        return RawColumn(name, "int64" if form in EPOCHS else "bytes", dates=form)
    whole = kind == "integer" or entry.get("whole", False)
    return RawColumn(name, "int64" if whole else "float", wide=entry.get("wide", False))


def _both(one: RawColumn, other: RawColumn) -> RawColumn:
    """A column as two features take it: numbers are whole ones for both where they are for one."""
    return RawColumn(
        one.name,
        "int64" if {one.type, other.type} == {"int64", "float"} else one.type,
        wide=one.wide or other.wide,
        boolean=one.boolean or other.boolean,
        offset=one.offset or other.offset,
        dates=one.dates or other.dates,
    )
