from __future__ import annotations

import gzip
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import DataError
from components.ingest.table import DropRule, TableSpec, ValueRule, clean_batches, header

SPEC = TableSpec(numbers=["x", "y"], texts=["c"], label="y")


def read(path, spec=SPEC):
    counts = Counter()
    table = pa.Table.from_batches(list(clean_batches(path, spec, counts)))
    return table.to_pydict(), counts


def write(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_reads_typed_columns_and_missing_values(tmp_path):
    path = write(tmp_path, "c,x,other,y\na,1,q,2\n,NA,q,3.5\n,,q, 4 \n")
    table, counts = read(path)
    assert table == {"x": [1.0, None, None], "y": [2.0, 3.5, 4.0], "c": ["a", None, None]}
    assert (counts["rows read"], counts["rows kept"], counts["rows dropped"]) == (3, 3, 0)


def test_csv_gz_and_parquet_read_the_same(tmp_path):
    text = "c,x,y\na,1,2\n,,3\n"
    expected = read(write(tmp_path, text))[0]
    assert read(write(tmp_path, gzip.compress(text.encode()), "t.csv.gz"))[0] == expected
    pq.write_table(pa.table({"c": ["a", None], "x": [1, None], "y": [2.0, 3.0]}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet")[0] == expected


def test_rules_drop_rows_and_count_what_they_touched(tmp_path):
    path = write(tmp_path, "c,x,y\na,1,2\na,2,1\na,500,3\na,,4\na,1,99\na,1,\n")
    spec = SPEC.model_copy(
        update={
            "drop": {"y": DropRule(missing=True, below=1.5, above=50)},
            "values": {"x": ValueRule(max=100, outside="missing", impute="mean")},
        }
    )
    table, counts = read(path, spec)
    assert table["y"] == [2.0, 3.0, 4.0]
    assert counts == {
        "rows read": 6,
        "rows kept": 3,
        "rows dropped": 3,
        "y: missing, row dropped": 1,
        "y: below 1.5, row dropped": 1,
        "y: above 50.0, row dropped": 1,
        "x: above 100.0, taken as missing": 1,
        "x: missing, mean imputed": 2,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty. Expected a header and at least one row."),
        ("c,x,y\n", "the table has a header and no rows."),
        ("c,x\na,1\n", "the configuration uses column 'y', which the table does not have. Its columns: c, x."),
        ("c,x,y\na,1,2\na,1,cheap\n", "row 2, column 'y': expected a number; received 'cheap'."),
        ("c,x,y\na,1,2\na,1,\n", "row 2, column 'y': expected a number; received nothing."),
        ("c,x,y\na,1,inf\n", "row 1, column 'y': expected a finite number that a 32-bit float holds; received inf."),
        ("c,x,y\na,1e39,2\n", "row 1, column 'x': expected a finite number that a 32-bit float holds"),
        ("c,x,y\na,1,2\na,1\n", "Expected 3 columns, got 2"),
        ("c,x,x,y\na,1,1,2\n", "line 1: column 'x' stands more than once in the header."),
    ],
)
def test_what_is_wrong_is_said_with_place_and_value(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_row_number_counts_over_all_batches(tmp_path):
    rows = 200_000  # several of pyarrow's blocks
    path = write(tmp_path, "c,x,y\n" + "a,1,2\n" * rows + "a,oops,2\n")
    with pytest.raises(DataError, match=f"row {rows + 1}, column 'x'"):
        read(path)


def test_a_missing_or_foreign_file_is_said(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        header(tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"expected a \.csv, \.csv\.gz, \.parquet file"):
        header(write(tmp_path, "x", "t.xlsx"))
    with pytest.raises(DataError, match="not readable as a table"):
        header(write(tmp_path, "x", "t.parquet"))


def test_a_weight_below_zero_is_an_error(tmp_path):
    path = write(tmp_path, "c,x,y\na,1,2\na,-1,2\n")
    with pytest.raises(DataError, match="row 2, column 'x': expected a weight of at least 0; received -1"):
        read(path, SPEC.model_copy(update={"weight": "x"}))


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_numbers_come_back_as_the_32_bit_floats_they_are(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_text("c,x,y\n" + "".join(f"a,{value!r},1\n" for value in values))
    assert read(path)[0]["x"] == np.array(values, np.float32).tolist()
