"""What `predict --file` passes on beside the answers."""

from __future__ import annotations

import csv
import datetime
import json
import uuid
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.errors import ConfigError, DataError
from components.table.spec import TableSpec
from pipeline.scoring.pushed_model import Wanted
from pipeline.scoring.tables import predict_file
from tests.pipeline.config.test_file import GOOD, load


class Doubling:
    """A model of one feature, x: twice its value, and -1 where it is missing."""

    version = 1
    spec = TableSpec(numbers=["x"], texts=[], label="y", features=["x"])

    def names_of(self, wanted):
        return ["prediction"]

    def refused(self, columns):
        return {}

    def ask(self, columns, wanted):
        x = np.array(columns["x"], np.float32)
        return {"prediction": np.where(np.isnan(x), np.float32(-1), 2 * x)}


@pytest.fixture
def scored(tmp_path):
    def score(source, output, prefix=""):
        return predict_file(
            load(tmp_path, GOOD), Doubling(), source, tmp_path / output, Wanted(prefix=prefix)
        ), tmp_path / output

    return score


def a_table(**columns):
    return pa.table({"x": [1.5, None, 3.0], **columns}).replace_schema_metadata({"note": "kept"})


TYPES = {
    "wkb": pa.array([b"\x01\xff", None, b""]),
    "bytes": pa.array([b"abc", None, b""]),
    "fixed": pa.array([b"\xff\xfe", None, b"ab"], pa.binary(2)),
    "list": pa.array([["a", None], None, []]),
    "struct": pa.array([{"lat": 1.5}, None, {"lat": None}]),
    "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
    "dictionary": pa.array(["u", None, "v"]).dictionary_encode(),
    "decimal": pa.array([Decimal("1.20"), None, Decimal("3.00")]),
    "instant": pa.array([1, None, 3], pa.timestamp("us", "+05:30")),
    "day": pa.array([datetime.date(2024, 1, 31), None, None]),
    "unsigned": pa.array([2**64 - 1, None, 3], pa.uint64()),
    "large": pa.array(["a", None, ""], pa.large_string()),
    "nothing": pa.nulls(3),
    "id": pa.ExtensionArray.from_storage(
        pa.uuid(), pa.array([uuid.UUID(int=1).bytes, None, uuid.UUID(int=2).bytes], pa.binary(16))
    ),
}


def test_parquet_to_parquet_keeps_every_type_and_value(scored, tmp_path):
    pq.write_table(a_table(**TYPES), tmp_path / "t.parquet")
    before = pq.read_table(tmp_path / "t.parquet")
    rows, output = scored(tmp_path / "t.parquet", "o.parquet")
    after = pq.read_table(output)
    assert rows == 3
    assert after.column_names == [*before.column_names, "prediction"]
    assert after.column("prediction").to_pylist() == [3.0, -1.0, 6.0]
    assert after.schema.metadata[b"note"] == b"kept"
    for name in before.column_names:
        assert after.schema.field(name).equals(before.schema.field(name)), name
        assert after.column(name).to_pylist() == before.column(name).to_pylist(), name


@pytest.mark.parametrize(
    ("column", "fields"),
    [
        (TYPES["list"], ['["a", null]', "", "[]"]),
        (TYPES["struct"], ['{"lat": 1.5}', "", '{"lat": null}']),
        (TYPES["map"], ['{"k": 1}', "", "{}"]),
        (pa.array([[(1, "a")], None, []], pa.map_(pa.int64(), pa.string())), ['[[1, "a"]]', "", "{}"]),
        (pa.array([[float("nan"), 0.1], None, []]), ["[null, 0.1]", "", "[]"]),
        (pa.array([[b"\xff"], None, []]), ['["/w=="]', "", "[]"]),
        (pa.array([[Decimal("1.20")], None, []]), ['["1.20"]', "", "[]"]),
        (TYPES["bytes"], ["abc", "", ""]),
        (pa.array([b"ab", None, b"cd"], pa.binary(2)), ["ab", "", "cd"]),
        (TYPES["dictionary"], ["u", "", "v"]),
        (TYPES["decimal"], ["1.20", "", "3.00"]),
        (TYPES["instant"], ["1970-01-01 00:00:00.000001Z", "", "1970-01-01 00:00:00.000003Z"]),
        (TYPES["unsigned"], [str(2**64 - 1), "", "3"]),
        (TYPES["id"], [str(uuid.UUID(int=1)), "", str(uuid.UUID(int=2))]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_parquet_to_csv(scored, tmp_path, column, fields):
    pq.write_table(a_table(c=column), tmp_path / "t.parquet")
    _, output = scored(tmp_path / "t.parquet", "o.csv")
    with output.open(newline="") as file:
        read = list(csv.reader(file))
    assert read[0] == ["x", "c", "prediction"]
    assert [row[1] for row in read[1:]] == fields
    for field in fields:
        if field[:1] in ("[", "{"):
            json.loads(field)


@pytest.mark.parametrize("name", ["wkb", "fixed"])
def test_bytes_that_are_no_text_are_refused_of_a_csv_by_name(scored, tmp_path, name):
    pq.write_table(a_table(**{name: TYPES[name]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=rf"column '{name}': expected UTF-8\. Write to a \.parquet file"):
        scored(tmp_path / "t.parquet", "o.csv")
    assert not (tmp_path / "o.csv").exists()


def test_csv_to_csv_keeps_each_field_as_it_was(scored, tmp_path):
    rows = [["x", "a", "b"], ["1.50", " NA ", "007"], ["", "True", 'a "b", c'], ["+3", "two\nlines", "1e5"]]
    with (tmp_path / "t.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    _, output = scored(tmp_path / "t.csv", "o.csv")
    with output.open(newline="") as file:
        read = list(csv.reader(file))
    assert [row[:-1] for row in read] == rows
    assert [row[-1] for row in read] == ["prediction", "3", "-1", "6"]


def test_a_column_called_like_an_answer_is_refused_or_the_answer_renamed(scored, tmp_path):
    (tmp_path / "t.csv").write_text("x,prediction\n1,a\n")
    with pytest.raises(ConfigError, match=r"column 'prediction' is called like an answer\. .* --prefix model_"):
        scored(tmp_path / "t.csv", "o.csv")
    _, output = scored(tmp_path / "t.csv", "o.csv", prefix="model_")
    assert output.read_text().splitlines() == ['"x","prediction","model_prediction"', '"1","a",2']
