"""Types and cleans batches of a table as the configuration says, and tells a row's split. Needs pyarrow alone."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from components.errors import DataError
from components.ingest.arrow_types import is_text
from components.ingest.splits import SplitRule, assign, group_values, time_values
from components.row_identity import GROUP_COLUMN, ROW_COLUMN
from components.settings import Settings

MISSING_TOKENS = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
LARGEST_INTEGER = 2**53  # from it on, not every integer is a 64-bit float
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INTEGER = r"^[+-]?\d+$"
_KEY = "split by "  # before the name of a column that decides a row's split, beside its typed twin

Rows = NDArray[np.bool_]


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
      missing: texts that stand for nothing.
      split: how rows are split.
      features: the columns among `numbers` and `texts` that are features.
      penalised: whether the fit may have a penalty, so that there may be more coefficients than rows.
      escape: the escape character of CSV files; None for none.
    """

    numbers: list[str]
    texts: list[str]
    label: str
    weight: str | None = None
    drop: dict[str, DropRule] = {}
    values: dict[str, ValueRule] = {}
    missing: list[str] = MISSING_TOKENS
    split: SplitRule = SplitRule()
    features: list[str] = []
    penalised: bool = False
    escape: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns to read."""
        return list(dict.fromkeys([*self.numbers, *self.texts, *self.split.columns]))


def check_columns(path: str, names: list[str], spec: TableSpec) -> None:
    """Raises a DataError if a table lacks a column that the configuration uses."""
    for name in spec.columns:
        if name not in names:
            raise DataError(
                f"{path}: the configuration uses column {name!r}, which the table does not have. "
                f"Its columns: {', '.join(names)}. Rename the column in one of the two."
            )


@dataclasses.dataclass
class Cleaned:
    """What `clean` makes of a batch of n rows.

    Attributes:
      kept: float32 numbers and string texts, null where missing; the rows' identities and perhaps groups, int64.
      split: of each kept row, its index in `spec.split.names`.
      rejected: why a row was rejected, by its position in the batch.
    """

    kept: pa.RecordBatch
    split: NDArray[np.intp]
    rejected: dict[int, str]


def clean(
    batch: pa.RecordBatch, spec: TableSpec, rows: NDArray[np.int64], counts: Counter[str], integers: bool = False
) -> Cleaned:
    """Types a batch, rejects what can't be right, drops what the configuration says, splits the rest.

    Args:
      batch: the columns of `spec`, of any type that can be a number or a text.
      spec: the columns and rules.
      rows: identities [n] of the batch's rows.
      counts: is added to: `rows read`, `rows kept`, `rows dropped`, `rows rejected`, and one line per rule, in words.
      integers: whether all of the column that rows are grouped by are integers.

    Raises:
      DataError: a column's type is neither number nor text, or does not suit its use. The text does not name the file.
      NotIntegersError: that column holds something else than integers.
    """
    arrays, rejected = typed(batch, spec.numbers, spec.texts, spec.missing)
    deciding, undecided = _deciding(batch, spec)
    good = np.ones(batch.num_rows, bool)
    good[list(rejected)] = False
    keep = _keep(arrays, spec, good, counts)
    keep &= _valid_label(arrays, spec, keep, rejected)
    rejected |= {row: why for row, why in undecided.items() if keep[row]}
    keep[list(undecided)] = False
    counts["rows read"] += batch.num_rows
    counts["rows kept"] += int(keep.sum())
    counts["rows rejected"] += len(rejected)
    counts["rows dropped"] += batch.num_rows - int(keep.sum()) - len(rejected)
    arrays |= {_KEY + name: values for name, values in deciding.items()} | {ROW_COLUMN: pa.array(rows)}
    taken = pa.RecordBatch.from_pydict(arrays)
    if not keep.all():
        taken = taken.filter(pa.array(keep))
    _count_values(taken, spec, counts)
    kept_rows = taken.column(ROW_COLUMN).to_numpy()
    drawn = assign(spec.split, {name: taken.column(_KEY + name) for name in deciding}, kept_rows, integers)
    kept = taken.select([*spec.numbers, *spec.texts, ROW_COLUMN])
    if drawn.group is not None:
        kept = kept.append_column(GROUP_COLUMN, pa.array(drawn.group))
    return Cleaned(kept, drawn.split, rejected)


def _deciding(batch: pa.RecordBatch, spec: TableSpec) -> tuple[dict[str, pa.Array], dict[int, str]]:
    """The columns that decide a row's split, as they are in the table, and why they can't, by position in the batch."""
    arrays: dict[str, pa.Array] = {}
    undecided: dict[int, str] = {}
    if spec.split.group is not None:
        arrays[spec.split.group] = group_values(batch.column(spec.split.group), spec.split.group, spec.missing)
    if spec.split.time is not None:
        name = spec.split.time.column
        arrays[name], undecided = time_values(batch.column(name), name, spec.split.time.starts, spec.missing)
    return arrays, undecided


def typed(
    batch: pa.RecordBatch, numbers: Iterable[str], texts: Iterable[str], missing: list[str]
) -> tuple[dict[str, pa.Array], dict[int, str]]:
    """Columns as float32 numbers and string texts, null where missing.

    Args:
      batch: holds the columns, of any type that can be a number or a text.
      numbers, texts: names of columns.
      missing: texts that stand for nothing.

    Returns:
      The columns by name; why a row can't be right, by its position in the batch.

    Raises:
      DataError: a column's type is neither number nor text, or does not suit its use. The text does not name the file.
    """
    rejected: dict[int, str] = {}
    arrays = {name: _number(batch.column(name), name, missing, rejected) for name in numbers}
    arrays |= {name: _text(batch.column(name), name, missing, rejected) for name in texts}
    return arrays, rejected


def _number(column: pa.Array, name: str, missing: list[str], rejected: dict[int, str]) -> pa.Array:
    """A column as float32; NaN counts as missing."""
    tokens = None
    if is_text(column.type):
        tokens = column = pc.utf8_trim_whitespace(_utf8(column, name, rejected))
        try:
            wide = pc.cast(column, pa.float64())
        except pa.ArrowInvalid:
            tokens = column = _blank(column, missing)
            odd = ~_true(pc.match_substring_regex(column, _NUMBER)) & column.is_valid().to_numpy(zero_copy_only=False)
            _reject(rejected, odd, column, f"column {name!r}: expected a number; received {{!r}}")
            wide = pc.cast(_blank_where(column, pa.array(odd)), pa.float64())
    elif pa.types.is_boolean(column.type) or pa.types.is_decimal(column.type) or pa.types.is_null(column.type):
        wide = pc.cast(column, pa.float64())
    elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        wide = pc.cast(column, pa.float64(), safe=False)
    else:
        raise DataError(
            f"column {name!r}: expected numbers; the column is of type {column.type}. Convert it, or leave it out."
        )
    values = wide.to_numpy(zero_copy_only=False)
    large = np.abs(values)
    beyond = large > np.finfo(np.float32).max
    if beyond.any():
        _reject(
            rejected,
            beyond,
            column,
            f"column {name!r}: expected a finite number that a 32-bit float holds; received {{}}",
        )
    integers = (large >= LARGEST_INTEGER) & ~beyond
    if integers.any():
        if tokens is not None:
            integers &= _true(pc.match_substring_regex(tokens, _INTEGER))
        if tokens is not None or pa.types.is_integer(column.type):
            _reject(
                rejected,
                integers,
                column,
                f"column {name!r}: expected a number; received {{}}, beyond the integers that a float holds (2^53): if it is "
                "an identifier, it is a text",
            )
    with np.errstate(over="ignore"):
        return pa.array(values.astype(np.float32), mask=np.isnan(values))


def _text(column: pa.Array, name: str, missing: list[str], rejected: dict[int, str]) -> pa.Array:
    """A column as strings; an integer that a float column holds is written without its decimal point."""
    if is_text(column.type):
        text = _utf8(column, name, rejected)
        return text if pa.types.is_binary(column.type) else _blank(text, missing)  # files.read did so in a CSV
    try:
        return pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"column {name!r}: expected texts; the column is of type {column.type}. Convert it, or leave it out."
        ) from error


def _utf8(column: pa.Array, name: str, rejected: dict[int, str]) -> pa.Array:
    """A column of texts or bytes as strings; what is not UTF-8 is rejected."""
    try:
        return pc.cast(column, pa.string())
    except pa.ArrowInvalid:
        raw = pc.cast(column, pa.binary()).to_pylist()
        odd = np.array([value is not None and not _is_utf8(value) for value in raw], bool)
        _reject(rejected, odd, raw, f"column {name!r}: expected UTF-8; received {{!r}}")
        return pa.array([None if bad else value for value, bad in zip(raw, odd, strict=True)], pa.binary()).cast(
            pa.string()
        )


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _blank(column: pa.Array, missing: list[str]) -> pa.Array:
    """Null for the texts that stand for nothing."""
    return _blank_where(column, pc.is_in(column, pa.array(missing, pa.string())))


def _blank_where(column: pa.Array, rows: pa.Array) -> pa.Array:
    """Null in some rows. Not by pyarrow 18's `if_else`, which makes an invalid array of a sliced one of texts."""
    return pc.replace_with_mask(column, rows, pa.scalar(None, column.type))


