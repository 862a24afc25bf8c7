"""Columns of dates, whatever a file has them as."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.errors import DataError
from components.table.cleaning import typed
from components.table.spec import TableSpec
from components.values import date_columns
from components.values.texts import MISSING_TOKENS
from components.values.zones import zone_of

MOMENTS = [
    datetime.datetime(2024, 2, 29, 23, 59, 0, 500_000),
    datetime.datetime(1900, 2, 28),
    None,
    datetime.datetime(2100, 3, 1, 12),
]


def read(column: pa.Array, form: str) -> tuple[pa.Array, dict[int, str]]:
    kind = "integers" if form.startswith("epoch") else "texts"
    spec = TableSpec(**{"numbers": ["y"], "texts": [], "label": "y", kind: ["at"], "dates": {"at": form}})  # type: ignore[arg-type]
    batch = pa.record_batch({"at": column, "y": pa.array([1.0] * len(column))})
    arrays, rejected = typed(batch, spec, ["at"])
    return arrays["at"], rejected


@pytest.mark.parametrize(
    "kind",
    [pa.timestamp("us"), pa.timestamp("ns", "UTC"), pa.timestamp("ms", "Europe/Berlin"), pa.timestamp("us", "+05:30")],
)
def test_timestamps_of_parquet_are_their_instants(kind):
    """Between 1900 and 2100: those of 64 bits of nanoseconds end in 2262."""
    instants = pd.DatetimeIndex(MOMENTS).as_unit("us").asi8
    column = pa.array(MOMENTS, pa.timestamp("us")).cast(pa.timestamp(kind.unit)).cast(kind)
    texts, rejected = read(column, "iso")
    found, there, _ = date_columns.of_texts(texts, MISSING_TOKENS, "iso", zone_of("UTC"))
    assert not rejected
    assert there.tolist() == [True, True, False, True]
    np.testing.assert_array_equal(found[there], instants[there])


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_dates_of_parquet_are_their_days(kind):
    days = [moment and moment.date() for moment in MOMENTS]
    texts, rejected = read(pa.array(days, kind), "iso")
    assert texts.to_pylist() == [day and day.isoformat() for day in days]
    assert not rejected


def test_a_text_that_is_no_date_is_a_bad_row():
    texts, rejected = read(pa.array(["2023-02-28", "2023-02-29", "NA", "", None, "soon"]), "iso")
    assert texts.null_count == 3
    assert rejected == {
        row: f"column 'at': expected a date such as 2024-01-31 or 2024-01-31T23:59:00Z; received {text!r}"
        for row, text in {1: "2023-02-29", 5: "soon"}.items()
    }


def test_so_is_one_of_another_format():
    _, rejected = read(pa.array(["31/1/2024 5:07", "2024-01-31", "1/31/2024 5:07"]), "%d/%m/%Y %H:%M")
    assert rejected == {2: "column 'at': expected a date such as 31/01/2024 23:59; received '1/31/2024 5:07'"}


def test_so_is_a_number_beyond_the_calendar():
    numbers, rejected = read(pa.array(["1706745540", "-62135596800", "NA", "253402300800"]), "epoch")
    assert numbers.to_pylist()[:3] == [1706745540, -62135596800, None]
    assert rejected == {3: "column 'at': expected seconds since 1970 within the years 1 to 9999; received 253402300800"}
    _, rejected = read(pa.array([1706745540123, 2**52]), "epoch_ms")
    assert rejected == {
        1: f"column 'at': expected milliseconds since 1970 within the years 1 to 9999; received {2**52}"
    }


def test_times_of_a_day_and_timestamps_for_numbers_are_refused():
    _, rejected = read(pa.array([datetime.time(5)]), "iso")
    assert set(rejected) == {0}
    with pytest.raises(DataError, match="expected whole numbers; the column is of type timestamp"):
        read(pa.array(MOMENTS), "epoch")
