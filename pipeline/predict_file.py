"""`plumbline predict --file`: scores a table of any size, batch by batch."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from components.errors import ConfigError, DataError
from components.ingest import files, rejected, stamps
from components.ingest.arrow_types import is_text
from components.ingest.table import typed
from pipeline.config import Config
from pipeline.model import PushedModel, Wanted
from pipeline.replacing import replacing

ROWS = 1 << 16  # of a batch
OUTPUTS = (".csv", ".parquet")
_PLAIN = pa_csv.WriteOptions(quoting_style="needed")


def predict_file(config: Config, model: PushedModel, source: Path, target: Path, wanted: Wanted) -> int:
    """Writes the table again, with the model's answers as further columns.

    Columns that are no features are passed on: from Parquet to Parquet with their types and whatever they hold, from CSV to CSV
    as they are written. To CSV, lists, structs and maps become JSON.

    Args:
      config: says how CSV files are written.
      model: answers.
      source: a CSV, CSV.gz or Parquet file.
      target: a .csv or .parquet file. It appears whole, or not at all.
      wanted: what to add beside `prediction`; empty where a row has no finite interval.

    Returns:
      The number of rows.

    Raises:
      ConfigError: the target's name, or a column of the source is called like an answer.
      DataError: the source can't be read, lacks a feature, has a bad row (the text names its line), or holds what the target can't.
    """
    if target.suffix not in OUTPUTS:
        raise ConfigError(f"--output {target}: expected a name that ends in {' or '.join(OUTPUTS)}.")
    [path] = files.find_files(str(source.parent), source.name)
    names = files.header(path, dialect=config.data.dialect())
    for name in model.spec.features:
        if name not in names:
            raise DataError(f"{path}: feature {name!r} is not among its columns: {', '.join(names)}. Add the column.")
    taken = set(names) & set(model.names_of(wanted))
    if taken:
        raise ConfigError(f"{path}: column {min(taken)!r} is called like an answer. Rename it.")
    writer: pa_csv.CSVWriter | pq.ParquetWriter | None = None
    rows = 0
    try:
        with replacing(target) as temporary:
            for batch in _scored(config, model, path, names, wanted, target.suffix):
                if writer is None:
                    writer = (
                        pq.ParquetWriter(str(temporary), batch.schema)
                        if target.suffix == ".parquet"
                        else pa_csv.CSVWriter(str(temporary), batch.schema, write_options=_PLAIN)
                    )
                writer.write_batch(batch)
                rows += batch.num_rows
            if writer is None:
                raise DataError(f"{path}: the table has a header and no rows. Expected at least one row.")
            writer.close()
    except OSError as error:
        raise ConfigError(f"--output {target}: can't be written: {error}. Nothing was written.") from error
    return rows


def _scored(
    config: Config, model: PushedModel, path: str, names: list[str], wanted: Wanted, suffix: str
) -> Iterator[pa.RecordBatch]:
    stamp = stamps.take_local(path)
    spec = model.spec.model_copy(update={"dialect": config.data.dialect()})
    for chunk in files.plan([path], dialect=config.data.dialect(), stamps={path: stamp}):
        ragged: list[files.Ragged] = []
        before = 0
        with contextlib.closing(files.read(chunk, names, names, [], ragged)) as batches:
            for batch in _slices(batches):
                try:
                    columns, reasons = typed(batch.select(spec.features), spec, spec.features)
                    passed_on = _passed_on(batch, path, suffix)
                except DataError as error:
                    raise DataError(f"{path}, {error}") from error
                _stop_at(chunk, len(names), {before + row: why for row, why in reasons.items()}, ragged)
                answer = model.ask({name: column.to_pylist() for name, column in columns.items()}, wanted)
                yield _with(passed_on, answer)
                before += batch.num_rows
        _stop_at(chunk, len(names), {}, ragged)
    stamps.check(path, stamp)


def _slices(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS):
            yield batch.slice(start, ROWS)


def _passed_on(batch: pa.RecordBatch, path: str, suffix: str) -> pa.RecordBatch:
    """The columns of a table as they are written again."""
    from_csv = not path.endswith(".parquet")
    if not from_csv and suffix == ".parquet":
        return batch
    arrays = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        written = _text(column, name, from_csv) if from_csv else _in_csv(column, name)
        arrays.append(written)
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _in_csv(column: pa.Array, name: str) -> pa.Array:
    """A typed column as CSV can have it."""
    if pa.types.is_dictionary(column.type):
        return _in_csv(column.cast(column.type.value_type), name)
    if pa.types.is_nested(column.type):
        values = column.to_pylist()
        return pa.array(
            [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in values], pa.string()
        )
    if is_text(column.type):
        return _text(column, name, False)
    return column


def _text(column: pa.Array, name: str, from_csv: bool) -> pa.Array:
    """Bytes as strings; of a CSV, a field without a character as none."""
    try:
        texts = pc.cast(column, pa.string())
    except pa.ArrowInvalid as error:
        way = "Save the file as UTF-8" if from_csv else "Write to a .parquet file, which holds any bytes"
        raise DataError(f"column {name!r}: expected UTF-8. {way}, or leave the column out.") from error
    return (
        pc.replace_with_mask(texts, pc.equal(texts, "").fill_null(False), pa.scalar(None, pa.string()))
        if from_csv
        else texts
    )


def _stop_at(chunk: files.Chunk, columns: int, reasons: dict[int, str], ragged: list[files.Ragged]) -> None:
    """Raises the first bad row with its place."""
    found = rejected.locate(chunk, columns, reasons, ragged, 0)
    if found:
        place = f"line {found[0]['line']}" if "line" in found[0] else f"row {found[0]['row']}"
        raise DataError(
            f"{chunk.path}, {place}, {found[0]['reason']}. Correct the row or take it out. Nothing was written."
        )


def _with(batch: pa.RecordBatch, answer: dict[str, Any]) -> pa.RecordBatch:
    for name, values in answer.items():
        batch = batch.append_column(name, pa.array(values, mask=np.isnan(values)))
    return batch
