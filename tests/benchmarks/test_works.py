"""The tables of the whole-run benchmark are what they are called, and both sides can read their configurations."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
import yaml

from benchmarks import tables
from benchmarks.works import AGAIN, COLUMNS, IMPORT, OURS, STOCK, works
from components.table.split_rule import SplitRule
from components.table.splits import assign
from pipeline.config.file import load_config


def one(kinds, folder, rows=(1000,)):
    [[work]] = works(kinds, rows, folder)
    return work, pd.read_csv(work.config.parent / "data.csv")


@pytest.mark.parametrize(("kind", "columns"), [("narrow", 2), ("mixed", 19)])
def test_tables_of_any_number_of_rows(kind, columns, tmp_path):
    work, table = one([kind], tmp_path)
    assert set(load_config(work.config).features) == set(table) - {"y"}
    assert table.shape == (work.rows, columns) == (1000, columns)
    assert work.contenders == (STOCK, OURS)


def test_the_wide_table(tmp_path):
    work, table = one(["wide"], tmp_path)
    assert table.shape == (15_000, 201)
    assert set(load_config(work.config).features) == set(table) - {"y"}


def test_each_level_is_in_the_training_split(tmp_path):
    work, table = one(["levels"], tmp_path)
    assert len(table) == work.rows == 60_000
    assert table["item"].nunique() == tables.LEVELS
    split = assign(SplitRule(group="x0"), {"x0": pa.array(table["x0"])}, table.index.to_numpy(), True).split
    assert table["item"][split == 0].nunique() == tables.LEVELS
    assert 0.15 < (split == 1).mean() < 0.25


def test_the_tables_of_some_columns(tmp_path):
    [given] = works(["columns"], [], tmp_path)
    for work, count in zip(given, COLUMNS, strict=True):
        table = pd.read_csv(work.config.parent / "data.csv")
        assert table.shape == (1000, count + 1)
        assert len(load_config(work.config).features) == count
        assert work.contenders == (OURS,)


def test_stocks_taxi_table_is_the_shipped_one_without_what_plumbline_drops(tmp_path):
    work, table = one(["taxi"], tmp_path)
    assert work.contenders == (IMPORT, STOCK, OURS, AGAIN)
    stock = pd.read_csv(work.stock.parent / "data.csv")
    pd.testing.assert_frame_equal(stock, table[table["fare"].between(2.25, 200)].reset_index(drop=True))
    assert work.rows == len(stock) < len(table)
    assert yaml.safe_load(work.stock.read_text()) == yaml.safe_load(work.config.read_text())
