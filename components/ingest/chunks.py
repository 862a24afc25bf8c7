"""One chunk of a table to shards of tf.Examples: what a worker does."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from components import row_identity
from components.errors import DataError
from components.ingest import files, rejected, streams, table
from components.ingest.extents import Extents
from components.shards import Shards

ENCODE_ROWS = 1 << 14


@dataclasses.dataclass(frozen=True)
class Job:
    """What is to be done with every chunk. Travels to Beam's workers.

    Attributes:
      spec: the columns and rules.
      names: of the files' columns, by path, in the file's order.
      folder: of the `Examples` artifact; it has a folder `Split-<name>` for each split.
      codes: of the files (`row_identity.file_code`), by path.
      max_rejected: how many bad rows may be passed over.
      integers: whether all of the column that rows are grouped by are integers.
    """

    spec: table.TableSpec
    names: dict[str, list[str]]
    folder: str
    codes: dict[str, int]
    max_rejected: int
    integers: bool = False


def convert(chunk: files.Chunk, job: Job, stem: str, open_file: streams.Open) -> dict[str, Any]:
    """Reads a chunk, cleans it, writes its rows to shards under temporary names.

    Args:
      chunk: what to read.
      job: what to do.
      stem: how the shards' names begin; no other chunk, and no other attempt at this one, has the same.
      open_file: opens a path.

    Returns:
      Plain JSON: `counts`; `extents` of the training rows' columns (`extents.Extents`); `shards`: by split, `[path, rows]` each;
      `rejected`, as `rejected.locate` lists it.

    Raises:
      DataError: the file can't be read, or a column is not what the configuration takes it for.
      NotIntegersError: the column that rows are grouped by is not what the job takes it for.
    """
    counts: Counter[str] = Counter()
    seen = Extents()
    ragged: list[files.Ragged] = []
    reasons: dict[int, str] = {}
    writers = {split: Shards(os.path.join(job.folder, f"Split-{split}"), stem) for split in job.spec.split.names}
    encoder = RecordBatchToExamplesEncoder()
    names = job.names[chunk.path]
    row = 0
    for batch in files.read(chunk, names, job.spec.columns, job.spec.missing, ragged, open_file):
        for start in range(0, batch.num_rows, ENCODE_ROWS):
            part = batch.slice(start, ENCODE_ROWS)
            try:
                numbers = files.record_numbers(chunk, row + start, part.num_rows, ragged)
                rows = row_identity.identities(job.codes[chunk.path], numbers)
                cleaned = table.clean(part, job.spec, rows, counts, job.integers)
            except DataError as error:
                raise DataError(f"{chunk.path}, {error}") from error
            _write(cleaned, writers, encoder, seen, job.spec.weight)
            reasons.update({row + start + index: why for index, why in cleaned.rejected.items()})
        row += batch.num_rows
    counts["rows read"] += len(ragged)
    counts["rows rejected"] += len(ragged)
    return {
        "counts": dict(counts),
        "extents": seen.to_json(),
        "shards": {split: writer.close() for split, writer in writers.items()},
        "rejected": rejected.locate(chunk, len(names), reasons, ragged, job.max_rejected, open_file),
    }


def _write(
    cleaned: table.Cleaned,
    writers: dict[str, Shards],
    encoder: RecordBatchToExamplesEncoder,
    seen: Extents,
    weight: str | None,
) -> None:
    for index, (split, writer) in enumerate(writers.items()):
        rows = cleaned.kept.filter(pa.array(cleaned.split == index))
        if rows.num_rows:
            writer.write(encoder.encode(as_lists(rows)), rows.num_rows)
            if split == "train":
                seen.add(rows, weight)


def as_lists(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The shape that tfx-bsl encodes: each value a list of one, a missing one null."""
    columns = []
    for column in batch.columns:
        values = column.cast(pa.binary()) if pa.types.is_string(column.type) else column
        present = values.drop_null()
        lengths = values.is_valid().cast(pa.int32()).to_numpy(zero_copy_only=False)
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        columns.append(pa.ListArray.from_arrays(offsets, present, mask=values.is_null()))
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
