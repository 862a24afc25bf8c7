"""One pass over transformed rows on Beam: files of tf.Examples in, a few small matrices out. Needs no TFX."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow as tf
from numpy.typing import NDArray

from components.errors import DataError
from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.factors import TriangularFactor, to_arrays
from components.linear_model.refinement import ResidualPass, Solution
from components.table.row_identity import GROUP_COLUMN, ROW_COLUMN, folds, group_folds
from components.values.names import INTERCEPT

BATCH_ROWS = 8192
READ_BYTES = 1 << 20

Array = NDArray[np.float64]
Gathered = tuple[int, list[TriangularFactor], NDArray[np.int64]]


@dataclasses.dataclass(frozen=True)
class Rows:
    """How a batch of transformed rows becomes a design matrix. Travels to Beam's workers.

    Attributes:
      design: the columns, all levels among them.
      label, weight: names of transformed columns.
      folds: of cross-validation.
      grouped: whether rows have a group, which stays in one fold.
    """

    design: DesignMatrix
    label: str
    weight: str | None
    folds: int
    grouped: bool = False

    @property
    def names(self) -> list[str]:
        """Names of the columns, the intercept first."""
        return [INTERCEPT, *self.design.column_names]

    @property
    def columns(self) -> list[str]:
        """Names of the transformed columns that it needs."""
        drawn_by = GROUP_COLUMN if self.grouped else ROW_COLUMN
        return [
            *(term.key for term in self.design.terms),
            self.label,
            *([self.weight] if self.weight else []),
            drawn_by,
        ]

    def matrices(self, batch: pa.RecordBatch) -> tuple[Array, Array, Array | None, NDArray[np.int64]]:
        """The design matrix [n, 1 + p] with the intercept's ones, the label [n], the weights [n] or None, the folds [n]."""
        columns = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in self.columns}
        dense = self.design.dense({term.key: columns[term.key] for term in self.design.terms})
        label = columns[self.label].astype(np.float64)
        weight = None if self.weight is None else columns[self.weight].astype(np.float64)
        fold = (
            group_folds(columns[GROUP_COLUMN], self.folds) if self.grouped else folds(columns[ROW_COLUMN], self.folds)
        )
        return np.column_stack([np.ones(len(label)), dense]), label, weight, fold


@beam.ptransform_fn
def ReadBatches(
    pipeline: beam.Pipeline, files: list[str], spec: dict[str, tf.io.FixedLenFeature]
) -> beam.PCollection[pa.RecordBatch]:
    """Gzipped TFRecord files of tf.Examples to Arrow batches, a file a worker at a time.

    TensorFlow's parser fills whole columns and runs beside the decompression. TFXIO's record batches were several times slower
    here: its decoder goes value by value, and its dataset hands over record by record (docs/decisions.md).
    """
    return pipeline | beam.Create(files) | beam.Reshuffle() | beam.ParDo(_ReadFile(spec))


class _ReadFile(beam.DoFn):
    def __init__(self, spec: dict[str, tf.io.FixedLenFeature]) -> None:
        self._spec = spec

    def process(self, element: str) -> Iterator[pa.RecordBatch]:
        records = tf.data.TFRecordDataset(element, compression_type="GZIP", buffer_size=READ_BYTES).batch(BATCH_ROWS)
        parsed = records.map(lambda batch: tf.io.parse_example(batch, self._spec), num_parallel_calls=2).prefetch(2)
        try:
            for columns in parsed.as_numpy_iterator():
                yield pa.RecordBatch.from_pydict({name: pa.array(values) for name, values in columns.items()})
        except (tf.errors.InvalidArgumentError, tf.errors.DataLossError) as error:
            raise DataError(f"{element}: expected tf.Examples with a value of each feature; {error.message}") from error


class FactorRows(beam.CombineFn):
    """Batches to one triangular factor a fold, the number of rows read, and how many of weight above 0 each level has."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def create_accumulator(self) -> Gathered:
        """No rows."""
        factors = [TriangularFactor(self._rows.names, intercept=True) for _ in range(self._rows.folds)]
        return 0, factors, np.zeros(len(self._rows.names), np.int64)

    def add_input(self, accumulator: Gathered, batch: pa.RecordBatch) -> Gathered:
        """Adds a batch."""
        count, factors, present = accumulator
        x, y, weight, fold = self._rows.matrices(batch)
        for index, factor in enumerate(factors):
            mine = fold == index
            factor.add(x[mine], y[mine], None if weight is None else weight[mine])
        counted = x if weight is None else x[weight > 0]
        return count + len(y), factors, present + np.count_nonzero(counted, axis=0)

    def merge_accumulators(self, accumulators: Iterable[Gathered]) -> Gathered:
        """Merges fold by fold."""
        count, factors, present = self.create_accumulator()
        for other_count, others, other_present in accumulators:
            count += other_count
            present = present + other_present
            for factor, other in zip(factors, others, strict=True):
                factor.merge(other)
        return count, factors, present

    def extract_output(self, accumulator: Gathered) -> dict[str, Array]:
        """Plain arrays: `read` [], `present` [1 + p] (rows whose value is not 0), and what `to_arrays` gives of the folds."""
        count, factors, present = accumulator
        return {"read": np.array(count), "present": present, **to_arrays(factors)}


class RefineRows(beam.CombineFn):
    """Batches to what one pass of refinement gathers."""

    def __init__(self, rows: Rows, solution: Solution, columns: list[int]) -> None:
        self._rows = rows
        self._solution = solution
        self._columns = columns

    def create_accumulator(self) -> ResidualPass:
        """No rows."""
        return ResidualPass(self._solution)

    def add_input(self, accumulator: ResidualPass, batch: pa.RecordBatch) -> ResidualPass:
        """Adds a batch."""
        x, y, weight, _ = self._rows.matrices(batch)
        return accumulator.add(x[:, self._columns], y, weight)

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
