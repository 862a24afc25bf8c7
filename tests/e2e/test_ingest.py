"""The `Examples` artifact: the same from every format, cut and number of workers; readable by TFX's own components."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from tests.conftest import REPOSITORY, plumbline

pytestmark = pytest.mark.e2e

TAXI = REPOSITORY / "data" / "taxi"
ROWS = 50_000


def run_module(name: str, *args: object) -> dict:
    command = [sys.executable, "-m", f"tests.e2e.{name}", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def run_taxi(folder: Path, name: str, content: bytes) -> tuple[Path, Path]:
    """A whole run of the taxi pipeline on another file: configuration and root."""
    (folder / name).write_bytes(content)
    shutil.copy(TAXI / "schema.pbtxt", folder)
    config = folder / "pipeline.yaml"
    config.write_text((TAXI / "pipeline.yaml").read_text().replace("data.csv", name))
    done = plumbline("run", config, "--root", folder / "R")
    assert done.code == 0, done.out + done.err
    return config, folder / "R"


@pytest.fixture(scope="module")
def gz_run(tmp_path_factory):
    return run_taxi(tmp_path_factory.mktemp("gz"), "data.csv.gz", gzip.compress((TAXI / "data.csv").read_bytes()))


@pytest.fixture(scope="module")
def parquet_run(tmp_path_factory):
    table = pa_csv.read_csv(TAXI / "data.csv", convert_options=pa_csv.ConvertOptions(strings_can_be_null=True))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return run_taxi(tmp_path_factory.mktemp("parquet"), "data.parquet", sink.getvalue().to_pybytes())


@pytest.mark.parametrize("run", ["gz_run", "parquet_run"])
def test_csv_gz_and_parquet_give_the_model_of_the_csv_to_the_last_digit(taxi_run, run, request):
    config, root = request.getfixturevalue(run)
    shown = json.loads(plumbline("show", config, "--root", root, "--json").out)
    expected = taxi_run.show()
    assert shown["linear_fit"] == expected["linear_fit"]
    assert shown["fit"]["coefficients"] == expected["fit"]["coefficients"]
    assert shown["verdict"]["metrics"] == expected["verdict"]["metrics"]


def test_tfxs_own_components_read_it_with_the_right_counts(taxi_run, tmp_path):
    [uri] = (taxi_run.root / "pipelines/taxi-fare/ExampleGen/examples").iterdir()
    [rows] = [step["rows"] for step in taxi_run.show()["steps"] if step["step"] == "ExampleGen"]
    assert run_module("stock_reader", taxi_run.config, uri, tmp_path) == {name: [n, n] for name, n in rows.items()}


def test_a_lost_row_stops_the_run(gz_run, tfx_loaded):
    """A shard with one record less, as a failing disk or a careless hand would leave it."""
    import tensorflow as tf

    config, root = gz_run
    [shard] = (root / "pipelines/taxi-fare/ExampleGen/examples").glob("*/Split-train/*.gz")
    records = list(tf.data.TFRecordDataset(str(shard), "GZIP").as_numpy_iterator())
    with tf.io.TFRecordWriter(str(shard), tf.io.TFRecordOptions(compression_type="GZIP")) as writer:
        for record in records[1:]:
            writer.write(record)
    before = sorted((root / "serving/taxi-fare").iterdir())
    done = plumbline("run", config, "--root", root, "--from", "StatisticsGen")
    assert done.code == 1
    assert (
        f"rows were lost or made up: split train had {len(records)} rows after ExampleGen, "
        f"and {len(records) - 1} in StatisticsGen"
    ) in done.err
    assert sorted((root / "serving/taxi-fare").iterdir()) == before


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """A table, whole, in each format, and cut into 7 files of different formats."""
    rng = np.random.default_rng(4)
    table = pa.table(
        {
            "c": pa.array(rng.choice(["a", "b, c", 'd "e"', "é"], ROWS), mask=rng.random(ROWS) < 0.1),
            "x": pa.array(np.round(rng.normal(size=ROWS), 3), mask=rng.random(ROWS) < 0.1),
            "y": np.arange(ROWS, dtype=float),
        }
    )
    whole, packed, columnar, cut = (tmp_path_factory.mktemp(name) for name in ("whole", "packed", "columnar", "cut"))
    pa_csv.write_csv(table, whole / "t.csv")
    (packed / "t.csv.gz").write_bytes(gzip.compress((whole / "t.csv").read_bytes()))
    pq.write_table(table, columnar / "t.parquet", row_group_size=9_999)
    pa_csv.write_csv(table, cut / "t.csv")  # a further file moves no row of the others
    for index, start in enumerate(range(0, ROWS, ROWS // 6 + 1)):
        part = table.slice(start, ROWS // 6 + 1)
        if index % 2:
            pq.write_table(part, cut / f"t{index}.parquet")
        else:
            pa_csv.write_csv(part, cut / f"t{index}.csv")
    assert len(list(cut.iterdir())) == 7
    return table, (whole, packed, columnar), cut


def test_splits_are_the_same_whatever_the_workers_the_format_and_further_files(tables, tmp_path):
    table, (whole, packed, columnar), cut = tables
    one = run_module("ingest_split", whole, "*", 0, tmp_path / "one")
    assert run_module("ingest_split", whole, "*", 2, tmp_path / "two") == one
    assert run_module("ingest_split", packed, "*", 0, tmp_path / "packed") == one
    assert run_module("ingest_split", columnar, "*", 0, tmp_path / "columnar") == one
    both = run_module("ingest_split", cut, "*", 2, tmp_path / "cut")
    identities = {row["plumbline_row"] for row in one["train"] + one["eval"]}
    assert len(identities) == ROWS
    assert {split: [row for row in rows if row["plumbline_row"] in identities] for split, rows in both.items()} == one
    assert len(both["train"]) + len(both["eval"]) == 2 * ROWS
    read = sorted((row for rows in one.values() for row in rows), key=lambda row: row["plumbline_row"])
    expected = [
        {
            "x": [] if x is None else [float(np.float32(x))],
            "y": [y],
            "c": [] if c is None else [c],
        }
        for c, x, y in zip(*(table[name].to_pylist() for name in ("c", "x", "y")), strict=True)
    ]
    assert [{name: value for name, value in row.items() if name != "plumbline_row"} for row in read] == expected
    assert len(one["eval"]) == ROWS // 5


def test_split_by_is_the_split_of_tfxs_own_example_gens(tmp_path):
    """Groups of small, negative, quoted, zero-padded and 11-digit integers, of texts, of both. TFX's Parquet executor drops a 0."""
    number = np.random.default_rng(3).integers(1, 700, 3000)
    columns = {
        "small": [str(value) for value in number],
        "negative": [str(2 * value - 701) for value in number],
        "quoted": [f'"{value}"' for value in number],
        "padded": [f"{value:07d}" for value in number],
        "long": [str(10_000_000_000 + value * 77_777_777) for value in number],
        "text": [f"customer {value}" for value in number],
        "mixed": [f"x{value}" if value == 699 else str(value) for value in number],
    }
    lines = [",".join(row) for row in zip(*columns.values(), map(str, range(1, 3001)), map(str, number), strict=True)]
    (tmp_path / "t.csv").write_text(f"{','.join(columns)},row,y\n" + "\n".join(lines) + "\n")
    integers = {name: pa.array(map(int, columns[name])) for name in ("small", "negative", "padded", "long")}
    texts = {name: pa.array(columns[name]) for name in ("text", "mixed")}
    others = {"quoted": pa.array(number), "row": np.arange(1, 3001), "y": number.astype(float)}
    pq.write_table(pa.table(integers | texts | others), tmp_path / "t.parquet")
    found = run_module("group_split", tmp_path, *columns)
    for name, (csv_stock, parquet_stock, csv_ours, parquet_ours) in found.items():
        assert 800 < len(csv_stock) < 1200, name
        assert csv_ours == csv_stock, name
        assert parquet_ours == parquet_stock, name
