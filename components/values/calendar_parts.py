"""The calendar's arithmetic, by whole numbers alone: the same for arrays of numpy and for tensors, int64 of any shape.

An instant is a number of microseconds since 1970-01-01T00:00:00Z. Days are turned into dates, and back, as Howard Hinnant does it
(https://howardhinnant.github.io/date_algorithms.html), always in the Gregorian calendar. `//` and `%` round down, as numpy's
and TensorFlow's do.
"""

from __future__ import annotations

import calendar
import functools
from collections.abc import Callable, Sequence
from typing import Any

from components.values.zones import Zone

SECOND = 10**6
HOUR = 3600 * SECOND
DAY = 24 * HOUR
FIRST, LAST = -62135596800 * SECOND, 253402300800 * SECOND - 1
"""The instants at which the years 1 and 9999 begin and end."""

LEVELS = {
    "hour": [str(hour) for hour in range(24)],
    "weekday": list(calendar.day_name),
    "month": list(calendar.month_name)[1:],
    "quarter": ["1", "2", "3", "4"],
}
"""The levels of parts that have some, in the order of `LocalTime.level`."""
CYCLIC = ("hour", "weekday", "month", "quarter", "day_of_year")
NUMBERS = ("year", "elapsed")

Steps = Callable[[Sequence[int], Sequence[int], Any], Any]
"""By starts [k], values [k + 1] and seconds: for each of them the value of the last start that is not after it."""


def instants(stamp: Any, fraction: Any, offset: Any, naive: Any, zone: Zone, steps: Steps) -> Any:
    """Instants of the numbers that `dates.STAMP`, `FRACTION` and `OFFSET` make of texts.

    Args:
      stamp, fraction, offset: int64.
      naive: int64, 1 where the text has no zone: it is the time of a clock in `zone` then; else 0.
      zone: of such clocks.
      steps: looks its table up.
    """
    days = _days(stamp // 10**10, stamp // 10**8 % 100, stamp // 10**6 % 100)
    seconds = 86400 * days + 3600 * (stamp // 10**4 % 100) + 60 * (stamp // 100 % 100) + stamp % 100
    size, sign = abs(offset), 1 + 2 * (offset // 10**4)
    ahead = 60 * sign * (60 * (size // 100) + size % 100)
    if zone != Zone():
        ahead = ahead + naive * steps(zone.local_starts, zone.offsets, seconds)
    return SECOND * (seconds - ahead) + fraction


class LocalTime:
    """What clocks and calendars of a zone show at some instants.

    Args:
      instants: microseconds.
      zone: of the clocks.
      steps: looks its table up.
    """

    def __init__(self, instants: Any, zone: Zone, steps: Steps) -> None:
        self._instants = instants
        if zone != Zone():
            instants = instants + SECOND * steps(zone.starts, zone.offsets, instants // SECOND)
        self._local = instants
        self._days = instants // DAY

    def level(self, part: str) -> Any:
        """The place of a part of `LEVELS` among its levels, int64."""
        if part == "hour":
            return self._local % DAY // HOUR
        if part == "weekday":
            return (self._days + 3) % 7  # 1970 began on a Thursday
        month = self._date[1]
        return month - 1 if part == "month" else (month - 1) // 3

    def turn(self, part: str) -> Any:
        """How much of its circle a part of `CYCLIC` has gone, float64, from 0 to 1: hours with all of their fraction, days of
        the year by its own length, others by their whole numbers.
        """
        if part == "hour":
            return self._local % DAY / DAY
        if part == "day_of_year":
            year = self._date[0]
            first = _days(year, 1, 1)
            return (self._days - first) / (_days(year + 1, 1, 1) - first)
        return self.level(part) / len(LEVELS[part])

    def number(self, part: str) -> Any:
        """A part of `NUMBERS`, float64: the year, or days since 1970-01-01T00:00Z with all of their fraction."""
        return self._date[0] / 1 if part == "year" else self._instants / DAY

    @functools.cached_property
    def _date(self) -> tuple[Any, Any]:
        """The year and the month."""
        shifted = self._days + 719468  # from 0000-03-01 on, so that a leap day ends its year
        era = shifted // 146097  # of 400 years
        day_of_era = shifted % 146097
        year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
        day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
        month = (5 * day_of_year + 2) // 153  # from March on
        return year_of_era + 400 * era + month // 10, (month + 2) % 12 + 1


def _days(year: Any, month: Any, day: Any) -> Any:
    """Days since 1970-01-01 of a date."""
    month = (month + 9) % 12  # from March on
    year = year - month // 10
    era = year // 400
    year_of_era = year % 400
    day_of_year = (153 * month + 2) // 5 + day - 1
    return 146097 * era + 365 * year_of_era + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468
