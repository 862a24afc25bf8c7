from __future__ import annotations

import csv
import gzip
import io
import math
import threading
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import DataError
from components.table import file_names, files, rejected
from components.table.added_columns import ROW_COLUMN
from components.table.cleaning import clean, stored
from components.table.row_identity import identities
from components.table.spec import DropRule, TableSpec, ValueRule
from components.table.split_rule import SplitRule, TimeSplit
from components.values import texts as texts_rule

SPEC = TableSpec(numbers=["x", "y"], texts=["c"], label="y")


def read(path, spec=SPEC):
    """All rows, cleaned, as columns; the counts; the bad rows. `read.numbers` are the rows' numbers in the file."""
    counts, bad, kept, numbers = Counter(), [], [], []
    names = files.header(str(path))
    for chunk in files.plan([str(path)]):
        ragged, reasons, row = [], {}, 0
        for batch in files.read(chunk, names, spec.columns, [], ragged):
            rows = identities(0, files.record_numbers(chunk, row, batch.num_rows, ragged))
            cleaned = clean(batch, spec, rows, counts)
            numbers.extend(cleaned.kept.column(ROW_COLUMN).to_pylist())
            kept.append(stored(cleaned.kept.drop_columns([ROW_COLUMN])))
            reasons.update({row + index: why for index, why in cleaned.rejected.items()})
            row += batch.num_rows
        bad += rejected.locate(chunk, len(names), reasons, ragged, 1000)
    read.numbers = numbers
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
        "x: above 100, taken as missing": 1,
        "x: missing, mean imputed": 2,
    }


def test_texts_that_are_none_of_the_levels_are_counted(tmp_path):
    path = write(tmp_path, "c,x,y\nlow,1,2\nLow,1,2\n1.0,1,3\nNA,1,4\nhigh,1,4\nhigh ,1,4\n")
    rule = ValueRule(column="c", levels=["low", "1", "high"], outside="missing", impute="the levels' mean")
    counts = read(path, SPEC.model_copy(update={"values": {"grade": rule}}))[1]
    assert {text: number for text, number in counts.items() if text.startswith("grade")} == {
        "grade: none of the levels, taken as missing": 2,
        "grade: missing, the levels' mean imputed": 3,
    }


def test_a_rule_that_hits_nothing_has_no_line_and_texts_and_truth_values_have_rules_too(tmp_path):
    path = write(tmp_path, "c,x,y,b\na,1,2,yes\n TRUE,2,1,no\nTRUE,5,3,\nNA,1,4,1\nb,1,9,1\n")
    spec = SPEC.model_copy(
        update={
            "booleans": ["b"],
            "drop": {
                "y": DropRule(missing=True, below=0, above=50),
                "c": DropRule(missing=True, values=["true", "never"]),
                "b": DropRule(values=["false"]),
            },
            "values": {"x": ValueRule(max=100, outside="missing", impute="mean")},
        }
    )
    table, counts, _ = read(path, spec)
    assert table == {"x": [1.0, 1.0], "y": [2.0, 9.0], "b": ["true", "true"], "c": ["a", "b"]}
    assert {name: number for name, number in counts.items() if not name.startswith("rows ")} == {
        "c: missing, row dropped": 1,
        "c: 'true', row dropped": 1,
        "b: 'false', row dropped": 1,
    }


def test_rules_of_integers_are_exact(tmp_path):
    path = write(tmp_path, "c,x,y,n\n" + "".join(f"a,1,{index},{2**53 + index}\n" for index in range(-3, 4)))
    spec = SPEC.model_copy(
        update={
            "integers": ["n"],
            "wide": ["n"],
            "drop": {"n": DropRule(below=2.0**53 - 1, above=2.0**53 + 2)},
            "values": {"n": ValueRule(min=2**53, max=2**53 + 1, outside="missing", impute="mean")},
        }
    )
    table, counts, _ = read(path, spec)
    assert table["n"] == [2**53 + index for index in range(-1, 3)]
    assert {name: number for name, number in counts.items() if name.startswith("n: ")} == {
        "n: below 9007199254740991.0, row dropped": 2,
        "n: above 9007199254740994.0, row dropped": 1,
        "n: below 9007199254740992, taken as missing": 1,
        "n: above 9007199254740993, taken as missing": 1,
        "n: missing, mean imputed": 2,
    }


@pytest.mark.parametrize("column", [["3", "", "5"], [3.0, None, 5.0]])
def test_a_bound_beyond_all_numbers_hits_all_or_none(column):
    batch = pa.RecordBatch.from_pydict({"x": column, "n": column, "y": [1.0] * 3, "c": [""] * 3})
    for name, kind in (("x", "numbers"), ("n", "integers")):
        for far in (1e30, 1e300):
            rule = ValueRule(min=-far, max=far, outside="missing", impute="mean")
            spec = SPEC.model_copy(
                update={"integers": ["n"], "values": {name: rule}, "drop": {name: DropRule(above=far)}}
            )
            counts = Counter()
            clean(batch, spec, np.arange(3), counts)
            assert (kind, counts["rows kept"], counts[f"{name}: missing, mean imputed"]) == (kind, 3, 1)
            dropping = spec.model_copy(update={"drop": {name: DropRule(above=-far)}})
            clean(batch, dropping, np.arange(3), counts := Counter())
            assert (kind, counts["rows dropped"]) == (kind, 2)


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


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False), min_size=1, max_size=50)
)
def test_numbers_come_back_as_the_32_bit_floats_they_are(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_text("c,x,y\n" + "".join(f"a,{value!r},1\n" for value in values))
    assert read(path)[0]["x"] == np.array(values, np.float32).tolist()


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs"]), max_size=8)
NUMBER = st.one_of(
    st.none(), st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False), st.integers(-(2**40), 2**40)
)


