"""`plumbline predict --file`: scores a table of any size, batch by batch."""

from __future__ import annotations

import contextlib
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
from components.ingest.table import typed
from components.preprocessing.features import Categorical
from pipeline.config import Config
from pipeline.model import PushedModel, Wanted
from pipeline.replacing import replacing

ROWS = 1 << 16  # of a batch
OUTPUTS = (".csv", ".parquet")
_PLAIN = pa_csv.WriteOptions(quoting_style="needed")


def predict_file(config: Config, model: PushedModel, source: Path, target: Path, wanted: Wanted) -> int:
    """Writes the table again, with the model's answers as further columns.

    Args:
      config: says which columns are features, and which texts stand for nothing.
      model: answers.
      source: a CSV, CSV.gz or Parquet file; columns that are no features are passed on.
      target: a .csv or .parquet file. It appears whole, or not at all.
      wanted: what to add beside `prediction`; empty where a row has no finite interval.

    Returns:
      The number of rows.

    Raises:
      ConfigError: the target's name, or a column of the source is called like an answer.
      DataError: the source can't be read, lacks a feature, or has a bad row; the text names its line.
    """
    if target.suffix not in OUTPUTS:
        raise ConfigError(f"--output {target}: expected a name that ends in {' or '.join(OUTPUTS)}.")
    [path] = files.find_files(str(source.parent), source.name)
    names = files.header(path, escape=config.data.escape)
    for name in config.features:
        if name not in names:
            raise DataError(f"{path}: feature {name!r} is not among its columns: {', '.join(names)}. Add the column.")
    writer: pa_csv.CSVWriter | pq.ParquetWriter | None = None
    rows = 0
    try:
        with replacing(target) as temporary:
            for batch in _scored(config, model, path, names, wanted):
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
    config: Config, model: PushedModel, path: str, names: list[str], wanted: Wanted
) -> Iterator[pa.RecordBatch]:
    stamp = stamps.take_local(path)
    for chunk in files.plan([path], escape=config.data.escape, stamps={path: stamp}):
        ragged: list[files.Ragged] = []
        before = 0
        with contextlib.closing(files.read(chunk, names, names, [""], ragged)) as batches:
            for batch in _slices(batches):
                columns, reasons = _features(config, batch, path)
                _stop_at(chunk, len(names), {before + row: why for row, why in reasons.items()}, ragged)
                answer = model.ask(columns, wanted)
                taken = set(names) & set(answer)
                if taken:
                    raise ConfigError(f"{path}: column {min(taken)!r} is called like an answer. Rename it.")
                yield _with(batch, answer)
                before += batch.num_rows
        _stop_at(chunk, len(names), {}, ragged)
    stamps.check(path, stamp)


def _slices(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS):
            yield _texts(batch.slice(start, ROWS))


def _texts(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The bytes of a CSV's columns as texts; what is not UTF-8 stays as it is, to be found with its line."""
    arrays = []
    for column in batch.columns:
        try:
            arrays.append(pc.cast(column, pa.string()) if pa.types.is_binary(column.type) else column)
        except pa.ArrowInvalid:
            arrays.append(column)
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _features(config: Config, batch: pa.RecordBatch, path: str) -> tuple[dict[str, Any], dict[int, str]]:
    """The features' values as the model takes them, and why rows can't be right."""
    texts = [name for name, feature in config.features.items() if isinstance(feature, Categorical)]
    numbers = [name for name in config.features if name not in texts]
    try:
        arrays, reasons = typed(batch, config.table_spec(), config.features)
    except DataError as error:
        raise DataError(f"{path}, {error}") from error
    columns: dict[str, Any] = {name: arrays[name].to_numpy(zero_copy_only=False) for name in numbers}
    columns |= {name: arrays[name].fill_null("").to_pylist() for name in texts}
    for index, name in enumerate(batch.schema.names):
        if pa.types.is_binary(batch.column(index).type) and name not in config.features:
            raise DataError(
                f"{path}, column {name!r}: expected UTF-8. Save the file as UTF-8, or leave the column out."
            )
    return columns, reasons


def _stop_at(chunk: files.Chunk, columns: int, reasons: dict[int, str], ragged: list[files.Ragged]) -> None:
    """Raises the first bad row with its place."""
    found = rejected.locate(chunk, columns, reasons, ragged, 0)
    if found:
        place = f"line {found[0]['line']}" if "line" in found[0] else f"row {found[0]['row']}"
        raise DataError(
            f"{chunk.path}, {place}, {found[0]['reason']}. Correct the row or take it out. Nothing was written."
        )


def _with(batch: pa.RecordBatch, answer: dict[str, Any]) -> pa.RecordBatch:
    arrays = [*batch.columns, *(pa.array(values, mask=np.isnan(values)) for values in answer.values())]
    return pa.RecordBatch.from_arrays(arrays, names=[*batch.schema.names, *answer])
