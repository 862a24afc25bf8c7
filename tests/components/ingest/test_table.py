from __future__ import annotations

import gzip
import math
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import DataError
from components.ingest import files, rejected
from components.ingest.table import DropRule, TableSpec, ValueRule, clean

SPEC = TableSpec(numbers=["x", "y"], texts=["c"], label="y")


def read(path, spec=SPEC):
    """All rows, cleaned, as columns; the counts; the bad rows."""
    counts, bad, kept = Counter(), [], []
    names = files.header(str(path))
    for chunk in files.plan([str(path)]):
        ragged, reasons, row = [], {}, 0
        for batch in files.read(chunk, names, spec.columns, spec.missing, ragged):
            cleaned = clean(batch, spec, counts)
            kept.append(cleaned.kept)
            reasons.update({row + index: why for index, why in cleaned.rejected.items()})
            row += batch.num_rows
        bad += rejected.locate(chunk, len(names), reasons, ragged, 1000)
    return pa.Table.from_batches(kept).to_pydict() if kept else {}, counts, bad


def write(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_reads_typed_columns_and_missing_values(tmp_path):
    path = write(tmp_path, "c,x,other,y\na,1,q,2\n,NA,q,3.5\n,,q, 4 \n")
    table, counts, bad = read(path)
    assert table == {"x": [1.0, None, None], "y": [2.0, 3.5, 4.0], "c": ["a", None, None]}
    assert (counts["rows read"], counts["rows kept"], counts["rows dropped"], bad) == (3, 3, 0, [])


def test_csv_gz_and_parquet_read_the_same(tmp_path):
    text = "c,x,y\na,1,2\n,,3\n"
    expected = read(write(tmp_path, text))[0]
    assert read(write(tmp_path, gzip.compress(text.encode()), "t.csv.gz"))[0] == expected
    pq.write_table(pa.table({"c": ["a", None], "x": [1, None], "y": [2.0, 3.0]}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet")[0] == expected


def test_missing_tokens_are_the_configurations(tmp_path):
    spec = SPEC.model_copy(update={"missing": ["-", "?"]})
    table, _, _ = read(write(tmp_path, "c,x,y\n?,-,2\nNA,1,3\n"), spec)
    assert table == {"x": [None, 1.0], "y": [2.0, 3.0], "c": [None, "NA"]}


def test_rules_drop_rows_and_count_what_they_touched(tmp_path):
    path = write(tmp_path, "c,x,y\na,1,2\na,2,1\na,500,3\na,,4\na,1,99\na,1,\n")
    spec = SPEC.model_copy(
        update={
            "drop": {"y": DropRule(missing=True, below=1.5, above=50)},
            "values": {"x": ValueRule(max=100, outside="missing", impute="mean")},
        }
    )
    table, counts, _ = read(path, spec)
    assert table["y"] == [2.0, 3.0, 4.0]
    assert counts == {
        "rows read": 6,
        "rows kept": 3,
        "rows dropped": 3,
        "rows rejected": 0,
        "y: missing, row dropped": 1,
        "y: below 1.5, row dropped": 1,
        "y: above 50.0, row dropped": 1,
        "x: above 100.0, taken as missing": 1,
        "x: missing, mean imputed": 2,
    }


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("c,x,y\na,1,2\na,1,cheap\n", 3, "column 'y': expected a number; received 'cheap'"),
        ("c,x,y\na,1,2\na,1,\n", 3, "column 'y': expected a number; received nothing"),
        ("c,x,y\na,1,inf\n", 2, "column 'y': expected a finite number that a 32-bit float holds; received inf"),
        ("c,x,y\na,1e39,2\n", 2, "column 'x': expected a finite number that a 32-bit float holds; received 1e39"),
        ("c,x,y\na,1,2\na,1\n", 3, "expected 3 fields; received 2: 'a,1'"),
        ("c,x,y\n\na,1,2\n\n\na,1,2,3\n", 6, "expected 3 fields; received 4: 'a,1,2,3'"),
        ('c,x,y\n"two\nlines",1,2\na,b,3\n', 4, "column 'x': expected a number; received 'b'"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path, text, line, reason):
    path = write(tmp_path, text)
    _, counts, bad = read(path)
    assert [(row["file"], row["line"]) for row in bad] == [(str(path), line)]
    assert bad[0]["reason"].startswith(reason)
    assert counts["rows rejected"] + (reason[0] == "e") == 1


def test_a_line_counts_over_all_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LEAST_CHUNK", 1000)
    rows = 20_000
    path = write(tmp_path, "c,x,y\n" + "a,1,2\n" * rows + "a,oops,2\n")
    assert len(files.plan([str(path)])) > 10
    _, counts, bad = read(path)
    assert [row["line"] for row in bad] == [rows + 2]
    assert (counts["rows read"], counts["rows kept"]) == (rows + 1, rows)


def test_a_weight_below_zero_is_rejected(tmp_path):
    path = write(tmp_path, "c,x,y\na,1,2\na,-1,2\n")
    _, _, bad = read(path, SPEC.model_copy(update={"weight": "x"}))
    assert bad[0]["reason"] == "column 'x': expected a weight of at least 0; received -1.0"


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_numbers_come_back_as_the_32_bit_floats_they_are(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_text("c,x,y\n" + "".join(f"a,{value!r},1\n" for value in values))
    assert read(path)[0]["x"] == np.array(values, np.float32).tolist()


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs"]), max_size=8)
NUMBER = st.one_of(st.none(), st.floats(-(2.0**100), 2.0**100, width=32), st.integers(-(2**40), 2**40))


@given(st.lists(st.tuples(TEXT, NUMBER, st.floats(-(2.0**20), 2.0**20, width=32)), min_size=1, max_size=40))
def test_random_tables_read_as_pyarrow_reads_them(tmp_path_factory, rows):
    """Quotes, commas, newlines within fields, any script; CSV, CSV.gz and Parquet."""
    folder = tmp_path_factory.mktemp("t")
    texts, numbers, labels = (list(column) for column in zip(*rows, strict=True))
    table = pa.table({"c": texts, "x": pa.array(numbers, pa.float64()), "y": labels})
    pq.write_table(table, folder / "t.parquet", row_group_size=7)
    pa_csv.write_csv(table, folder / "t.csv")
    (folder / "t.csv.gz").write_bytes(gzip.compress((folder / "t.csv").read_bytes()))
    options = pa_csv.ConvertOptions(
        column_types=dict(zip("cxy", (pa.string(), pa.float64(), pa.float64()), strict=True))
    )
    oracle = pa_csv.read_csv(folder / "t.csv", None, pa_csv.ParseOptions(newlines_in_values=True), options)
    expected = {
        "x": [None if x is None or math.isnan(x) else float(np.float32(x)) for x in oracle["x"].to_pylist()],
        "y": [float(np.float32(y)) for y in oracle["y"].to_pylist()],
        "c": [None if c in SPEC.missing else c for c in oracle["c"].to_pylist()],
    }
    for name in ("t.csv", "t.csv.gz", "t.parquet"):
        got, counts, bad = read(folder / name)
        assert got == expected, name
        assert (counts["rows read"], bad) == (len(rows), [])


def test_equal_rows_fall_into_the_same_split_whatever_the_batch():
    rows = {"c": ["a", None, "b"] * 100, "x": list(range(300)), "y": [0.0, -0.0, 1.5] * 100}
    batch = pa.RecordBatch.from_pydict(rows)
    whole = clean(batch, SPEC, Counter()).split
    parts = [clean(batch.slice(start, 7), SPEC, Counter()).split for start in range(0, 300, 7)]
    assert whole.tolist() == np.concatenate(parts).tolist()
    assert 0.1 < whole.mean() < 0.3


def test_split_by_keeps_a_customers_rows_together_as_tfx_would():
    """TFX's rule worked out by TensorFlow's own protobuf."""
    import hashlib

    from tensorflow.core.example import feature_pb2  # the message alone

    batch = pa.RecordBatch.from_pydict({"c": ["ann", "bob", None, "ann"], "x": [7, 300, -1, 2**31], "y": [1.0] * 4})
    by_text = clean(batch, SPEC.model_copy(update={"split_by": "c"}), Counter()).split
    assert by_text[0] == by_text[3]

    def bucket(feature):
        return int(hashlib.sha256(feature.SerializeToString()).hexdigest(), 16) % 5

    integers = [feature_pb2.Feature(int64_list=feature_pb2.Int64List(value=[value])) for value in (7, 300, -1, 2**31)]
    by_number = clean(batch, SPEC.model_copy(update={"split_by": "x"}), Counter()).split
    assert by_number.tolist() == [int(bucket(feature) >= 4) for feature in integers]
    text = feature_pb2.Feature(bytes_list=feature_pb2.BytesList(value=[b"bob"]))
    assert by_text[1] == int(bucket(text) >= 4)


def test_a_column_of_another_type_is_an_error():
    batch = pa.RecordBatch.from_pydict({"c": ["a"], "x": pa.array([[1]]), "y": [1.0]})
    with pytest.raises(DataError, match="column 'x': expected numbers; the column is of type list"):
        clean(batch, SPEC, Counter())
