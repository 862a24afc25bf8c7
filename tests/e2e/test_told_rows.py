"""What the fit is told of each row beside its numbers: identity, cluster, time and slices, however the rows are read."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.table.row_identity import places
from tests.conftest import plumbline

pytestmark = pytest.mark.e2e

ROWS = 3000
CONFIG = """
name: told
data: {{path: {path}, split: {{by: day, eval_from: "2024-03-01"}}}}
label: y
features: {{x: numeric, hour: integer, city: categorical}}
model: {{errors: {{cluster: firm}}}}
evaluate: {{slices: [[city], [hour, region]]}}
"""


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(1)
    x = generator.normal(size=ROWS).round(3)
    return pd.DataFrame(
        {
            "x": x,
            "hour": generator.integers(0, 24, ROWS),
            "city": generator.choice(["Köln", "a,b", "Rom", None], ROWS),
            "region": generator.choice(["north", None], ROWS),
            "firm": generator.integers(0, 200, ROWS),
            "day": pd.date_range("2024-01-01", periods=ROWS, freq="h"),
            "y": (1 + 2 * x + generator.normal(size=ROWS)).round(3),
        }
    )


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory):
    """Two runs: of a CSV in this process, of Parquet by two workers."""
    folder = tmp_path_factory.mktemp("told")
    table.to_csv(folder / "t.csv", index=False)
    table.to_parquet(folder / "t.parquet", index=False)
    for suffix, workers in (("csv", "0"), ("parquet", "2")):
        (folder / f"{suffix}.yaml").write_text(CONFIG.format(path=f"t.{suffix}"))
        run(folder, suffix, "--workers", workers)
    return folder


def run(folder, suffix, *args):
    done = plumbline("run", folder / f"{suffix}.yaml", "--root", folder / suffix, *args)
    assert done.code == 0, done.out + done.err


def told(folder, suffix):
    """What the newest shards tell, by identity."""
    artifacts = (folder / suffix / "pipelines/told/Gather/gathered").iterdir()
    newest = max(artifacts, key=lambda artifact: int(artifact.name))
    assert json.loads((newest / "gathered.json").read_text())["slices"] == ["city", "hour", "region"]
    files = newest.glob("rows/design-*.arrow")
    tables = [pa.ipc.open_stream(file.read_bytes()).read_all() for file in files]
    found = pa.concat_tables(tables).select(["row", "cluster", "time", "slice_0", "slice_1", "slice_2"])
    return found.sort_by("row").to_pydict()


def test_rows_are_told_of_as_the_table_has_them(folder, table):
    found = told(folder, "csv")
    [counts] = (folder / "csv/pipelines/told/ExampleGen/examples").glob("*/counts.json")
    train = table[table.day < "2024-03-01"]
    named = places(np.array(found["row"]), json.loads(counts.read_text())["files"])
    assert named == [f"t.csv, row {index + 1}" for index in train.index]
    digests = [hashlib.sha256(str(firm).encode()).digest()[:8] for firm in train.firm]
    assert found["cluster"] == [int.from_bytes(digest, "big") >> 1 for digest in digests]
    assert found["time"] == train.day.astype("datetime64[us]").astype(np.int64).tolist()
    assert found["slice_0"] == train.city.tolist()
    assert found["slice_1"] == train.hour.astype(str).tolist()
    assert found["slice_2"] == train.region.tolist()


def test_parquet_and_workers_tell_the_same(folder):
    assert told(folder, "parquet") == told(folder, "csv")


def test_parsed_examples_tell_what_columns_do(folder):
    """Without the columns beside them, tf.Examples are parsed."""
    [columns] = (folder / "csv/pipelines/told/ExampleGen/examples").glob("*/columns")
    expected = told(folder, "csv")
    shutil.rmtree(columns)
    run(folder, "csv", "--workers", "0", "--from", "Gather")
    assert len(list((folder / "csv/pipelines/told/Gather/gathered").iterdir())) == 2
    assert told(folder, "csv") == expected
