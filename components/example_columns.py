"""The rows of a shard of tf.Examples once more, as columns: what reads whole columns need not take every row apart.

Beside the splits' folders in an `Examples` artifact: the columns of `Split-train/data_tfrecord-00000-of-00002.gz` are in
`columns/Split-train/data_tfrecord-00000-of-00002.gz-1234.arrow` as long as that has 1,234 bytes: those of a shard that was cut or
written anew are not found. Arrow's streaming format, batches of `BATCH_ROWS` rows. A column has
float32, int64 or, of texts, binary in a dictionary of each batch's; null is a missing value. Another ExampleGen writes none.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
from tfx.dsl.io import fileio

from components import arrow_stream

BATCH_ROWS = 8192
FOLDER = "columns"
_SUFFIX = ".arrow"
_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")


def of_shard(path: str) -> str:
    """Where the columns of a shard are, if it has any, and is as it was written."""
    return f"{_stem(path)}-{tf.io.gfile.stat(path).length}{_SUFFIX}"


def _stem(path: str) -> str:
    folder, name = os.path.split(path)
    artifact, split = os.path.split(folder)
    return os.path.join(artifact, FOLDER, split, name)


def beside(path: str) -> str:
    """Where the columns of a shard are that has no name yet."""
    return f"{path}{_SUFFIX}"


def name(path: str, target: str) -> None:
    """Has the columns of a shard, if it has any, follow it to its name. May be done again."""
    if fileio.exists(beside(path)):
        remove(target)  # those of an attempt before
        fileio.makedirs(os.path.dirname(_stem(target)))
        named = f"{_stem(target)}-{tf.io.gfile.stat(path).length}{_SUFFIX}"
        fileio.rename(beside(path), named, overwrite=True)


def remove(shard: str) -> None:
    """Removes the columns of a shard, if it has any."""
    for columns in fileio.glob(f"{_stem(shard)}-*{_SUFFIX}"):
        fileio.remove(columns)


class Writer:
    """Writes batches of any size as batches of `BATCH_ROWS` rows; the last one has what is left."""

    def __init__(self, path: str) -> None:
        """Opens the file."""
        self._file = fileio.open(path, "wb")
        self._stream: pa.ipc.RecordBatchStreamWriter | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Adds rows: columns of float32, int64 and string."""
        self._waiting.append(batch)
        self._rows += batch.num_rows
        if self._rows >= BATCH_ROWS:
            self._write_whole(self._rows - self._rows % BATCH_ROWS)

    def close(self) -> None:
        """Writes what is left, and ends the file."""
        if self._rows:
            self._write_whole(self._rows)
        if self._stream is not None:
            self._stream.close()
        self._file.close()

    def _write_whole(self, rows: int) -> None:
        table = pa.Table.from_batches(self._waiting).combine_chunks()
        for start in range(0, rows, BATCH_ROWS):
            [batch] = table.slice(start, min(BATCH_ROWS, rows - start)).to_batches()
            self._write_batch(_with_dictionaries(batch))
        self._waiting = table.slice(rows).to_batches()
        self._rows -= rows

    def _write_batch(self, batch: pa.RecordBatch) -> None:
        if self._stream is None:
            file = pa.PythonFile(_OfTensorFlow(self._file), mode="w")
            self._stream = pa.ipc.new_stream(file, batch.schema, options=_COMPRESSED)
        self._stream.write_batch(batch)


class _OfTensorFlow(io.RawIOBase):
    """A file of TensorFlow's file systems as Arrow writes to one."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._file.write(bytes(data))
        return len(data)


def _with_dictionaries(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [
        column.cast(pa.binary()).dictionary_encode() if pa.types.is_string(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def read(path: str) -> Iterator[pa.RecordBatch]:
    """The batches of a file that `of_shard` names."""
    return arrow_stream.read(path)


def as_lists(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The shape that tfx-bsl encodes and decodes: each value a list of one, a missing one null; texts are binary."""
    return pa.RecordBatch.from_arrays(list(map(_as_list, batch.columns)), names=batch.schema.names)


def _as_list(column: pa.Array) -> pa.Array:
    values = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    if not pa.types.is_floating(values.type) and not pa.types.is_integer(values.type):
        values = values.cast(pa.large_binary())
    if not values.null_count:
        return pa.LargeListArray.from_arrays(pa.array(np.arange(len(values) + 1)), values)
    present = values.is_valid()
    offsets = np.concatenate([[0], np.cumsum(present.to_numpy(zero_copy_only=False))])
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), values.drop_null(), mask=values.is_null())
