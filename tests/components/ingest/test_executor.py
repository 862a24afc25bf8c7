import gzip
import hashlib
import os
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.errors import DataError, RunError
from components.table import files
from tests.components.ingested import ingest, stored

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_rows_kept_must_be_the_rows_written():
    from components.ingest.executor import _check_kept

    _check_kept({"train": 8, "eval": 2}, 10)
    with pytest.raises(RunError, match=r"10 rows of the table were kept, and .'train': 7, 'eval': 2. written"):
        _check_kept({"train": 7, "eval": 2}, 10)


def test_the_first_chunks_error_is_raised_and_counts_are_summed():
    from components.ingest.executor import _sum_counts

    assert _sum_counts([{"counts": {"rows read": 2, "a": 1}}, {"counts": {"rows read": 3}}]) == {"rows read": 5, "a": 1}
    with pytest.raises(DataError, match="first"):
        _sum_counts([{"error": "first"}, {"error": "second"}])


ROWS = "x,y\n" + "".join(f"{index},{index / 7}\n" for index in range(200))


def test_sparks_folder_is_read_with_a_word_on_its_empty_part_and_a_digest_of_the_rest(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    (folder / "part-0.csv").touch()
    (folder / "part-1.csv").write_text(ROWS)
    (folder / "part-2.csv.gz").write_bytes(gzip.compress(ROWS.encode()))
    pq.write_table(pa.table({"x": [1.0], "y": [2.0]}), folder / "part-3.parquet")
    pq.write_table(
        pa.table({"x": pa.array([], pa.float64()), "y": pa.array([], pa.float64())}), folder / "part-4.parquet"
    )
    counts = ingest(folder, "part-*", tmp_path / "examples")
    assert counts["rows read"] == 401
    assert counts["empty files, passed over (part-0.csv)"] == 1
    read = [f"part-{name}" for name in ("1.csv", "2.csv.gz", "3.parquet", "4.parquet")]
    printed = subprocess.run(["sha256sum", *read], cwd=folder, capture_output=True, check=True).stdout
    assert (tmp_path / "examples" / "SHA256SUMS").read_bytes() == printed
    assert counts["table"] == {"files": 4, "sha256": hashlib.sha256(printed).hexdigest()}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: os.truncate(path, 1000), "the file changed while it was read: it had .* bytes and now has 1,000"),
        (
            lambda path: path.write_text(ROWS.replace("7", "8")),
            "the file changed while it was read: its content was written anew",
        ),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_that_is_cut_or_swapped_after_the_planning_ends_the_step(tmp_path, monkeypatch, suffix, change, words):
    path = tmp_path / f"t.{suffix}"
    if suffix == "csv":
        path.write_text(ROWS)
    else:
        pq.write_table(pa.table({"x": [1.0] * 500, "y": [2.0] * 500}), path, use_dictionary=False, compression="none")
    plan = files.plan

    def planned(*args):
        chunks = plan(*args)
        change(path)
        return chunks

    monkeypatch.setattr(files, "plan", planned)
    words = "the file changed while it was read" if suffix == "parquet" else words
    with pytest.raises(DataError, match=words):
        ingest(tmp_path, path.name, tmp_path / "examples")
    assert not (tmp_path / "examples" / "counts.json").exists()


