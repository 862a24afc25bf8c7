"""Runs that were never made: a fit and its rows, in files as Fit and Gather leave them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from components.gather.shards import LABEL, ROW, ROWS, WEIGHT, term_column
from components.linear_model.gathered import GatheredRows
from components.linear_model.linear_fit import LinearFit
from pipeline.local.summary import RunSummary
from tests.pipeline.summaries import summary_of


def run_of(
    found: LinearFit, table: Any, root: Path, label: str, weight: str | None = None, name: str = "n"
) -> RunSummary:
    """The summary of a run that left a fit of a pandas table (`table_fit`), and its rows in three shards.

    Args:
      found: the fit.
      table: its rows.
      root: of the artifacts.
      label, weight: names of columns.
      name: of the pipeline.
    """
    fit, gathered = root / "Fit/fit/7", root / "Gather/gathered/6"
    fit.mkdir(parents=True)
    (gathered / ROWS).mkdir(parents=True)
    found.save(str(fit))
    counts = found.rows_read, found.present, found.fold_factors
    GatheredRows(found.family, label, weight, False, found.design, *counts).save(str(gathered))
    columns = {}
    for index, term in enumerate(found.design.terms):
        values = table[term.key]
        if term.levels:
            ids = {level.text: place for place, level in enumerate(term.levels)}
            columns[term_column(index)] = values.map(ids).to_numpy(np.int32)
        else:
            columns[term_column(index)] = values.to_numpy(float)
    columns |= {LABEL: table[label].to_numpy(float), ROW: np.arange(len(table))}
    if weight is not None:
        columns[WEIGHT] = table[weight].to_numpy(float)
    rows = pa.table(columns)
    for index in range(3):
        part = rows.slice(index * 2500, 2500)
        with pa.ipc.new_stream(gathered / ROWS / f"design-{index:05d}-of-00003.arrow", part.schema) as stream:
            stream.write_table(part, max_chunksize=1000)
    summary = summary_of(found, name)
    summary.outputs = [str(root / "Transform/transform_graph/5"), str(gathered), str(fit)]
    return summary
