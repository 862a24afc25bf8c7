"""What a column is, whatever its type and format, and whatever else its batch holds."""

from __future__ import annotations

import csv
import datetime
import decimal
import io
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.errors import DataError
from components.table import columns, files
from components.table.cleaning import clean, typed
from components.table.spec import TableSpec
from components.values.texts import MISSING_TOKENS

SPEC = TableSpec(
    numbers=["x", "y"],
    integers=["n", "id"],
    wide=["id"],
    booleans=["b"],
    texts=["c"],
    label="y",
    missing=MISSING_TOKENS,
)


def one(read, values, **options):
    """A column as a kind, and why rows are rejected, without the column's name."""
    rejected = {}
    found = read(values if isinstance(values, pa.Array) else pa.array(values), "v", MISSING_TOKENS, rejected, **options)
    return found.to_pylist(), {row: why.removeprefix("column 'v': expected ") for row, why in rejected.items()}


def test_nan_and_infinity_are_read_alike_in_every_format_and_company():
    """Seen: `-nan` was missing in one file and rejected in another."""
    odd = ["-nan", "NAN", "+nan", "nan"]
    assert one(columns.number, odd) == one(columns.number, [float("nan")] * 4) == ([None] * 4, {})
    assert one(columns.number, [*odd, "bad"]) == ([None] * 5, {4: "a number; received 'bad'"})
    finite = "a finite number that a 32-bit float holds; received "
    for texts in (["inf", "1"], ["-inf", "bad"], ["Infinity", "-nan"], ["1e400"], ["4e38"]):
        assert one(columns.number, texts)[1][0] == finite + texts[0]
    assert one(columns.number, [float("inf"), 4e38])[1] == {0: finite + "inf", 1: finite + "4e+38"}


@pytest.mark.parametrize(
    "values",
    [["1e-46", "0", "1e-38"], [1e-46, 0.0, 1e-38], pa.array([decimal.Decimal("1e-46"), 0, 1], pa.decimal256(60, 46))],
)
def test_what_a_32_bit_float_makes_zero_is_rejected_by_value(values):
    """Seen: 1e-46 was 0, and a column of such "constant"."""
    _, rejected = one(columns.number, values)
    assert set(rejected) == ({0} if isinstance(values, pa.Array) else {0, 2})
    for why in rejected.values():
        assert why.startswith("a number that a 32-bit float holds; received ")
        assert why.endswith(", too near zero (below 1.2e-38): use another unit")
    assert float(rejected[0].split("received ")[1].split(",")[0]) == 1e-46


WHOLE = "a whole number, without an exponent; received "
BEYOND = "a whole number within 2^53; received {}: say wide: true, or make the column categorical"


@pytest.mark.parametrize(
    ("values", "expected", "reasons"),
    [
        (["5", "+5", "5.0", "5.", "-0", " 7 ", "", "NAN"], [5, 5, 5, 5, 0, 7, None, None], {}),
        (["5e3", "5.5", "0x1F", "five"], [None] * 4, {i: WHOLE + repr(t) for i, t in enumerate(["5e3", "5.5", "0x1F", "five"])}),
        (["9007199254740992", "-9007199254740992"], [2**53, -(2**53)], {}),
        (["9007199254740993"], [2**53 + 1], {0: BEYOND.format("9007199254740993")}),
        (["9" * 30], [None], {0: BEYOND.format("9" * 30)}),
        (pa.array([1, None, 2**53 + 1], pa.int64()), [1, None, 2**53 + 1], {2: BEYOND.format(2**53 + 1)}),
        (pa.array([2**64 - 1, 3], pa.uint64()), [-1, 3], {0: BEYOND.format(2**64 - 1)}),
        ([1.0, None, float("nan"), 2.5], [1, None, None, None], {3: WHOLE + "2.5"}),
        ([2.0**60], [None], {0: "a whole number within 2^53; received 1.152921504606847e+18: write the column as integers"}),
        ([decimal.Decimal("5.00"), decimal.Decimal("0E-10"), decimal.Decimal("5.5")], [5, 0, None], {2: WHOLE + "'5.5000000000'"}),
        ([True, False, None], [1, 0, None], {}),
        (pa.array([7, 8, None]).dictionary_encode(), [7, 8, None], {}),
    ],
)  # fmt: skip
def test_whole_numbers(values, expected, reasons):
    assert one(columns.integer, values) == (expected, reasons)


def test_wide_whole_numbers_have_all_of_64_bits():
    values = [2**63 - 1, -(2**63), 2**53 + 1]
    assert (
        one(columns.integer, list(map(str, values)), wide=True)
        == one(columns.integer, values, wide=True)
        == (values, {})
    )
    why = f"a whole number within 64 bits; received {2**63}: make the column categorical"
    assert one(columns.integer, [str(2**63)], wide=True)[1] == {0: why}
    assert one(columns.integer, pa.array([2**63], pa.uint64()), wide=True)[1] == {0: why}


