"""One pass over the raw rows on Beam: files of tf.Examples in, shards of plain numbers and a few small matrices out."""

from __future__ import annotations

import dataclasses
import functools
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

from components import example_columns, progress
from components.errors import DataError
from components.example_columns import BATCH_ROWS
from components.gather import shards, slices
from components.gather.design_rows import DesignRows
from components.linear_model import array_functions
from components.linear_model.factor_kinds import Factors, read_arrays, to_arrays, write_arrays
from components.linear_model.families import named
from components.preprocessing.column_values import column_values
from components.preprocessing.features import features_from_json
from components.preprocessing.transform_graph import raw_values

READ_BYTES = 1 << 20

Array = NDArray[np.float64]
Gathered = tuple[int, Factors, NDArray[np.int64]]
Values = tuple[dict[str, NDArray[Any]], list[pa.Array]]  # by transformed name, and the slices' texts


@dataclasses.dataclass(frozen=True)
class RowSource:
    """Where the rows come from, and what becomes of them. Travels to Beam's workers.

    Attributes:
      transform_graph: folder of the transform graph.
      features: as `features_to_json` makes them.
      keys: of the terms of the design matrix, in order; those of numbers in `numbers`.
      label, weight: names of columns.
      family: its text, which may say that the label is transformed.
      added: the columns that ingest added, the rows' identities among them.
      slices: the columns of the slices.
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
    added: tuple[str, ...]
    slices: tuple[str, ...]
    folder: str
    files: tuple[str, ...]

    def batch(self, values: dict[str, NDArray[Any]], texts: list[pa.Array]) -> pa.RecordBatch:
        """A batch as it is written, of what the transform graph gives by name, and the texts of each column of slices."""
        columns: dict[str, NDArray[Any]] = {
            shards.term_column(index): values[key].astype(np.float64 if key in self.numbers else np.int32, copy=False)
            for index, key in enumerate(self.keys)
        }
        label = values[self.label].astype(np.float64)
        columns[shards.LABEL] = np.asarray(named(self.family).fitted_label(label, array_functions))
        if self.weight is not None:
            columns[shards.WEIGHT] = values[self.weight].astype(np.float64)
        columns |= {shards.ADDED[name]: values[name] for name in self.added}
        arrays = {name: pa.array(column) for name, column in columns.items()}
        return pa.RecordBatch.from_pydict(
            arrays | {shards.slice_column(index): column for index, column in enumerate(texts)}
        )


@beam.ptransform_fn
def GatherBatches(pipeline: beam.Pipeline, source: RowSource) -> beam.PCollection[pa.RecordBatch]:
    """The rows as batches of plain numbers, which are written to shards on their way; a file a worker at a time.

    Columns that ingest left are fed to the transform graph as they are. Where there are none, TensorFlow's parser fills whole
    columns and, with the transform graph, runs beside the decompression. TFXIO's record batches were several times slower here:
    its decoder goes value by value, and its dataset hands over record by record (docs/decisions.md).
    """
    return pipeline | beam.Create(range(len(source.files))) | beam.Reshuffle() | beam.ParDo(_GatherFile(source))


class _GatherFile(beam.DoFn):
    def __init__(self, source: RowSource) -> None:
        self._source = source

    def setup(self) -> None:
        source = self._source
        others = [source.label, *([source.weight] if source.weight else []), *source.added]
        # Each is made when the first file asks for it.
        transform = tft.TFTransformOutput(source.transform_graph)
        asked = transform, features_from_json(source.features), others
        self._of_records = functools.cache(functools.partial(raw_values, *asked))
        self._slices = functools.cache(lambda: slices.parser(transform.raw_feature_spec(), source.slices))
        self._of_columns = functools.cache(functools.partial(column_values, *asked))

    def process(self, element: int) -> Iterator[pa.RecordBatch]:
        source = self._source
        yield from shards.keep(
            self._batches(source.files[element]), source.folder, element, len(source.files), uuid.uuid4().hex
        )

    def _batches(self, file: str) -> Iterator[pa.RecordBatch]:
        try:
            for values, texts in self._values(file):
                batch = self._source.batch(values, texts)
                progress.rows_read(batch.num_rows)
                yield batch
        except (tf.errors.InvalidArgumentError, tf.errors.DataLossError) as error:
            raise DataError(f"{file}: expected tf.Examples with a value of each feature; {error.message}") from error

    def _values(self, file: str) -> Iterator[Values]:
        columns, names = example_columns.of_shard(file), self._source.slices
        if fileio.exists(columns) and (of_columns := self._of_columns()) is not None:
            for batch in example_columns.read(columns):
                yield of_columns(batch), slices.of_columns(batch, names)
            return
        records = tf.data.TFRecordDataset(file, compression_type="GZIP", buffer_size=READ_BYTES).batch(BATCH_ROWS)
        of_records, parsed = self._of_records(), self._slices()
        both = records.map(lambda rows: (of_records(rows), parsed(rows)), num_parallel_calls=2).prefetch(2)
        for values, raw in both.as_numpy_iterator():
            yield values, slices.of_parsed(raw, names, len(values[self._source.label]))


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
    found = read_arrays(path, fileio.open)
    fileio.remove(path)
    return found


class FactorRows(beam.CombineFn):
    """Batches to one triangular factor a fold, the number of rows read, and how many of weight above 0 each level has."""

    def __init__(self, rows: DesignRows) -> None:
        self._rows = rows

    def create_accumulator(self) -> Gathered:
        """No rows."""
        return 0, self._rows.factors(), np.zeros(1 + self._rows.design.width, np.int64)

    def add_input(self, accumulator: Gathered, batch: pa.RecordBatch) -> Gathered:
        """Adds a batch."""
        count, factors, present = accumulator
        rows, more = self._rows.add(factors, batch)
        return count + rows, factors, present + more

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
