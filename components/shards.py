"""TFRecord shards that appear under their names only when all of them are whole."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import pyarrow as pa
import tensorflow as tf
from tfx.dsl.io import fileio

from components import example_columns

TEMPORARY = "tmp-"
SHARD_ROWS = 1 << 18
_OPTIONS = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)

Shard = tuple[str, int]  # path, rows


class Shards:
    """Writes records to as many gzipped shards as they need, under temporary names."""

    def __init__(self, folder: str, stem: str) -> None:
        """Opens nothing.

        Args:
          folder: that will hold them. Until they have their names they lie beside it, so that what an attempt leaves that was given
            up, even one that still goes on, is never read as rows.
          stem: no other writer, and no other attempt of this one, has the same.
        """
        self._folder = _beside(folder)
        self._stem = os.path.join(self._folder, stem)
        self._done: list[Shard] = []
        self._writer: tf.io.TFRecordWriter | None = None
        self._columns: example_columns.Writer | None = None
        self._rows = 0

    def write(self, records: Iterable[bytes], number: int, columns: pa.RecordBatch | None = None) -> None:
        """Adds a number of records; with `columns`, which all or none have, the same rows as `example_columns` keeps them."""
        if self._writer is None:
            fileio.makedirs(self._folder)
            self._writer = tf.io.TFRecordWriter(self._path, _OPTIONS)
        write = self._writer.write
        for record in records:
            write(record)
        if columns is not None:
            self._columns = self._columns or example_columns.Writer(example_columns.beside(self._path))
            self._columns.write(columns)
        self._rows += number
        if self._rows >= SHARD_ROWS:
            self._end()

    @property
    def _path(self) -> str:
        return f"{self._stem}-{len(self._done):05d}.gz"

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            if self._columns is not None:
                self._columns.close()
            self._done.append((self._path, self._rows))
        self._writer, self._columns, self._rows = None, None, 0

    def close(self) -> list[Shard]:
        """Ends the last shard. Returns path and rows of each."""
        self._end()
        return self._done


def name_shards(folder: str, prefix: str, shards: Sequence[Shard]) -> int:
    """Gives all shards of a folder their names, as TFX's own have them, and removes what other attempts left.

    May be done again, as Beam does with what a lost worker had done: a shard that has its name already keeps it.

    Args:
      folder: that will hold them.
      prefix: how their names begin.
      shards: in the order of their rows.

    Returns:
      The number of rows.
    """
    targets = [os.path.join(folder, f"{prefix}-{index:05d}-of-{len(shards):05d}.gz") for index in range(len(shards))]
    for (path, _), target in zip(shards, targets, strict=True):
        example_columns.name(path, target)
        if fileio.exists(path) or not fileio.exists(target):
            fileio.rename(path, target, overwrite=True)
    for other in set(fileio.glob(os.path.join(folder, f"{prefix}-*-of-*.gz"))) - set(targets):
        example_columns.remove(other)
        fileio.remove(other)
    if fileio.exists(_beside(folder)):
        fileio.rmtree(_beside(folder))
    return sum(rows for _, rows in shards)


def _beside(folder: str) -> str:
    """The folder that holds the shards until they have their names."""
    parent, name = os.path.split(folder)
    return os.path.join(parent, f"{TEMPORARY}{name}")
