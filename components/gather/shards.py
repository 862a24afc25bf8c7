"""The design matrix of the training rows as files of plain numbers, which later passes read without parsing a tf.Example.

`rows/design-00000-of-00002.arrow`, …: Arrow's streaming format, uncompressed, a shard for each file of tf.Examples. Its columns:

- `term_0`, `term_1`, …: by term of the design matrix, a number in raw units (float64; of whole numbers less their origin, filled
  where it was missing), or the id of a level (int32).
- `label`, `weight` (if rows have one): float64; a label that is transformed as it is fitted.
- `row`: int64, the row's identity (`components.table.row_identity`).
- `group`, `cluster`, `time`: int64, if ingest added them (`components.table.added_columns`).
- `slice_0`, `slice_1`, …: by column of the slices a canonical text, null where the row has none.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator

import pyarrow as pa

from components import arrow_stream
from components.table.added_columns import CLUSTER_COLUMN, GROUP_COLUMN, ROW_COLUMN, TIME_COLUMN

ROWS = "rows"
LABEL, WEIGHT = "label", "weight"
ROW, GROUP, CLUSTER, TIME = "row", "group", "cluster", "time"
ADDED = {
    ROW_COLUMN: ROW,
    GROUP_COLUMN: GROUP,
    CLUSTER_COLUMN: CLUSTER,
    TIME_COLUMN: TIME,
}  # by the column of a tf.Example
_TEMPORARY = "tmp-"


def term_column(index: int) -> str:
    """Name of the column of a term, by its place among the terms."""
    return f"term_{index}"


def slice_column(index: int) -> str:
    """Name of the column of a slice's texts, by its place among the columns of the slices."""
    return f"slice_{index}"


def keep(
    batches: Iterator[pa.RecordBatch], folder: str, index: int, count: int, attempt: str
) -> Iterator[pa.RecordBatch]:
    """Writes batches as one shard while they pass; it has its name once all have passed, whatever was there of another attempt.

    Args:
      batches: of one file of tf.Examples.
      folder: that holds the shards.
      index, count: of the shard, and of how many.
      attempt: a name that no other attempt has.
    """
    from tfx.dsl.io import fileio  # who reads rows of this machine does without TensorFlow

    path = os.path.join(folder, f"{_TEMPORARY}{attempt}")
    with fileio.open(path, "wb") as file:  # of TensorFlow's file systems, which Arrow's writer does not know
        file.write(b"")  # TensorFlow makes a file when it is first written to, and there may be no batch
        for number, batch in enumerate(batches):
            if number == 0:
                file.write(batch.schema.serialize().to_pybytes())
            file.write(batch.serialize().to_pybytes())
            yield batch
    fileio.rename(path, os.path.join(folder, f"design-{index:05d}-of-{count:05d}.arrow"), overwrite=True)


def remove_attempts(folder: str) -> None:
    """Removes what failed attempts left."""
    from tfx.dsl.io import fileio

    for left in fileio.glob(os.path.join(folder, f"{_TEMPORARY}*")):
        fileio.remove(left)


def shards(directory: str) -> list[str]:
    """The files of a `GatheredRows` artifact that hold rows, in order."""
    folder, name = os.path.join(directory, ROWS), "design-*.arrow"
    if os.path.isdir(folder):
        return sorted(glob.glob(os.path.join(glob.escape(folder), name)))
    from tfx.dsl.io import fileio

    return sorted(fileio.glob(os.path.join(folder, name)))


def read(path: str) -> Iterator[pa.RecordBatch]:
    """The batches of a shard; none of an empty one."""
    return arrow_stream.read(path)
