"""Reads a table as Arrow batches, typed and cleaned as the configuration says. Needs pyarrow alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pydantic import BaseModel, Field

from components.errors import DataError
from components.settings import Settings

MISSING_TOKENS = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
SUFFIXES = (".csv", ".csv.gz", ".parquet")


class DropRule(Settings):
    """Rows to leave out of training and evaluation, by the value of one column."""

    missing: bool = False
    below: float | None = Field(default=None, allow_inf_nan=False)
    above: float | None = Field(default=None, allow_inf_nan=False)


class ValueRule(BaseModel):
    """What the served graph does with some values of a numeric feature; ingest only counts them."""

    min: float | None = None
    max: float | None = None
    outside: str
    impute: str


class TableSpec(BaseModel):
    """What ingest has to know of the configuration.

    Attributes:
      numbers: columns that are numbers (numeric features, buckets, label, weight, drop rules).
      texts: columns that are texts (categorical features, slices).
      label, weight: names; every kept row must have a finite value there, the weight none below zero.
      drop: rules that leave rows out, by column.
      values: rules of numeric features, to be counted, by column.
    """

    numbers: list[str]
    texts: list[str]
    label: str
    weight: str | None = None
    drop: dict[str, DropRule] = {}
    values: dict[str, ValueRule] = {}


def header(path: Path) -> list[str]:
    """Names of a table's columns, in order.

    Raises:
      DataError: there is no such file, it is empty, of another kind, or not readable as that kind.
    """
    return _open(path)[0]


def clean_batches(path: Path, spec: TableSpec, counts: Counter[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a table that the configuration keeps.

    Args:
      path: a .csv, .csv.gz or .parquet file.
      spec: the columns and rules.
      counts: is added to: `rows read`, `rows kept`, `rows dropped`, and one line per rule, in words.

    Yields:
      Batches with the columns of `spec`: float32 numbers and string texts, null where missing.

    Raises:
      DataError: the file can't be read, lacks a column, holds a text where a number belongs, a number that float32
        can't hold, a row without a label, or no row at all. Rows count from 1, the header not among them.
    """
    names, batches = _open(path)
    wanted = list(dict.fromkeys([*spec.numbers, *spec.texts]))
    for name in wanted:
        if name not in names:
            raise DataError(
                f"{path}: the configuration uses column {name!r}, which the table does not have. "
                f"Its columns: {', '.join(names)}. Rename the column in one of the two."
            )
    first_row = 1
    try:
        for batch in batches(wanted):
            arrays = {name: _number(batch.column(name), path, name, first_row) for name in spec.numbers}
            keep = _keep(arrays, spec, counts)
            kept_rows = np.flatnonzero(keep)
            _require_label(arrays, spec, path, keep, first_row)
            for name in spec.texts:
                arrays[name] = _text(batch.column(name))
            counts["rows read"] += batch.num_rows
            counts["rows kept"] += len(kept_rows)
            counts["rows dropped"] += batch.num_rows - len(kept_rows)
            first_row += batch.num_rows
            kept = pa.RecordBatch.from_pydict(arrays).take(pa.array(kept_rows))
            _count_values(kept, spec, counts)
            yield kept
    except pa.ArrowInvalid as error:
        raise DataError(f"{path}: not readable as a table: {_first_line(error)}. Correct the file.") from error
    if first_row == 1:
        raise DataError(f"{path}: the table has a header and no rows. Expected at least one row of data.")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")


def _open(path: Path) -> tuple[list[str], Any]:
    """Column names, and a function from wanted columns to batches."""
    if not path.is_file():
        raise DataError(f"{path}: no such file. data.path names the table: a {', '.join(SUFFIXES)} file.")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty. Expected a header and at least one row.")
    try:
        if path.name.endswith(".parquet"):
            file = pq.ParquetFile(path)
            return file.schema_arrow.names, lambda wanted: file.iter_batches(columns=wanted)
        if path.name.endswith((".csv", ".csv.gz")):
            return _open_csv(path)
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as error:
        raise DataError(f"{path}: not readable as a table: {_first_line(error)}. Correct the file.") from error
    raise DataError(f"{path}: expected a {', '.join(SUFFIXES)} file; received {path.name!r}. Convert the table.")


