from __future__ import annotations

import datetime
import zoneinfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.values import date_columns
from components.values.zones import zone_of

MISSING = ["", "NA"]
UTC = zone_of("UTC")
VALID = [
    "2000-02-29",
    "2024-02-29T23:59:59.999999Z",
    "1900-02-28 12:00",
    "2100-03-01T00:00:00+05:30",
    "2013-01-31 05:00:00-0330",
    "2013-01-31T05:00:00.5",
    "2013-01-31T05:00:00.123456+01",
    "0001-01-01",
    "9999-12-31T23:59:59",
]
INVALID = [
    "1900-02-29",
    "2100-02-29",
    "2013-02-30",
    "2013-13-01",
    "2013-00-01",
    "x",
    "2013-01-31T24:00",
    "20130131",
    "2013-1-1",
    "0000-01-01",
    "2013-01-31T05:00:60",
    "12",
    "2013-01-31Z",
    "2013-01-31 05:00+24:00",
    "2013-01-31 05",
]


def microseconds(value: datetime.datetime) -> int:
    return (value - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_iso_texts_are_read_as_python_reads_them(zone):
    found, there, odd = date_columns.of_texts(pa.array(VALID), MISSING, "iso", zone_of(zone))
    read = [datetime.datetime.fromisoformat(text) for text in VALID]
    inside = np.array([1900 <= value.year <= 2100 for value in read]) | (zone == "UTC")
    own = [value if value.tzinfo else value.replace(tzinfo=zoneinfo.ZoneInfo(zone)) for value in read]
    expected = [microseconds(value) for value, fine in zip(own, inside, strict=True) if fine]
    assert found[inside].tolist() == expected
    assert there.all() and not odd.any()


def test_other_spellings():
    texts = [
        "2013-01-31T05:00Z",
        "2013-01-31t05:00:00z",
        " 2013-01-31 05:00 UTC\n",
        "2013-01-31 05:00:00,000",
        "2013-01-31 05:00:00.000000999",
    ]
    found, _, odd = date_columns.of_texts(pa.array(texts), MISSING, "iso", UTC)
    assert found.tolist() == [pd.Timestamp("2013-01-31 05:00").value // 1000] * 5
    assert not odd.any()


def test_what_is_no_date():
    found, there, odd = date_columns.of_texts(pa.array([*INVALID, "NA", " ", None]), MISSING, "iso", UTC)
    assert odd.tolist() == [True] * len(INVALID) + [False] * 3
    assert not there.any() and not found.any()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_clocks_that_are_changed(zone):
    """What a clock shows twice is the first of the two; what it leaves out is taken by the offset before, as `zoneinfo` does."""
    drawn = np.random.default_rng(3).integers(0, 2 * 365 * 86400, 20_000)
    local = [datetime.datetime(2023, 1, 1) + datetime.timedelta(seconds=int(second)) for second in drawn]
    local += [datetime.datetime(2024, 3, day, 2, 30) for day in (10, 31)]
    local += [datetime.datetime(2024, 10, 27, 2, 30), datetime.datetime(2024, 11, 3, 1, 30)]
    found, _, _ = date_columns.of_texts(pa.array([value.isoformat() for value in local]), MISSING, "iso", zone_of(zone))
    assert found.tolist() == [microseconds(value.replace(tzinfo=zoneinfo.ZoneInfo(zone))) for value in local]


@pytest.mark.parametrize(
    "form",
    [
        "%d/%m/%Y",
        "%m/%d/%y",
        "%Y%m%d",
        "%Y.%m",
        "%Y",
        "%d.%m.%Y %H:%M",
        "%Y%m%dT%H%M%S.%f",
        "on %d-%m-%Y at %H:%M:%S%z (100%%)",
    ],
)
def test_formats_are_read_as_strptime_reads_them(form):
    seconds = np.random.default_rng(4).integers(-31536000, 3000000000, 1000)
    values = [datetime.datetime.fromtimestamp(int(second), datetime.UTC) for second in seconds]
    texts = [value.strftime(form) for value in values]
    if form == "%d/%m/%Y":
        texts += [text.replace("/0", "/").removeprefix("0") for text in texts]
    found, there, odd = date_columns.of_texts(pa.array(texts), MISSING, form, UTC)
    read = [datetime.datetime.strptime(text, form) for text in texts]
    assert found.tolist() == [microseconds(value.replace(tzinfo=value.tzinfo or datetime.UTC)) for value in read]
    assert there.all() and not odd.any()


def test_iso_texts_are_read_under_any_format_and_nothing_else_is():
    texts = ["31/01/2013", "2013-01-31", "2013-01-31 00:00:00Z", "31-01-2013", "31/02/2013", "01/31/2013"]
    found, _, odd = date_columns.of_texts(pa.array(texts), MISSING, "%d/%m/%Y", UTC)
    assert set(found[:3]) == {pd.Timestamp("2013-01-31").value // 1000}
    assert odd.tolist() == [False] * 3 + [True] * 3


def test_numbers():
    numbers = np.array([0, 1706745540, -2208988800, 253402300799, 253402300800, -(2**63)])
    found, beyond = date_columns.of_numbers(numbers, "epoch")
    assert found.tolist() == [0, 1706745540000000, -2208988800000000, 253402300799000000, 0, 0]
    assert beyond.tolist() == [False] * 4 + [True] * 2
    found, beyond = date_columns.of_numbers(np.array([1706745540001, 2**63 - 1]), "epoch_ms")
    assert found.tolist() == [pd.Timestamp(1706745540001, unit="ms").value // 1000, 0]
    assert beyond.tolist() == [False, True]
