"""TFRecord files of tf.Examples, read and written by whole batches.

TFXIO reads record by record, passes each through Beam as an element, and batches at most 1,000 of them: some 20 µs a row in
every step that reads rows. Here TensorFlow reads a file and hands over `BATCH_ROWS` records at a time; TFX's own decoder makes
the same Arrow batches of them. Where ingest has left the rows as columns too, those are read instead, and are the same batches;
the records beside them only for who asks for them. Transform's writer, which does the same the other way round, writes a bundle
of batches to a shard. Stock components take both without knowing.
"""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Iterator
from typing import Any

import tfx  # noqa: F401 (must come before tfx_bsl's users)

import apache_beam as beam  # isort: skip
from apache_beam.transforms.window import GlobalWindow  # isort: skip
from apache_beam.utils.windowed_value import WindowedValue  # isort: skip
import pyarrow as pa  # isort: skip
import tensorflow as tf  # isort: skip
from tfx.dsl.io import fileio  # isort: skip
from tfx_bsl.public.tfxio import TFExampleRecord  # isort: skip

from components import example_columns, progress
from components.example_columns import BATCH_ROWS
from components.internals import tfx as tfx_internals
from components.internals import tfx_bsl as tfx_bsl_internals
from components.shards import Shard, Shards, name_shards

_READ_BYTES = 1 << 20


class _ReadFile(beam.DoFn):
    def __init__(self, schema: bytes | None, raw_column: str | None, batch_rows: int) -> None:
        self._schema = schema
        self._raw_column = raw_column
        self._batch_rows = batch_rows

    def setup(self) -> None:
        self._decoder = tfx_bsl_internals.ExampleDecoder(self._schema, self._raw_column)

    def process(self, element: str) -> Iterator[pa.RecordBatch]:
        for batch in self._batches(element):
            progress.rows_read(batch.num_rows)
            yield batch

    def _batches(self, file: str) -> Iterator[pa.RecordBatch]:
        path = example_columns.of_shard(file)
        columns = None
        if self._batch_rows == BATCH_ROWS and fileio.exists(path):
            columns = example_columns.read(path)
            if self._raw_column is None:
                return map(self._decoder.of_columns, columns)
        compression = "GZIP" if file.endswith(".gz") else ""
        dataset = tf.data.TFRecordDataset(file, compression, _READ_BYTES).batch(self._batch_rows).prefetch(2)
        records = dataset.as_numpy_iterator()
        if columns is None:
            return map(self._decoder.decode, records)
        return itertools.starmap(self._decoder.of_columns, zip(columns, records, strict=True))


def beam_source(tfxio: TFExampleRecord, batch_size: int | None = None) -> beam.PTransform:
    """What `TFExampleRecord.BeamSource` promises: the rows of its files as Arrow batches, raw records attached if asked for."""
    read = _ReadFile(tfx_bsl_internals.schema_of(tfxio), tfxio.raw_record_column_name, batch_size or BATCH_ROWS)

    @beam.typehints.with_input_types(Any)
    @beam.typehints.with_output_types(pa.RecordBatch)
    def expand(pipeline: Any) -> beam.PCollection:
        return (
            pipeline
            | "Patterns" >> beam.Create(tfx_bsl_internals.files_of(tfxio))
            | "Files" >> beam.FlatMap(tf.io.gfile.glob)
            | "Spread" >> beam.Reshuffle()
            | "ReadBatches" >> beam.ParDo(read)
        )

    return beam.ptransform_fn(expand)()


class _WriteBundle(beam.DoFn):
    def __init__(self, schema: Any, folder: str) -> None:
        self._encoder = tfx_internals.example_encoder(schema)
        self._folder = folder
        self._shards: Shards  # of the bundle

    def start_bundle(self) -> None:
        self._shards = Shards(self._folder, uuid.uuid4().hex)

    def process(self, element: tuple[pa.RecordBatch, dict[str, Any]]) -> None:
        self._shards.write((record for _, record in self._encoder.process(element)), element[0].num_rows)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        yield WindowedValue(self._shards.close(), GlobalWindow().max_timestamp(), [GlobalWindow()])


@beam.ptransform_fn
def encode_and_write(batches: beam.PCollection, schema: Any, file_format: str, output_path: str) -> beam.PCollection:
    """What Transform's own writer promises: transformed batches as tf.Examples in `<output_path>-…-of-….gz`."""
    expected = tfx_internals.example_format()
    if file_format != expected:
        raise NotImplementedError(f"expected {expected}; received {file_format}")
    folder, prefix = os.path.split(output_path)
    fileio.makedirs(folder)

    def name(written: list[list[Shard]]) -> int:
        return name_shards(folder, prefix, sorted(shard for shards in written for shard in shards))

    return (
        batches
        | "WriteBundles" >> beam.ParDo(_WriteBundle(schema, folder))
        | "Shards" >> beam.combiners.ToList()
        | "Name" >> beam.Map(name)
    )


def install() -> None:
    """Puts `beam_source` and `encode_and_write` in the place of TFX's own, in this process."""
    tfx_bsl_internals.replace_source(beam_source)
    tfx_internals.replace_writer(encode_and_write)
