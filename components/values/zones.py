"""How far clocks are from UTC in a time zone, as a table: what a graph can look up. Python's standard library alone."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import zoneinfo

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Between these years every change of a clock is in the table; before and after them, clocks are as at that end."""

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_DAY = 86400


@dataclasses.dataclass(frozen=True)
class Zone:
    """A time zone's clocks.

    Attributes:
      starts: when they are changed, in seconds since 1970 in UTC, rising.
      offsets: how many seconds they are ahead of UTC: before the first change, and from each on.
    """

    starts: tuple[int, ...] = ()
    offsets: tuple[int, ...] = (0,)

    @property
    def local_starts(self) -> tuple[int, ...]:
        """From when on a clock's own time, in seconds since its 1970, is one of the new offset.

        A time that a clock shows twice is the first of the two, and one that it leaves out is taken by the offset before (Python's
        `fold=0`, PEP 495).
        """
        changes = zip(self.starts, self.offsets[:-1], self.offsets[1:], strict=True)
        return tuple(start + max(before, after) for start, before, after in changes)


@functools.lru_cache(64)
def zone_of(name: str) -> Zone:
    """The table of a zone of the IANA time zone database.

    Raises:
      ValueError: there is no such zone.
    """
    try:
        zone = zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise ValueError("must be a zone of the IANA database, such as Europe/Berlin") from error

    def ahead(seconds: int) -> int:
        return round((_EPOCH + datetime.timedelta(seconds=seconds)).astimezone(zone).utcoffset().total_seconds())  # type: ignore[union-attr]

    first, last = (_seconds(year) for year in (FIRST_YEAR, LAST_YEAR + 1))
    starts, offsets = [], [ahead(first)]
    for day in range(first, last, _DAY):  # no clock was changed twice within one
        after = ahead(day + _DAY)
        if after != offsets[-1]:
            low, high = day, day + _DAY
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if ahead(middle) == offsets[-1] else (low, middle)
            starts.append(high)
            offsets.append(after)
    return Zone(tuple(starts), tuple(offsets))


def _seconds(year: int) -> int:
    return round((datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) - _EPOCH).total_seconds())
