"""One pass over the raw rows on Beam: files of tf.Examples in, shards of plain numbers and a few small matrices out."""

from __future__ import annotations

import dataclasses
import io
import os
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from numpy.typing import NDArray
from tfx.dsl.io import fileio

from components.errors import DataError
from components.gather import shards
from components.gather.design_rows import DesignRows
from components.linear_model import array_functions
from components.linear_model.factors import TriangularFactor, to_arrays
from components.linear_model.families import named
from components.linear_model.gathered import write_arrays
from components.preprocessing.features import features_from_json
from components.preprocessing.transform_graph import raw_values
from components.table.added_columns import GROUP_COLUMN, ROW_COLUMN

BATCH_ROWS = 8192
READ_BYTES = 1 << 20

Array = NDArray[np.float64]
Gathered = tuple[int, list[TriangularFactor], NDArray[np.int64]]


@dataclasses.dataclass(frozen=True)
class RowSource:
    """Where the rows come from, and what becomes of them. Travels to Beam's workers.

    Attributes:
      transform_graph: folder of the transform graph.
      features: as `features_to_json` makes them.
      keys: of the terms of the design matrix, in order; those of numbers in `numbers`.
      label, weight: names of columns.
      family: its text, which may say that the label is transformed.
      grouped: whether rows have a group.
      folder: that takes the shards.
      files: of tf.Examples, gzipped TFRecords.
    """

    transform_graph: str
    features: list[dict[str, Any]]
    keys: tuple[str, ...]
    numbers: frozenset[str]
    label: str
    weight: str | None
    family: str
    grouped: bool
    folder: str
    files: tuple[str, ...]

    @property
    def drawn_by(self) -> str:
        """The column that a row's fold is drawn from."""
        return GROUP_COLUMN if self.grouped else ROW_COLUMN

    def batch(self, values: dict[str, NDArray[Any]]) -> pa.RecordBatch:
        """A batch as it is written, of what the transform graph gives by name."""
        columns: dict[str, NDArray[Any]] = {
            shards.term_column(index): values[key].astype(np.float64 if key in self.numbers else np.int32, copy=False)
            for index, key in enumerate(self.keys)
        }
        label = values[self.label].astype(np.float64)
        columns[shards.LABEL] = np.asarray(named(self.family).fitted_label(label, array_functions))
        if self.weight is not None:
            columns[shards.WEIGHT] = values[self.weight].astype(np.float64)
        columns[shards.DRAWN_BY] = values[self.drawn_by]
        return pa.RecordBatch.from_arrays([pa.array(column) for column in columns.values()], names=list(columns))


@beam.ptransform_fn
def GatherBatches(pipeline: beam.Pipeline, source: RowSource) -> beam.PCollection[pa.RecordBatch]:
    """The rows as batches of plain numbers, which are written to shards on their way; a file a worker at a time.

    TensorFlow's parser fills whole columns and, with the transform graph, runs beside the decompression. TFXIO's record batches
    were several times slower here: its decoder goes value by value, and its dataset hands over record by record
    (docs/decisions.md).
    """
    return pipeline | beam.Create(range(len(source.files))) | beam.Reshuffle() | beam.ParDo(_GatherFile(source))


class _GatherFile(beam.DoFn):
    def __init__(self, source: RowSource) -> None:
        self._source = source
        self._values: Any = None

    def setup(self) -> None:
        source = self._source
        others = [source.label, *([source.weight] if source.weight else []), source.drawn_by]
        transform = tft.TFTransformOutput(source.transform_graph)
        self._values = raw_values(transform, features_from_json(source.features), others)

    def process(self, element: int) -> Iterator[pa.RecordBatch]:
        source = self._source
        yield from shards.keep(
            self._batches(source.files[element]), source.folder, element, len(source.files), uuid.uuid4().hex
        )

    def _batches(self, file: str) -> Iterator[pa.RecordBatch]:
        records = tf.data.TFRecordDataset(file, compression_type="GZIP", buffer_size=READ_BYTES).batch(BATCH_ROWS)
        parsed = records.map(self._values, num_parallel_calls=2).prefetch(2)
        try:
            for columns in parsed.as_numpy_iterator():
                yield self._source.batch(columns)
        except (tf.errors.InvalidArgumentError, tf.errors.DataLossError) as error:
            raise DataError(f"{file}: expected tf.Examples with a value of each feature; {error.message}") from error


def combined(
    pipeline: beam.Pipeline, batches: beam.PTransform, combine: beam.CombineFn, directory: str
) -> dict[str, NDArray[Any]]:
    """Runs one pass, and returns the arrays that it ends with: they come from the engine's workers through a file.

    Args:
      pipeline: a new one, which is run here.
      batches: its source.
      combine: from the batches to arrays by name.
      directory: of the step's output; the file is there no longer when this returns.
    """
    path = os.path.join(directory, "tmp.npz")
    with pipeline:
        _ = (
            pipeline
            | "Read" >> batches
            | "Combine" >> beam.CombineGlobally(combine)
            | "Write" >> beam.Map(write_arrays, path, fileio.open)
        )
    with fileio.open(path, "rb") as file:
        found = dict(np.load(io.BytesIO(file.read()), allow_pickle=False))
    fileio.remove(path)
    return found


class FactorRows(beam.CombineFn):
    """Batches to one triangular factor a fold, the number of rows read, and how many of weight above 0 each level has."""

    def __init__(self, rows: DesignRows) -> None:
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