def _open_csv(path: Path) -> tuple[list[str], Any]:
    names = pa_csv.open_csv(path).schema.names
    repeated = sorted(name for name, times in Counter(names).items() if times > 1)
    if repeated:
        raise DataError(f"{path}, line 1: column {repeated[0]!r} stands more than once in the header. Rename it.")

    def batches(wanted: list[str]) -> Iterator[pa.RecordBatch]:
        return pa_csv.open_csv(
            path,
            read_options=pa_csv.ReadOptions(use_threads=False),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(wanted, pa.string()),
                null_values=MISSING_TOKENS,
                strings_can_be_null=True,
            ),
        )

    return names, batches


def _number(column: pa.Array, path: Path, name: str, first_row: int) -> pa.Array:
    """A column as float32; NaN counts as missing."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.utf8_trim_whitespace(column)
    try:
        wide = pc.cast(column, pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        row, value = _first_non_number(column)
        raise DataError(
            f"{path}, row {first_row + row}, column {name!r}: expected a number; received {value!r}. "
            f"Correct the value, leave it empty, or make the feature categorical."
        ) from error
    values = wide.to_numpy(zero_copy_only=False)
    too_large = np.flatnonzero(np.abs(values) > np.finfo(np.float32).max)
    if too_large.size:
        raise DataError(
            f"{path}, row {first_row + int(too_large[0])}, column {name!r}: expected a finite number that a 32-bit "
            f"float holds; received {values[too_large[0]]!r}. Correct the value or leave it empty."
        )
    return pa.array(values.astype(np.float32), mask=np.isnan(values))


def _first_non_number(column: pa.Array) -> tuple[int, Any]:
    for row, value in enumerate(column.to_pylist()):
        if value is not None:
            try:
                float(value)
            except (TypeError, ValueError):
                return row, value
    return 0, column[0].as_py()


def _text(column: pa.Array) -> pa.Array:
    """A column as strings; an integer that a float column holds is written without its decimal point."""
    return pc.cast(column, pa.string())


def _keep(arrays: dict[str, pa.Array], spec: TableSpec, counts: Counter[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which rows no rule drops. A row that two rules hit counts for both."""
    keep = np.ones(len(next(iter(arrays.values()))), bool)
    for name, rule in spec.drop.items():
        values = arrays[name].to_numpy(zero_copy_only=False)
        hits = {
            f"{name}: missing, row dropped": np.isnan(values) if rule.missing else None,
            f"{name}: below {rule.below}, row dropped": None if rule.below is None else values < rule.below,
            f"{name}: above {rule.above}, row dropped": None if rule.above is None else values > rule.above,
        }
        for text, hit in hits.items():
            if hit is not None:
                counts[text] += int(hit.sum())
                keep &= ~hit
    return keep


def _require_label(
    arrays: dict[str, pa.Array],
    spec: TableSpec,
    path: Path,
    keep: np.ndarray[Any, np.dtype[np.bool_]],
    first_row: int,
) -> None:
    for name in (spec.label, spec.weight):
        if name is None:
            continue
        values = arrays[name].to_numpy(zero_copy_only=False)
        missing = np.flatnonzero(np.isnan(values) & keep)
        if missing.size:
            raise DataError(
                f"{path}, row {first_row + int(missing[0])}, column {name!r}: expected a number; received nothing. "
                f"Fill it in, or drop such rows with data.drop: {{{name}: {{missing: true}}}}."
            )
    if spec.weight is not None:
        negative = np.flatnonzero((values < 0) & keep)
        if negative.size:
            raise DataError(
                f"{path}, row {first_row + int(negative[0])}, column {spec.weight!r}: expected a weight of at least "
                f"0; received {values[negative[0]]}. Correct it, or drop such rows with data.drop."
            )


def _count_values(batch: pa.RecordBatch, spec: TableSpec, counts: Counter[str]) -> None:
    for name, rule in spec.values.items():
        values = batch.column(name).to_numpy(zero_copy_only=False)
        missing = np.isnan(values)
        for text, hit in (
            (f"below {rule.min}", None if rule.min is None else values < rule.min),
            (f"above {rule.max}", None if rule.max is None else values > rule.max),
        ):
            if hit is not None:
                counts[f"{name}: {text}, {'clipped' if rule.outside == 'clip' else 'taken as missing'}"] += int(
                    hit.sum()
                )
                if rule.outside == "missing":
                    missing = missing | hit
        counts[f"{name}: missing, {rule.impute} imputed"] += int(missing.sum())