@pytest.mark.parametrize(
    "values",
    [
        ["TRUE", "no", None, " y "],
        ["1", "0.0", "NA", "t"],
        [True, False, None, True],
        pa.array([1, 0, None, 1], pa.int8()),
        [1.0, 0.0, float("nan"), 1.0],
        pa.array(["yes", "OFF", "", "On"]).dictionary_encode(),
    ],
)
def test_truth_values(values):
    assert one(columns.boolean, values) == (["true", "false", None, "true"], {})


def test_what_is_no_truth_value_is_rejected_by_value():
    why = "a truth value (true, t, yes, y, on, 1, or false, f, no, n, off, 0, in any case); received "
    assert one(columns.boolean, ["maybe", "true"]) == ([None, "true"], {0: why + "'maybe'"})
    assert one(columns.boolean, [2, 1]) == ([None, "true"], {0: why + "'2'"})


def test_texts_are_canonical_and_missing_by_the_trimmed_token():
    values = [b"TRUE", b"7.0", b" NA ", b"", b" a ", b"\xff", b"a\x00b", None]
    found, rejected = one(columns.text, values)
    assert found == ["true", "7", None, None, " a ", None, "a\x00b", None]
    assert rejected == {5: "UTF-8; received b'\\xff'"}


def test_a_text_whose_canonical_one_stands_for_nothing_does_so():
    """As a typed value, which has no other text, does."""
    for values in (["-999.0", "-999", "1"], [-999.0, -999, 1], [decimal.Decimal("-999.0"), -999, 1]):
        found = columns.text(pa.array(values), "v", ["-999"], {})
        assert found.to_pylist() == [None, None, "1"]


@pytest.mark.parametrize("read", [columns.number, columns.integer, columns.boolean, columns.text])
@pytest.mark.parametrize("values", [pa.array([[1]]), pa.array([{"a": 1}])])
def test_what_can_be_nothing_of_the_kind_is_said(read, values):
    with pytest.raises(DataError, match=r"column 'v': expected .*; the column is of type (list|struct)<"):
        one(read, values)


def test_a_column_of_dates_is_a_text_and_no_number():
    dates = pa.array([datetime.date(2024, 1, 31), None])
    assert one(columns.text, dates) == (["2024-01-31", None], {})
    with pytest.raises(DataError, match="column 'v': expected numbers; the column is of type date32"):
        one(columns.number, dates)


# ---- one reading whatever the neighbours and the format ----

NUMBERS = st.one_of(
    st.sampled_from(
        ["", "NA", " na", "-nan", "inf", "bad", "0x1F", "+5", "5.", "1e400", "1e-400", "1e-46", "true", "7.0"]
    ),
    st.integers(-(2**66), 2**66).map(str),
    st.floats().map(repr),
)
TEXTS = st.one_of(st.sampled_from(["", " NA", "TRUE", "7.0", "-0", "yes", "1", "0", "é", "\xa0"]), st.text(max_size=4))
RECORDS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, TEXTS, TEXTS), min_size=1, max_size=24)


@settings(max_examples=200)
@given(RECORDS, st.integers(1, 5))
def test_cutting_a_batch_changes_no_reading(records, size):
    names = ["x", "n", "id", "b", "c"]
    table = {name: list(column) for name, column in zip(names, zip(*records, strict=True), strict=True)}
    batch = pa.RecordBatch.from_pydict(
        {name: [text.encode("utf-8", "surrogatepass") for text in table[name]] for name in names}
    )
    whole, reasons = typed(batch, SPEC, names)
    for start in range(0, batch.num_rows, size):
        part, part_reasons = typed(batch.slice(start, size), SPEC, names)
        for name in names:
            assert part[name].to_pylist() == whole[name].slice(start, size).to_pylist(), name
        expected = {row - start: why for row, why in reasons.items() if start <= row < start + size}
        assert part_reasons == expected


def spelt(value):
    """As pandas' to_csv writes it, and a whole 32-bit float as Arrow does."""
    if value is None or (isinstance(value, (float, np.floating)) and np.isnan(value)):
        return ""
    if isinstance(value, np.float32) and value == np.floor(value) and abs(value) < 2**53:
        return f"{int(value)}.0"
    return format(value, "f") if isinstance(value, decimal.Decimal) else str(value)


PLACES = [decimal.Decimal(10) ** -places for places in (0, 3, 9)]
TYPED = {
    pa.int8(): st.integers(-128, 127),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float32(): st.floats(width=32).filter(lambda value: abs(value) != 2.0**53).map(np.float32),
    pa.float64(): st.floats(),
    pa.bool_(): st.booleans(),
    **{
        pa.decimal128(30, places): st.integers(-(10**20), 10**20).map(lambda number, unit=unit: number * unit)
        for places, unit in zip((0, 3, 9), PLACES, strict=True)
    },
    pa.string(): st.one_of(TEXTS, NUMBERS).filter(lambda text: not set(text) & {"\r", "\x00"} and text.isprintable()),
    pa.date32(): st.dates(),
    pa.timestamp("s"): st.datetimes(datetime.datetime(1700, 1, 1)).map(lambda time: time.replace(microsecond=0)),
    pa.timestamp("us"): st.datetimes(datetime.datetime(1700, 1, 1)),
    pa.null(): st.none(),
}


