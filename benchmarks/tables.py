"""Makes the tables of the whole-run benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

BLOCK = 500_000
NARROW, MIXED = "2 columns", "20 mixed columns"
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
