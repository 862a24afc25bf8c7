"""One chunk of a table to shards of tf.Examples: what a worker does."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from typing import Any

import pyarrow as pa
from tfx_bsl.public.tfxio import RecordBatchToExamplesEncoder

from components import progress
from components.errors import DataError
from components.example_columns import as_lists
from components.shards import Shards
from components.table import cleaning as table
from components.table import files, labels, rejected, row_identity, streams
from components.table.digits import Digits
from components.table.extents import Extents
from components.table.spec import TableSpec

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
      integer_groups: whether all of the column that rows are grouped by are integers.
      exact: the label or the weight or both, where their values, all of them whole, are to be stored as int64.
    """

    spec: TableSpec
    names: dict[str, list[str]]
    folder: str
    codes: dict[str, int]
    max_rejected: int
    integer_groups: bool = False
    exact: frozenset[str] = frozenset()


def convert(chunk: files.Chunk, job: Job, stem: str, open_file: streams.Open) -> dict[str, Any]:
    """Reads a chunk, cleans it, writes its rows to shards under temporary names.

    Args:
      chunk: what to read.
      job: what to do.
      stem: how the shards' names begin; no other chunk, and no other attempt at this one, has the same.
      open_file: opens a path.

    Returns:
      Plain JSON: `counts`; `tokens`, as `table.Cleaned` has them; `extents` of the training rows' columns (`extents.Extents`);
      of all kept rows `digits` of the label and the weight (`digits.Digits`), and `label`, the values of that (`labels.Values`);
      `shards`: by split, `[path, rows]` each; `rejected`, as `rejected.locate` lists it.

    Raises:
      DataError: the file can't be read, or a column is not what the configuration takes it for.
      NotIntegersError: the column that rows are grouped by is not what the job takes it for.
    """
    counts: Counter[str] = Counter()
    tokens: table.Tokens = {}
    seen = Extents()
    judged = {name: Digits() for name in (job.spec.label, job.spec.weight) if name is not None}
    values = labels.Values()
    ragged: list[files.Ragged] = []
    reasons: dict[int, str] = {}
    writers = {split: Shards(os.path.join(job.folder, f"Split-{split}"), stem) for split in job.spec.split.names}
    encoder = RecordBatchToExamplesEncoder()
    names = job.names[chunk.path]
    row = 0
    for batch in files.read(chunk, names, job.spec.columns, [], ragged, open_file):
        for start in range(0, batch.num_rows, ENCODE_ROWS):
            part = batch.slice(start, ENCODE_ROWS)
            try:
                numbers = files.record_numbers(chunk, row + start, part.num_rows, ragged)
                rows = row_identity.identities(job.codes[chunk.path], numbers)
                cleaned = table.clean(part, job.spec, rows, counts, job.integer_groups)
            except DataError as error:
                raise DataError(f"{chunk.path}, {error}") from error
            table.add_tokens(tokens, cleaned.tokens)
            values.add(cleaned.label, row + start)
            for name, digits in judged.items():
                digits.add(Digits.of(cleaned.kept.column(name).to_numpy()))
            _write(cleaned, writers, encoder, seen, job)
            reasons.update({row + start + index: why for index, why in cleaned.rejected.items()})
        row += batch.num_rows
        progress.rows_read(batch.num_rows)
    counts["rows read"] += len(ragged)
    counts["rows rejected"] += len(ragged)
    return {
        "counts": dict(counts),
        "tokens": tokens,
        "extents": seen.to_json(),
        "digits": {name: digits.to_json() for name, digits in judged.items()},
        "label": values.to_json(),
        "shards": {split: writer.close() for split, writer in writers.items()},
        "rejected": rejected.locate(chunk, len(names), reasons, ragged, job.max_rejected, open_file),
    }


def _write(
    cleaned: table.Cleaned,
    writers: dict[str, Shards],
    encoder: RecordBatchToExamplesEncoder,
    seen: Extents,
    job: Job,
) -> None:
    for index, (split, writer) in enumerate(writers.items()):
        rows = cleaned.kept.filter(pa.array(cleaned.split == index))
        if rows.num_rows:
            stored = table.stored(rows, job.exact)
            writer.write(encoder.encode(as_lists(stored)), rows.num_rows, stored)
            if split == "train":
                seen.add(rows, job.spec.weight)