@settings(max_examples=400)
@given(st.data())
def test_a_csv_and_a_parquet_file_of_the_same_values_are_read_alike(tmp_path_factory, data):
    """Every type, as every kind that it can be."""
    kind = data.draw(st.sampled_from(list(TYPED)))
    values = data.draw(st.lists(st.one_of(st.none(), TYPED[kind]), min_size=1, max_size=12))
    folder = tmp_path_factory.mktemp("t")
    pq.write_table(pa.table({"v": pa.array(values, kind), "w": ["w"] * len(values)}), folder / "t.parquet")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([["v", "w"], *([spelt(value), "w"] for value in values)])
    (folder / "t.csv").write_text(out.getvalue(), encoding="utf-8")
    read = {}
    for name in ("t.csv", "t.parquet"):
        [chunk] = files.plan([str(folder / name)])
        batches = files.read(chunk, ["v", "w"], ["v"], [], [])
        read[name] = pa.concat_arrays([batch.column(0) for batch in batches])
    kinds = [columns.text]
    if not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
        kinds += [columns.number, columns.integer, columns.boolean]
    for as_kind in kinds:
        (found, rejected), (typed_found, typed_rejected) = (one(as_kind, read[name]) for name in ("t.csv", "t.parquet"))
        assert set(rejected) == set(typed_rejected), (as_kind.__name__, rejected, typed_rejected)
        assert drop(found, rejected) == drop(typed_found, rejected), as_kind.__name__


def drop(values, rejected):
    """What is left of a column, as it is stored."""
    left = [value for row, value in enumerate(values) if row not in rejected]
    return [float(np.float32(value)) if isinstance(value, float) else value for value in left]


def test_what_stood_for_nothing_is_counted_by_column_and_token():
    batch = pa.RecordBatch.from_pydict(
        {
            "x": ["1", "2", "3", "4", "5"],
            "y": ["1", "2", "3", "4", ""],
            "n": ["1"] * 5,
            "id": ["1"] * 5,
            "b": ["NA", "yes", "no", "1", "NA"],
            "c": ["NA", " NA ", "", "NAM", "NA"],
        }
    )
    cleaned = clean(batch, SPEC, np.arange(5), Counter())
    assert set(cleaned.rejected) == {4}
    assert cleaned.tokens == {"c": {"NA": 2, "": 1}, "b": {"NA": 1}}


def test_decimal_commas_are_points_and_points_are_no_numbers():
    written = pa.array([b"3,10", b" -1,5e3 ", b"7", b"1,2,3", b"1.5", b"1.234,5", b"-9,5", b"NA", b"0,0"])
    rejected = {}
    found = columns.number(written, "x", ["NA", "-9,50"], rejected, ",")
    assert found.to_pylist() == [3.1, -1500.0, 7.0, None, None, None, None, None, 0.0]
    assert set(rejected) == {3, 4, 5}
    assert (
        rejected[5] == "column 'x': expected a number with ',' before its fraction (data.decimal); received '1.234,5'"
    )
    whole = columns.integer(pa.array(["5,0", "1.000", "12"]), "x", [], rejected := {}, decimal=",")
    assert (whole.to_pylist(), set(rejected)) == ([5, None, 12], {1})
    assert columns.number(pa.array([1.5]), "x", [], {}, ",").to_pylist() == [1.5]
    assert columns.number(pa.array([decimal.Decimal("1.5")]), "x", [], {}, ",").to_pylist() == [1.5]


@pytest.mark.parametrize("kind", [pa.binary(1), pa.string_view(), pa.binary_view()])
def test_texts_of_every_layout_are_texts(kind):
    values = pa.array(["7" if kind == pa.string_view() else b"7", None], kind)
    assert columns.text(values, "x", [], {}).to_pylist() == ["7", None]
    assert columns.number(values, "x", [], {}).to_pylist() == [7.0, None]


def test_the_largest_32_bit_float_is_read_from_its_shortest_text():
    largest = float(np.finfo(np.float32).max)
    for column in (
        pa.array(["3.4028235e+38", "-3.4028235e38", "3.4028236e38"]),
        pa.array([largest, -largest, 3.4028236e38]),
    ):
        rejected = {}
        found = columns.number(column, "x", [], rejected).to_numpy()
        assert found[:2].astype(np.float32).tolist() == [largest, -largest]
        assert list(rejected) == [2]
