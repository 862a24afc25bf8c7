from __future__ import annotations

import zoneinfo

import numpy as np
import pandas as pd
import pytest

from components.values.calendar_parts import CYCLIC, FIRST, LAST, LEVELS, LocalTime
from components.values.date_columns import steps
from components.values.zones import zone_of

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Sydney")
NAMED = (
    "1899-12-31T23:00",
    "1900-02-28T23:59:59",
    "1900-03-01",
    "1970-01-01",
    "1969-12-31T23:59:59.999999",
    "2000-02-29",
    "2024-02-29T12:34:56",
    "2024-12-31T23:59:59",
    "2100-02-28",
    "2100-03-01",
)


def instants(zone: str) -> np.ndarray:
    drawn = np.random.default_rng(1).integers(-2208988800 * 10**6, 4102444800 * 10**6, 100_000)
    named = pd.DatetimeIndex(NAMED).as_unit("us").asi8
    near = [(start + shift) * 10**6 for start in zone_of(zone).starts for shift in (-3601, -1, 0, 3600)]
    found = np.concatenate([drawn, named, np.array(near, np.int64)])
    return found[(found >= -2208988800 * 10**6) | (zone == "UTC")]


@pytest.mark.parametrize("zone", ZONES)
def test_parts_are_those_of_pandas(zone):
    at = instants(zone)
    there = (
        pd.DatetimeIndex(at.astype("datetime64[us]")).tz_localize("UTC").tz_convert(zoneinfo.ZoneInfo(zone))
    )  # pytz, for names, ends in 2037
    found = LocalTime(at, zone_of(zone), steps)
    np.testing.assert_array_equal(found.level("hour"), there.hour)
    np.testing.assert_array_equal(np.array(LEVELS["weekday"])[found.level("weekday")], there.day_name())
    np.testing.assert_array_equal(np.array(LEVELS["month"])[found.level("month")], there.month_name())
    np.testing.assert_array_equal(np.array(LEVELS["quarter"])[found.level("quarter")], there.quarter.astype(str))
    np.testing.assert_array_equal(found.number("year"), there.year)
    seconds = there.hour * 3600 + there.minute * 60 + there.second + there.microsecond / 1e6
    np.testing.assert_allclose(found.turn("hour"), seconds / 86400, atol=1e-14)
    np.testing.assert_array_equal(found.turn("day_of_year"), (there.dayofyear - 1) / (365 + there.is_leap_year))
    np.testing.assert_array_equal(found.turn("month"), (there.month - 1) / 12)
    np.testing.assert_array_equal(found.turn("weekday"), there.weekday / 7)
    np.testing.assert_array_equal(found.turn("quarter"), (there.quarter - 1) / 4)
    np.testing.assert_array_equal(found.number("elapsed"), (at / 86400e6))


def test_parts_in_all_years_of_the_calendar():
    at = np.append(np.random.default_rng(2).integers(FIRST, LAST, 10_000), [FIRST, LAST])
    there = pd.DatetimeIndex(at.astype("datetime64[us]"))
    found = LocalTime(at, zone_of("UTC"), steps)
    np.testing.assert_array_equal(found.number("year"), there.year)
    np.testing.assert_array_equal(found.level("month"), there.month - 1)
    np.testing.assert_array_equal(found.level("weekday"), there.weekday)
    np.testing.assert_array_equal(found.turn("day_of_year"), (there.dayofyear - 1) / (365 + there.is_leap_year))


def test_turns_are_of_one_turn():
    found = LocalTime(instants("Europe/Berlin"), zone_of("Europe/Berlin"), steps)
    for part in CYCLIC:
        turn = found.turn(part)
        assert 0 <= turn.min() < turn.max() < 1
