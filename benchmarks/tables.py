"""Makes the tables of the whole-run benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from components.table.split_rule import SplitRule
from components.table.splits import assign

BLOCK = 500_000
NARROW, MIXED = "2 columns", "19 mixed columns"
LEVELS = 20_000
KEY = "x0"  # whole numbers; decides a row's split


def make(kind: str, rows: int, path: Path) -> dict[str, Any]:
    """Writes a CSV table.

    Args:
      kind: `NARROW` (x0, y) or `MIXED` (11 numbers, 2 of them with gaps, 1 cut into buckets; 7 texts, one of them with a
        long tail, one with gaps; y).
      rows: how many.
      path: to write to.

    Returns:
      The features, as a configuration has them.
    """
    rng = np.random.default_rng(20)
    with path.open("wb") as file:
        for start in range(0, rows, BLOCK):
            batch = _block(kind, min(BLOCK, rows - start), rng)
            if start == 0:  # pyarrow would quote the names, and CsvExampleGen keep the quotes
                file.write((",".join(batch.column_names) + "\n").encode())
            pa_csv.write_csv(batch, file, pa_csv.WriteOptions(include_header=False, quoting_style="needed"))
    return _features(kind)


def make_wide(rows: int, columns: int, path: Path) -> dict[str, Any]:
    """Writes a CSV table of numbers: x0, x1, …, y.

    Args:
      rows: how many.
      columns: features.
      path: to write to.

    Returns:
      The features, as a configuration has them.
    """
    rng = np.random.default_rng(22)
    table: dict[str, Any] = {KEY: rng.integers(0, 2**20, rows)}
    table |= {f"x{index}": np.round(rng.normal(index % 7, 1 + index % 5, rows), 4) for index in range(1, columns)}
    y = 2 * table[KEY] / 2**20 + sum(0.1 * (index % 9) * table[f"x{index}"] for index in range(1, columns))
    _write(pa.table({**table, "y": np.round(y + rng.normal(0, 0.3, rows), 4)}), path)
    return dict.fromkeys(table, "numeric")


def make_some(rows: int, columns: int, path: Path) -> dict[str, Any]:
    """Writes a CSV table such as people have: of four features one a text of few levels, three numbers, one of these with gaps.

    Args:
      rows: how many.
      columns: features.
      path: to write to.

    Returns:
      The features, as a configuration has them.
    """
    rng = np.random.default_rng(23)
    table: dict[str, Any] = {KEY: rng.integers(0, 2**20, rows)}
    features: dict[str, Any] = {KEY: "numeric"}
    y = 2 * table[KEY] / 2**20 + rng.normal(0, 0.3, rows)
    for index in range(1, columns):
        if index % 4 == 3:
            ids = rng.integers(0, 2 + index % 5, rows)
            table[f"c{index}"] = np.char.add("level ", ids.astype(str))
            features[f"c{index}"] = {"kind": "categorical", "vocabulary": 10}
            y += 0.1 * ids
        else:
            values = rng.normal(index % 7, 1 + index % 5, rows)
            table[f"x{index}"] = pa.array(np.round(values, 4), mask=rng.random(rows) < 0.05 * (index % 4 == 1))
            features[f"x{index}"] = "numeric"
            y += 0.1 * values
    _write(pa.table({**table, "y": np.round(y, 4)}), path)
    return features


def make_levels(rows: int, path: Path) -> dict[str, Any]:
    """Writes a CSV table of one text with `LEVELS` levels, each of which is in the training split, and y.

    Args:
      rows: how many.
      path: to write to.

    Returns:
      The feature, as a configuration has it.
    """
    rng = np.random.default_rng(24)
    keys, ids = rng.integers(0, 2**20, rows), rng.integers(0, LEVELS, rows)
    trained = np.flatnonzero(assign(SplitRule(group=KEY), {KEY: pa.array(keys)}, np.arange(rows), True).split == 0)
    ids[rng.permutation(trained)[:LEVELS]] = np.arange(LEVELS)
    y = rng.normal(0, 1, LEVELS)[ids] + rng.normal(0, 0.3, rows)
    _write(pa.table({KEY: keys, "item": np.char.add("item ", ids.astype(str)), "y": np.round(y, 4)}), path)
    return {"item": {"kind": "categorical", "vocabulary": LEVELS}}


def _write(table: pa.Table, path: Path) -> None:
    with path.open("wb") as file:
        file.write(
            (",".join(table.column_names) + "\n").encode()
        )  # pyarrow would quote the names, and CsvExampleGen keep the quotes
        pa_csv.write_csv(table, file, pa_csv.WriteOptions(include_header=False, quoting_style="needed"))


def _block(kind: str, rows: int, rng: np.random.Generator) -> pa.Table:
    x0 = rng.integers(0, 2**20, rows)
    y = 3 + 2 * x0 / 2**20 + rng.normal(0, 0.3, rows)
    if kind == NARROW:
        return pa.table({KEY: x0, "y": np.round(y, 4)})
    columns: dict[str, Any] = {KEY: x0}
    for index in range(1, 10):
        values = rng.normal(index, 1 + index / 3, rows)
        y += 0.1 * index * np.nan_to_num(values)
        columns[f"x{index}"] = pa.array(np.round(values, 4), mask=rng.random(rows) < (0.05 if index < 3 else 0))
    hours = rng.uniform(0, 24, rows)
    y += np.where(hours < 8, 1.0, 0.0)
    columns["hour"] = np.round(hours, 2)
    tail = np.minimum(rng.zipf(1.3, rows), 100_000)
    columns["tail"] = pa.array(np.char.add("item", tail.astype(str)))
    for index, levels in enumerate((2, 4, 8, 16, 30, 50)):
        ids = rng.integers(0, levels, rows)
        y += ids / levels
        texts = pa.array([f"level {level}" for level in range(levels)]).take(pa.array(ids))
        columns[f"c{index}"] = pa.array(texts.to_pylist(), mask=rng.random(rows) < 0.1) if index == 0 else texts
    columns["y"] = np.round(y, 4)
    return pa.table(columns)


def _features(kind: str) -> dict[str, Any]:
    if kind == NARROW:
        return {KEY: "numeric"}
    numbers = {f"x{index}": "numeric" for index in range(10)}
    texts = {f"c{index}": {"kind": "categorical", "vocabulary": 60} for index in range(6)}
    return {
        **numbers,
        "hour": {"kind": "buckets", "boundaries": [8, 16]},
        "tail": {"kind": "categorical", "vocabulary": 100},
        **texts,
    }
