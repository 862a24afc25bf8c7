"""Passes over the rows that were gathered, on Beam."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.gather import shards
from components.gather.design_rows import DesignRows
from components.linear_model.refinement import ResidualPass, Solution

Array = NDArray[np.float64]


@beam.ptransform_fn
def ReadShards(pipeline: beam.Pipeline, files: list[str]) -> beam.PCollection[pa.RecordBatch]:
    """The batches of some shards, a shard a worker at a time."""
    return pipeline | beam.Create(files) | beam.Reshuffle() | beam.FlatMap(shards.read)


class RefineRows(beam.CombineFn):
    """Batches to what one pass of refinement gathers; the solution is one of scaled columns."""

    def __init__(self, rows: DesignRows, solution: Solution, columns: list[int]) -> None:
        self._rows = rows
        self._solution = solution
        self._columns = columns
        self._means, self._stds = rows.design.scales()

    def create_accumulator(self) -> ResidualPass:
        """No rows."""
        return ResidualPass(self._solution)

    def add_input(self, accumulator: ResidualPass, batch: pa.RecordBatch) -> ResidualPass:
        """Adds a batch."""
        x, y, weight, _ = self._rows.matrices(batch)
        scaled = (x - self._means) / self._stds
        return accumulator.add(scaled[:, self._columns], y, weight)

    def merge_accumulators(self, accumulators: Iterable[ResidualPass]) -> ResidualPass:
        """Merges."""
        total = self.create_accumulator()
        for accumulator in accumulators:
            total.merge(accumulator)
        return total

    def extract_output(self, accumulator: ResidualPass) -> dict[str, Array]:
        """Plain arrays."""
        return {
            "gradient": np.array(accumulator.gradient),
            "sum_of_squares": np.array(accumulator.sum_of_squares),
            "correction": accumulator.correction.factor,
        }