def test_a_change_that_no_chunk_saw_is_seen_at_the_end_of_the_step(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text(ROWS)
    from components.ingest import executor

    total = executor._sum_counts

    def summed(reports):
        path.write_text(ROWS.replace("7", "8"))
        return total(reports)

    monkeypatch.setattr(executor, "_sum_counts", summed)
    with pytest.raises(DataError, match="its content was written anew"):
        ingest(tmp_path, "t.csv", tmp_path / "examples")


def test_whole_numbers_that_32_bit_floats_do_not_hold_reach_the_examples(tmp_path):
    """Seen: integers up to 2^53 passed, and were stored as 32-bit floats."""
    rows = [(10**9 + index, 2**61 + index, 10**12 + 10**7 * index + 1, 2**24 + 1 + index) for index in range(200)]
    text = "n,id,y,w\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    (tmp_path / "t.csv").write_text(text)
    table = pa.table(
        {name: list(column) for name, column in zip(["n", "id", "y", "w"], zip(*rows, strict=True), strict=True)}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    spec = {"numbers": ["y", "w"], "integers": ["n", "id"], "wide": ["id"], "weight": "w", "features": ["n", "id"]}
    for name in ("t.csv", "t.parquet"):
        ingest(tmp_path, name, tmp_path / f"examples-{name}", **spec)
        columns, kinds = stored(tmp_path / f"examples-{name}")
        assert set.union(*kinds.values()) == {"int64_list"}
        kept = sorted(zip(*(columns[key] for key in ("n", "id", "y", "w")), strict=True))
        assert kept == rows


def test_a_label_with_one_decimal_or_of_small_whole_numbers_travels_as_a_float(tmp_path):
    big = [10**6 + 10**7 * index for index in range(200)]
    for name, labels in {"small": range(200), "decimal": [*big[:-1], 0.5], "big": big}.items():
        (tmp_path / f"{name}.csv").write_text("x,y\n" + "".join(f"{i % 7},{y}\n" for i, y in enumerate(labels)))
        counts = ingest(tmp_path, f"{name}.csv", tmp_path / name)
        columns, kinds = stored(tmp_path / name)
        assert kinds["y"] == {"int64_list" if name == "big" else "float_list"}
        assert kinds["x"] == {"float_list"}
        assert (sum(counts["splits"].values()), len(columns["y"])) == (200, 200)
    assert sorted(columns["y"]) == big


def test_too_few_digits_end_the_step_and_a_little_rounding_is_counted(tmp_path):
    for name, first, step in (("coarse", 10**8, 1), ("fine", 10**8 + 1, 10**6)):
        text = "x,y\n" + "".join(f"{first + step * index},{index % 11}\n" for index in range(400))
        (tmp_path / f"{name}.csv").write_text(text)
    with pytest.raises(
        DataError, match=r"coarse\.csv: column 'x': 32-bit floats, .* All are whole numbers: make it of kind integer"
    ):
        ingest(tmp_path, "coarse.csv", tmp_path / "coarse", features=["x"])
    counts = ingest(tmp_path, "fine.csv", tmp_path / "fine", features=["x"])
    rounded = counts["x: whole numbers of training rows rounded to 32-bit floats (kind: integer keeps them)"]
    assert 0.8 * counts["splits"]["train"] < rounded <= counts["splits"]["train"]


def test_counts_name_what_stood_for_nothing_and_no_rule_that_hit_nothing(tmp_path):
    from components.table.spec import DropRule, ValueRule

    texts = ["NA", "", " NA ", "fine", "TRUE", "true"] * 40
    lines = [f"{index},{index % 9},{text}" for index, text in enumerate(texts)]
    (tmp_path / "t.csv").write_text("x,y,c\n" + "\n".join(lines) + "\n")
    counts = ingest(
        tmp_path,
        "t.csv",
        tmp_path / "examples",
        texts=["c"],
        drop={"y": DropRule(missing=True, above=100), "c": DropRule(values=["fine", "never"])},
        values={"x": ValueRule(max=1000, outside="missing", impute="mean")},
    )
    assert counts["missing tokens"] == {"c": {"NA": 80, "": 40}}
    assert [key for key in counts if key.startswith(("x: ", "y: ", "c: "))] == ["c: 'fine', row dropped"]
    assert (counts["c: 'fine', row dropped"], counts["rows dropped"], counts["rows rejected"]) == (40, 40, 0)
    columns, _ = stored(tmp_path / "examples")
    assert set(columns["c"]) == {None, b"true"}


def test_two_input_splits_are_refused():
    from tfx.proto import example_gen_pb2

    from components.ingest.executor import _only_pattern

    splits = [example_gen_pb2.Input.Split(name=name, pattern=f"{name}/*") for name in ("train", "eval")]
    assert _only_pattern(example_gen_pb2.Input(splits=splits[:1])) == "train/*"
    with pytest.raises(RunError, match=r"expected one input split; received train \(train/\*\), eval \(eval/\*\)"):
        _only_pattern(example_gen_pb2.Input(splits=splits))


@pytest.mark.parametrize(
    ("values", "positive", "classes"),
    [(["yes", "no"], "yes", ["no", "yes"]), ([True, False], "true", ["false", "true"]), ([2, 1], "2", ["1", "2"])],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_label_of_two_values_is_a_number_from_ingest_on(tmp_path, suffix, values, positive, classes):
    """Statistics, Transform and the gate read the tf.Examples."""
    table = pa.table({"x": [index / 7 for index in range(200)], "y": [values[index % 3 > 0] for index in range(200)]})
    if suffix == "csv":
        table.to_pandas().to_csv(tmp_path / "t.csv", index=False)
    else:
        pq.write_table(table, tmp_path / "t.parquet")
    spec = {"numbers": ["x"], "texts": ["y"], "family": "binomial", "positive": positive}
    counts = ingest(tmp_path, f"t.{suffix}", tmp_path / "examples", **spec)
    assert counts["classes"] == classes
    columns, kinds = stored(tmp_path / "examples")
    assert kinds["y"] == {"float_list"}
    rows = [columns["plumbline_row"].index(row) for row in sorted(columns["plumbline_row"])]
    assert [columns["y"][row] for row in rows] == [float(index % 3 == 0) for index in range(200)]


def test_a_third_value_in_a_later_file_ends_the_step(tmp_path):
    for name, values in (("a", ["yes", "no"]), ("b", ["no", "maybe"])):
        (tmp_path / f"{name}.csv").write_text(
            "x,y\n" + "".join(f"{row},{value}\n" for row, value in enumerate(values * 50))
        )
    spec = {"numbers": ["x"], "texts": ["y"], "family": "binomial", "positive": "yes"}
    with pytest.raises(
        DataError, match=r"b\.csv, line 3, column 'y': expected 'yes' \(positive\) or 'no'.*received 'maybe'"
    ):
        ingest(tmp_path, "*.csv", tmp_path / "examples", **spec)


@pytest.mark.parametrize(
    ("label", "family", "classes", "hint"),
    [
        (lambda row: row % 2, "gaussian", None, "label 'y': 0 and 1 in all rows. model.family: binomial fits it"),
        (lambda row: row % 2, "binomial", ["0", "1"], None),
        (lambda row: (row % 5) * (row % 3) // 2, "gaussian", None, "label 'y': counts. model.family: poisson fits it"),
        (lambda row: (row % 5) * (row % 3) // 2, "poisson", None, None),
        (lambda row: row / 7, "gaussian", None, None),
    ],
)
def test_least_squares_on_classes_or_counts_is_said_in_one_line(tmp_path, label, family, classes, hint):
    rows = "".join(f"{row},{label(row)}\n" for row in range(200))
    (tmp_path / "t.csv").write_text(f"x,y\n{rows}")
    counts = ingest(tmp_path, "t.csv", tmp_path / "examples", family=family)
    assert (counts["classes"], counts["hint"]) == (classes, hint)
