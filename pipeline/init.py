"""`plumbline init`: writes a configuration file from a table."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import yaml

from components.errors import ConfigError, DataError
from components.ingest import files
from components.values.texts import MISSING_TOKENS

MOST_LEVELS = 1000
LEVELS_PER_ROW = 0.2


def write_config(table: Path, label: str, output: Path | None) -> Path:
    """Reads the whole table, and writes a configuration beside it.

    Numbers become numeric features; texts become categorical ones, unless nearly every row has a value of its own. The
    limit is that the model must beat the mean of the label.

    Raises:
      DataError: the table can't be read, or the label is not a column of numbers.
      ConfigError: the file to write is there already.
    """
    files.find_files(str(table.parent), glob.escape(table.name))
    names = files.header(str(table))
    if label not in names:
        raise DataError(f"{table}: --label: the table has no column {label!r}. Its columns: {', '.join(names)}.")
    columns = _read(table)
    if not pa.types.is_floating(columns[label].type) and not pa.types.is_integer(columns[label].type):
        raise DataError(f"{table}: --label: column {label!r} holds {columns[label].type}; expected numbers.")
    path = output or table.with_name(table.name.split(".")[0] + ".yaml")
    if path.exists():
        raise ConfigError(f"{path}: the file is there already. Remove it, or name another with --output.")
    path.write_text(_text(table, label, columns, path), encoding="utf-8")
    return path


def _read(table: Path) -> dict[str, pa.ChunkedArray]:
    try:
        if table.name.endswith(".parquet"):
            whole = pq.read_table(table)
        else:
            options = pa_csv.ConvertOptions(null_values=MISSING_TOKENS, strings_can_be_null=True)
            whole = pa_csv.read_csv(
                table, parse_options=pa_csv.ParseOptions(newlines_in_values=True), convert_options=options
            )
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{table}: not readable as a table: {str(error).splitlines()[0]}") from error
    if whole.num_rows == 0:
        raise DataError(f"{table}: the table has a header and no rows. Expected at least one row of data.")
    return {name: whole[name] for name in whole.column_names}


def _feature(column: pa.ChunkedArray) -> tuple[Any, str]:
    """What a column can be, or None with the reason why nothing."""
    present = column.drop_null()
    levels = pc.count_distinct(present).as_py()
    if levels < 2:
        return None, "one value in all rows" if levels else "no value in any row"
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return "numeric", ""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_boolean(column.type):
        if levels > max(LEVELS_PER_ROW * len(present), 20):
            return None, f"a text with {levels} values in {len(present)} rows"
        return {"kind": "categorical", "vocabulary": min(levels, MOST_LEVELS)}, ""
    return None, f"of type {column.type}, which is neither number nor text"


def _text(table: Path, label: str, columns: dict[str, pa.ChunkedArray], path: Path) -> str:
    stem = re.sub(r"[^a-z0-9-]+", "-", table.name.split(".")[0].lower()).strip("-")
    name = stem if re.match("[a-z]", stem) else f"table-{stem}".rstrip("-")
    features: dict[str, Any] = {}
    left_out: list[str] = []
    for column, values in columns.items():
        if column == label:
            continue
        feature, reason = _feature(values)
        if feature is None:
            left_out.append(f"# left out: {column} ({reason})\n")
        else:
            features[column] = feature
    if not features:
        raise DataError(f"{table}: no column can be a feature:\n{''.join(left_out)}")
    data: dict[str, Any] = {
        "path": os.path.relpath(table.resolve(), path.resolve().parent),
        "split": {"train": 0.8, "eval": 0.2},
    }
    if columns[label].null_count:
        data["drop"] = {label: {"missing": True}}
    config = {
        "name": name[:63],
        "data": data,
        "label": label,
        "features": features,
        "model": {"solver": "exact", "l2": "auto"},
        "evaluate": {"limits": {"r_squared": {"min": 0.0}}, "no_worse_than_live": 0.01},
    }
    head = f"# Written by `plumbline init {table} --label {label}`. Read it, and say what you know better.\n"
    return (
        head + yaml.safe_dump(config, sort_keys=False, default_flow_style=None, allow_unicode=True) + "".join(left_out)
    )
