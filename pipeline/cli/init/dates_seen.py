"""Whether a column holds dates, in which format, and times with them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from components.values.date_columns import iso_texts
from components.values.dates import ISO, VALID
from components.values.zones import Zone, zone_of

_DAYS = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d"),
    *("%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d"),
)
FORMATS = (ISO, *(f"{day}{clock}" for day in _DAYS for clock in ("", " %H:%M", " %H:%M:%S")))
DIGITS = "%Y%m%d"  # of dates as whole numbers
_NEAR = (19000101, 21001231)  # what such numbers are within
_WITH_TIME = r"\d[Tt ]\d\d:\d\d"
_MIDNIGHT = r"\d[Tt ]00:00(?::00(?:[.,]0+)?)? ?(?:[Zz]|UTC|[+-][\d:]+)?\z"


class Dates:
    """What is seen of a column's texts.

    Attributes:
      formats: of `FORMATS`, those that read all of them; ISO 8601 alone if that is one.
      have_times: whether one of them has a time other than midnight.
    """

    def __init__(self) -> None:
        self.formats = FORMATS
        self.have_times = False

    def add(self, texts: pa.Array) -> None:
        """Takes in some texts of the column."""
        if not len(texts):
            return
        read = {}
        for form in self.formats:
            read[form] = iso_texts(texts, form)
            if not pc.all(pc.match_substring_regex(read[form], VALID)).as_py():
                del read[form]
            elif form == ISO:
                break
        self.formats = tuple(read)
        for found in list(read.values())[:1]:
            timed = pc.match_substring_regex(found, _WITH_TIME)
            self.have_times |= pc.any(pc.and_not(timed, pc.match_substring_regex(found, _MIDNIGHT))).as_py()


def are_digits(levels: Iterable[str], low: float, high: float) -> bool:
    """Whether whole numbers, their texts and their ends, are all dates of this or the last century as `DIGITS` has them."""
    if not _NEAR[0] <= low <= high <= _NEAR[1]:
        return False
    read = iso_texts(pa.array(list(levels), pa.string()), DIGITS)
    return bool(pc.all(pc.match_substring_regex(read, VALID)).as_py())


def zone(names: Iterable[str]) -> str:
    """The zone of a file's timestamps, by the names that its types have: "" where they are UTC, an offset, or of several."""
    found = set(names)
    name = found.pop() if len(found) == 1 else "UTC"
    return name if name in zoneinfo.available_timezones() and zone_of(name) != Zone() else ""