@given(
    st.lists(
        st.tuples(TEXT, NUMBER, st.floats(-(2.0**20), 2.0**20, width=32, allow_subnormal=False)),
        min_size=1,
        max_size=40,
    )
)
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
        "c": [
            None if c.strip() in SPEC.missing else texts_rule.canonical_text(c)
            for c in oracle["c"].fill_null("").to_pylist()
        ],
    }
    for name in ("t.csv", "t.csv.gz", "t.parquet"):
        got, counts, bad = read(folder / name)
        assert got == expected, name
        assert (counts["rows read"], bad) == (len(rows), [])


def test_a_rows_number_is_its_place_in_the_file_whatever_the_chunks(tmp_path, monkeypatch):
    """Dropped, rejected and ragged rows count, blank lines don't; oracle: Python's csv module."""
    monkeypatch.setattr(files, "LEAST_CHUNK", 500)
    lines = [
        ("a,1,2", "\r\n"),
        ("a,1", "\n"),
        ("", "\n"),
        ("a,oops,2", "\n"),
        ("", "\r\n"),
        ("a,1,", "\n"),
        ("b,2,3", "\r\n"),
    ]
    text = "c,x,y\n" + "".join(line + end for line, end in lines * 300)
    spec = SPEC.model_copy(update={"drop": {"y": DropRule(missing=True)}})
    path = write(tmp_path, text)
    assert len(files.plan([str(path)])) > 5
    table, counts, bad = read(path, spec)
    records = [row for row in csv.reader(io.StringIO(text, newline="")) if row][1:]
    good = [number for number, row in enumerate(records) if row in (["a", "1", "2"], ["b", "2", "3"])]
    assert read.numbers == good
    assert (len(table["y"]), counts["rows dropped"], len(bad)) == (600, 300, 600)
    read(write(tmp_path, gzip.compress(text.encode()), "t.csv.gz"), spec)
    assert read.numbers == good
    columns = {name: [row[index] for row in records if len(row) == 3] for index, name in enumerate("cxy")}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet", row_group_size=100)
    read(tmp_path / "t.parquet", spec)
    whole = [row for row in records if len(row) == 3]
    assert read.numbers == [number for number, row in enumerate(whole) if row in (["a", "1", "2"], ["b", "2", "3"])]


def test_a_file_has_one_name_in_every_format():
    names = [file_names.stem("gs://b/t", f"gs://b/t/part/a.{suffix}") for suffix in ("csv", "csv.gz", "parquet")]
    assert names == ["part/a"] * 3


def test_label_features_rules_and_slices_move_no_row():
    rng = np.random.default_rng(0)
    columns = {"c": ["a"] * 500, "x": rng.integers(0, 2, 500), "y": rng.integers(0, 2, 500), "z": rng.normal(size=500)}
    batch, rows = pa.RecordBatch.from_pydict(columns), identities(7, np.arange(500))
    first = clean(batch, SPEC, rows, Counter()).split
    other = TableSpec(numbers=["z", "x"], texts=[], label="z")
    assert clean(batch, other, rows, Counter()).split.tolist() == first.tolist()
    parts = [clean(batch.slice(start, 7), SPEC, rows[start : start + 7], Counter()).split for start in range(0, 500, 7)]
    assert np.concatenate(parts).tolist() == first.tolist()
    dropping = SPEC.model_copy(update={"drop": {"x": DropRule(above=0.5)}})
    assert clean(batch, dropping, rows, Counter()).split.tolist() == first[columns["x"] == 0].tolist()


def test_a_row_without_a_time_is_rejected_unless_a_rule_drops_it():
    batch = pa.RecordBatch.from_pydict({"c": ["a"] * 3, "x": [1.0, None, 3.0], "y": [1.0, 2.0, 3.0]})
    rule = SplitRule(time=TimeSplit(column="x", starts={"eval": 2.0}))
    spec = SPEC.model_copy(update={"split": rule})
    cleaned = clean(batch, spec, np.arange(3), Counter())
    assert (cleaned.split.tolist(), cleaned.kept.column("y").to_pylist()) == ([0, 1], [1.0, 3.0])
    assert cleaned.rejected == {1: "column 'x': expected a number to split by; received nothing"}
    spec = spec.model_copy(update={"drop": {"x": DropRule(missing=True)}})
    counts = Counter()
    assert clean(batch, spec, np.arange(3), counts).rejected == {}
    assert counts["rows dropped"] == 1