def _true(mask: pa.Array) -> Rows:
    return np.asarray(mask.fill_null(False).to_numpy(zero_copy_only=False))


def _reject(rejected: dict[int, str], rows: Rows, values: Any, reason: str) -> None:
    """Notes the first reason against each row."""
    for row in map(int, np.flatnonzero(rows)):
        value = values[row]
        rejected.setdefault(row, reason.format(value.as_py() if isinstance(value, pa.Scalar) else value))


def _keep(arrays: dict[str, pa.Array], spec: TableSpec, good: Rows, counts: Counter[str]) -> Rows:
    """Which of the good rows no rule drops. A row that two rules hit counts for both."""
    keep = good.copy()
    for name, rule in spec.drop.items():
        values = arrays[name].to_numpy(zero_copy_only=False)
        hits = {
            f"{name}: missing, row dropped": np.isnan(values) if rule.missing else None,
            f"{name}: below {rule.below}, row dropped": None if rule.below is None else values < rule.below,
            f"{name}: above {rule.above}, row dropped": None if rule.above is None else values > rule.above,
        }
        for text, hit in hits.items():
            if hit is not None:
                counts[text] += int((hit & good).sum())
                keep &= ~hit
    return keep


def _valid_label(arrays: dict[str, pa.Array], spec: TableSpec, keep: Rows, rejected: dict[int, str]) -> Rows:
    """Which of the kept rows have a label, and a weight of at least 0 where there are weights."""
    bad = np.zeros_like(keep)
    for name in (spec.label, spec.weight):
        if name is not None:
            values = arrays[name].to_numpy(zero_copy_only=False)
            _reject(
                rejected, np.isnan(values) & keep, arrays[name], f"column {name!r}: expected a number; received nothing"
            )
            bad |= np.isnan(values)
    if spec.weight is not None:
        _reject(
            rejected,
            (values < 0) & keep,
            arrays[spec.weight],
            f"column {spec.weight!r}: expected a weight of at least 0; received {{}}",
        )
        bad |= values < 0
    return ~bad


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
