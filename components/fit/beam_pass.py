"""Passes over the rows that were gathered, on Beam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.errors import RunError
from components.gather import shards
from components.gather.design_rows import DesignRows
from components.linear_model.blocks import Collector, Pass
from components.linear_model.refinement import ResidualPass, Solution

Array = NDArray[np.float64]


_BLOCK_VALUES = 1 << 23  # of a block's columns, 64 MB: with very many levels it has fewer rows


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

    def create_accumulator(self) -> ResidualPass:
        """No rows."""
        return ResidualPass(self._solution)

    def add_input(self, accumulator: ResidualPass, batch: pa.RecordBatch) -> ResidualPass:
        """Adds a batch."""
        block = self._rows.block(batch, self._columns, by_fold=False)
        return accumulator.add(block.x, block.label - block.offset, block.weight)

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


class CollectRows(beam.CombineFn):
    """Batches to a collector (`linear_model.blocks`), and from it to plain arrays, with how many rows it saw as `SEEN`."""

    SEEN = "rows_seen"

    def __init__(
        self, rows: DesignRows, columns: list[int], make: Callable[[], Collector], *, whole: bool = False
    ) -> None:
        """Takes how batches become blocks, the columns, what makes an empty collector, and whether all of a row is told."""
        self._rows = rows
        self._columns = columns
        self._make = make
        self._whole = whole

    def create_accumulator(self) -> tuple[int, Collector]:
        """Nothing."""
        return 0, self._make()

    def add_input(self, accumulator: tuple[int, Collector], batch: pa.RecordBatch) -> tuple[int, Collector]:
        """Adds a batch."""
        seen, collector = accumulator
        step = max(1, _BLOCK_VALUES // len(self._columns))
        for begin in range(0, batch.num_rows, step):
            part = batch.slice(begin, step)
            block = self._rows.block(part, self._columns, by_fold=collector.by_fold, whole=self._whole)
            collector = collector.add(block)
            seen += len(block.label)
        return seen, collector

    def merge_accumulators(self, accumulators: Iterable[tuple[int, Collector]]) -> tuple[int, Collector]:
        """Merges."""
        total, collector = self.create_accumulator()
        for seen, other in accumulators:
            total += seen
            collector.merge(other)
        return total, collector

    def extract_output(self, accumulator: tuple[int, Collector]) -> dict[str, NDArray[Any]]:
        """Plain arrays."""
        seen, collector = accumulator
        return {self.SEEN: np.array(seen), **collector.arrays()}


def passes_over(
    rows: DesignRows,
    count: int,
    one_pass: Callable[[beam.CombineFn], dict[str, NDArray[Any]]],
    *,
    whole: bool = False,
) -> Callable[[list[int]], Pass]:
    """Passes over some columns of the rows.

    Args:
      rows: how batches become blocks.
      count: how many there are of a weight above 0. A pass that sees another number raises a RunError.
      one_pass: over all batches.
      whole: whether identities, clusters, times and slices are told of the rows.
    """

    def passes(columns: list[int]) -> Pass:
        def run(make: Callable[[], Any]) -> Any:
            arrays = one_pass(CollectRows(rows, columns, make, whole=whole))
            seen = int(arrays.pop(CollectRows.SEEN))
            if seen != count:
                raise RunError(f"a pass over the rows saw {seen:,} of {count:,}. Run the step again; see the log.")
            return make().load(arrays)

        return run

    return passes