def test_a_column_of_another_type_is_an_error():
    batch = pa.RecordBatch.from_pydict({"c": ["a"], "x": pa.array([[1]]), "y": [1.0]})
    with pytest.raises(DataError, match="column 'x': expected numbers; the column is of type list"):
        clean(batch, SPEC, np.arange(1), Counter())


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_no_thread_of_arrows_reads_a_file_of_pythons(tmp_path, name):
    """Seen: an exit code of −6 after "terminate called without an active exception", as Python ended under Arrow's thread."""
    text = ("c,x,y\n" + "a,1,2\n" * 4_000_000).encode()
    path = write(tmp_path, gzip.compress(text, 1) if name.endswith("gz") else text, name)
    readers = []

    def open_file(found):
        class Noted(io.FileIO):
            def readinto(self, buffer):
                readers.append(threading.get_ident())
                return super().readinto(buffer)

            def read(self, size=-1):
                readers.append(threading.get_ident())
                return super().read(size)

        return Noted(found)

    batches = files.read(files.Chunk(str(path), 0, None), list("cxy"), ["x"], [], [], open_file)
    assert sum(batch.num_rows for batch in batches) == 4_000_000
    assert len(readers) > 1
    assert set(readers) == {threading.get_ident()}


def test_blocks_end_with_a_record_and_ragged_rows_keep_their_places(tmp_path, monkeypatch):
    """Small blocks: records, quoted newlines, blank lines and rows of another length fall on every border."""
    monkeypatch.setattr(files, "BLOCK", 16)
    rows = [f'a,"{"b" * (index % 9)}\n",{index}' if index % 4 else f"short,{index}" for index in range(200)]
    path = write(tmp_path, "\ufeffc,x,y\n\n" + "\n\n".join(rows))
    ragged = []
    batches = list(files.read(files.Chunk(str(path), 0, None), list("cxy"), ["x", "y"], [], ragged))
    read = [value for batch in batches for value in batch.column("y").to_pylist()]
    assert read == [b"%d" % index for index in range(200) if index % 4]
    assert [(row.before, row.fields, row.text) for row in ragged] == [
        (index - index // 4, 2, f"short,{index}") for index in range(0, 200, 4)
    ]


def test_what_ingest_adds_is_the_same_from_every_format(tmp_path):
    """The column of the clusters, whole numbers here, is a feature too, and the one that rows are split by is none."""
    spec = SPEC.model_copy(
        update={"texts": ["c", "firm"], "cluster": "firm", "split": SplitRule(shares={"train": 1}, group="owner")}
    )
    lines = [f"a,{row},{row % 3},{row % 4},b{row % 5}" for row in range(60)]
    text = "\n".join(["c,x,y,firm,owner", *lines, ""])
    columns = zip(*(line.split(",") for line in lines), strict=True)
    table = pa.table(dict(zip(["c", "x", "y", "firm", "owner"], map(list, columns), strict=True)))
    for name in ("x", "y", "firm"):
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(pa.int32()))
    pq.write_table(table, tmp_path / "t.parquet")
    paths = [write(tmp_path, text), write(tmp_path, gzip.compress(text.encode()), "t.csv.gz"), tmp_path / "t.parquet"]
    found = [read(path, spec)[0] for path in paths]
    assert found[0] == found[1] == found[2]
    assert spec.added == ["plumbline_row", "plumbline_group", "plumbline_cluster"]
    assert list(found[0]) == ["x", "y", "c", "firm", *spec.added[1:]]  # `read` takes the rows' identities away
    pairs = set(zip(found[0]["firm"], found[0]["plumbline_cluster"], strict=True))
    assert len(pairs) == len(dict(pairs)) == len({cluster for _, cluster in pairs}) == 4


def test_a_row_without_a_cluster_is_a_bad_row_unless_a_rule_drops_it(tmp_path):
    path = write(tmp_path, "c,x,y,firm\na,1,2,5\na,2,1,NA\na,3,,\n")
    spec = SPEC.model_copy(update={"cluster": "firm", "drop": {"y": DropRule(missing=True)}})
    table, counts, bad = read(path, spec)
    assert table["y"] == [2.0]
    assert (counts["rows kept"], counts["rows dropped"], counts["rows rejected"]) == (1, 1, 1)
    [row] = bad
    assert row["line"] == 3
    assert row["reason"] == "column 'firm': expected a value, by which model.errors clusters rows; received nothing"


def test_rows_that_are_split_by_time_have_it(tmp_path):
    starts = {"eval": "2024-03-01"}
    spec = SPEC.model_copy(update={"split": SplitRule(shares={}, time=TimeSplit(column="day", starts=starts))})
    text = "c,x,y,day\na,1,2,2024-01-02\na,1,3,1970-01-01T00:00:01\na,1,4,2024-05-01\n"
    table, _, _ = read(write(tmp_path, text), spec)
    assert table["plumbline_time"] == [1_704_153_600_000_000, 1_000_000, 1_714_521_600_000_000]
    assert spec.added == ["plumbline_row", "plumbline_time"]
