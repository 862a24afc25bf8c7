"""`plumbline predict --file`: scores a table of any size, batch by batch."""

from __future__ import annotations

import base64
import contextlib
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from components.errors import ConfigError, DataError
from components.replacing import replacing
from components.table import file_names, files, rejected, stamps
from components.table.arrow_types import is_text
from components.table.cleaning import typed
from pipeline.config.file import Config
from pipeline.scoring.pushed_model import PushedModel, Wanted

ROWS = 1 << 16  # of a batch
OUTPUTS = (".csv", ".parquet")
_PLAIN = pa_csv.WriteOptions(quoting_style="needed")


def predict_file(config: Config, model: PushedModel, source: Path, target: Path, wanted: Wanted) -> int:
    """Writes the table again, with the model's answers as further columns.

    Columns that are no features are passed on: from Parquet to Parquet with their types and whatever they hold, from CSV to CSV
    as they are written. From Parquet to CSV, lists, structs and maps become JSON (bytes in them base64, of floats that are no
    number null), dictionaries their values, timestamps with an offset UTC, and bytes must be UTF-8.

    Args:
      config: says how CSV files are written.
      model: answers.
      source: a CSV, CSV.gz or Parquet file.
      target: a .csv or .parquet file. It appears whole, or not at all.
      wanted: what to add beside the prediction; empty where a row has no finite interval.

    Returns:
      The number of rows.

    Raises:
      ConfigError: the target's name, or a column of the source is called like an answer.
      DataError: the source can't be read, lacks a feature, has a bad row (the text names its line), or holds what the target can't.
    """
    if target.suffix not in OUTPUTS:
        raise ConfigError(f"--output {target}: expected a name that ends in {' or '.join(OUTPUTS)}.")
    [path] = file_names.find_files(str(source.parent), source.name)
    names = files.header(path, dialect=config.data.dialect())
    for name in model.spec.features:
        if name not in names:
            raise DataError(f"{path}: feature {name!r} is not among its columns: {', '.join(names)}. Add the column.")
    taken = set(names) & set(wanted.named(dict.fromkeys(model.names_of(wanted))))
    if taken:
        raise ConfigError(
            f"{path}: column {min(taken)!r} is called like an answer. Rename it, or have the answers' names begin with something "
            "else: --prefix model_"
        )
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
                values = {name: _values(column) for name, column in columns.items()}
                reasons = {**model.refused(values), **reasons}
                _stop_at(chunk, len(names), {before + row: why for row, why in reasons.items()}, ragged)
                answer = model.ask(values, wanted)
                yield _with(passed_on, wanted.named(answer))
                before += batch.num_rows
        _stop_at(chunk, len(names), {}, ragged)
    stamps.check(path, stamp)


def _slices(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS):
            yield batch.slice(start, ROWS)


def _values(column: pa.Array) -> Any:
    """Typed values as the model takes them: floats as an array with NaN, all else as a list with None."""
    return column.to_numpy(zero_copy_only=False) if pa.types.is_floating(column.type) else column.to_pylist()


def _passed_on(batch: pa.RecordBatch, path: str, suffix: str) -> pa.RecordBatch:
    """The columns of a table as they are written again."""
    from_csv = not path.endswith(".parquet")
    if not from_csv and suffix == ".parquet":
        return batch
    arrays = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            arrays.append(_field(column) if from_csv else _in_csv(column))
        except UnicodeDecodeError as error:
            way = "Save the file as UTF-8" if from_csv else "Write to a .parquet file, which holds any bytes"
            raise DataError(f"column {name!r}: expected UTF-8. {way}, or leave the column out.") from error
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _field(column: pa.Array) -> pa.Array:
    """A CSV's bytes as strings, null for a field without a character."""
    texts = _utf8(column)
    return pc.replace_with_mask(texts, pc.equal(texts, "").fill_null(False), pa.scalar(None, pa.string()))


def _in_csv(column: pa.Array) -> pa.Array:
    """A typed column as Arrow can write it to a CSV."""
    kind = column.type
    if isinstance(kind, pa.UuidType):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    if isinstance(kind, pa.BaseExtensionType) or pa.types.is_dictionary(kind):
        return _in_csv(column.dictionary_decode() if pa.types.is_dictionary(kind) else column.storage)
    if pa.types.is_nested(kind):
        texts = [json.dumps(_json(value, kind), ensure_ascii=False, default=str) for value in column.to_pylist()]
        return pc.replace_with_mask(pa.array(texts, pa.string()), column.is_null(), pa.scalar(None, pa.string()))
    if pa.types.is_timestamp(kind) and kind.tz is not None and kind.tz[:1] in ("+", "-"):
        return pc.cast(column, pa.timestamp(kind.unit, "UTC"))  # Arrow writes those of its database's zones alone
    if is_text(kind) or pa.types.is_fixed_size_binary(kind):
        return _utf8(column)
    return column


def _utf8(column: pa.Array) -> pa.Array:
    """Strings or bytes as strings.

    Raises:
      UnicodeDecodeError: bytes that are no UTF-8.
    """
    if pa.types.is_fixed_size_binary(column.type):
        column = pc.cast(column, pa.binary())
    try:
        return pc.cast(column, pa.string())
    except pa.ArrowInvalid:
        return pa.array([None if value is None else value.decode() for value in column.to_pylist()], pa.string())


def _json(value: Any, kind: pa.DataType) -> Any:
    """A nested value as JSON can have it: a map is an object if its keys are texts, else a list of pairs."""
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if pa.types.is_struct(kind):
        return {field.name: _json(value[field.name], field.type) for field in kind}
    if pa.types.is_map(kind):
        pairs = [[_json(key, kind.key_type), _json(part, kind.item_type)] for key, part in value]
        keys = [key for key, _ in pairs]
        is_object = all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys)
        return dict(pairs) if is_object else pairs
    if pa.types.is_nested(kind):
        return [_json(part, kind.value_type) for part in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


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
        mask = np.isnan(values) if values.dtype.kind == "f" else None
        batch = batch.append_column(name, pa.array(values, mask=mask))
    return batch
