"""Rows that are drawn, fitted and looked at as the steps do it, as a summary has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

from components.ingest.counts import Counts
from components.table.row_identity import ROW_BITS
from pipeline.graph.diagnostics import Diagnostics, read_diagnostics
from pipeline.graph.regression import Regression, read_regression
from tests.components.table_fits import table_look

NUMBERS = ["x", "z"]
COUNTS = Counts.model_validate(
    {"splits": {}, "files": {"a.csv": 0, "b.csv": 1}, "table": {"files": 2, "sha256": ""}, "format": 2}
)


def rows(count: int = 1000, seed: int = 5) -> pd.DataFrame:
    """Numbers x and z, a text c, slices s, times t, and a label y that is linear in x and z with errors of standard deviation 1."""
    generator = np.random.default_rng(seed)
    table = pd.DataFrame({name: generator.normal(size=count) for name in NUMBERS})
    table["c"] = np.array(["a", "b", "d"], object)[generator.integers(0, 3, count)]
    table["s"] = np.array(["u", "v"], object)[generator.integers(0, 2, count)]
    table["t"] = np.arange(count)
    table["e"] = generator.normal(size=count)
    table["y"] = 1 + 0.5 * table.x + 0.3 * table.z + table.e
    return table


def looked(table: pd.DataFrame, features: list[str] | None = None, **how: Any) -> tuple[Diagnostics, Regression]:
    """The figures, and the regression."""
    found, text = table_look(table, "y", [*NUMBERS, "c"] if features is None else features, **how)
    return read_diagnostics(text, COUNTS), read_regression(found, DatasetFeatureStatistics())


def identity(file: int, number: int) -> int:
    """Of the row with this number, from 0, of `COUNTS`' files."""
    return (file << ROW_BITS) + number
