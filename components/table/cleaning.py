"""Types and cleans batches of a table as the configuration says, and tells a row's split. Needs pyarrow alone."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
from collections import Counter
from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.errors import DataError
from components.table import columns, labels
from components.table.added_columns import GROUP_COLUMN, ROW_COLUMN
from components.table.spec import TableSpec
from components.table.splits import assign, group_values, time_values
from components.values.masks import Rows, true_rows
from components.values.names import shown

_KEY = "split by "  # before the name of a column that decides a row's split, beside its typed twin
Tokens = dict[str, dict[str, int]]  # by column, by text that stands for nothing, in how many rows it does


def check_columns(path: str, names: list[str], spec: TableSpec) -> None:
    """Raises a DataError if a table lacks a column that the configuration uses."""
    for name in spec.columns:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise DataError(
                f"{path}: the configuration uses column {name!r}, which the table does not have{hint} "
                f"Its columns: {', '.join(map(shown, names))}. Rename the column in one of the two."
            )


@dataclasses.dataclass
class Cleaned:
    """What `clean` makes of a batch of n rows.

    Attributes:
      kept: float64 numbers (`stored` makes them narrower), int64 integers, strings of truth values and texts, null where missing;
        the rows' identities and perhaps groups, int64.
      split: of each kept row, its index in `spec.split.names`.
      rejected: why a row was rejected, by its position in the batch.
      tokens: how often each text of `spec.missing` stood for nothing among the kept rows of columns of texts and truth values.
      label: the label's values in the kept rows, as the table has them.
    """

    kept: pa.RecordBatch
    split: NDArray[np.intp]
    rejected: dict[int, str]
    tokens: Tokens
    label: labels.Values


def clean(
    batch: pa.RecordBatch,
    spec: TableSpec,
    rows: NDArray[np.int64],
    counts: Counter[str],
    integer_groups: bool = False,
) -> Cleaned:
    """Types a batch, rejects what can't be right, drops what the configuration says, splits the rest.

    Args:
      batch: the columns of `spec`, of any type that can be what it takes them for.
      spec: the columns and rules.
      rows: identities [n] of the batch's rows.
      counts: is added to: `rows read`, `rows kept`, `rows dropped`, `rows rejected`, and a line for each rule that hit a row.
      integer_groups: whether all of the column that rows are grouped by are integers.

    Raises:
      DataError: a column's type does not suit its use. The text does not name the file.
      NotIntegersError: the column that rows are grouped by holds something else than integers.
    """
    arrays, rejected = _columns(batch, spec, spec.kept)
    deciding, undecided = _deciding(batch, spec)
    good = np.ones(batch.num_rows, bool)
    good[list(rejected)] = False
    keep = _keep(arrays, spec, good, counts)
    keep &= _usable(arrays, spec, keep, rejected)
    rejected |= {row: why for row, why in undecided.items() if keep[row]}
    keep[list(undecided)] = False
    counts["rows read"] += batch.num_rows
    counts["rows kept"] += int(keep.sum())
    counts["rows rejected"] += len(rejected)
    counts["rows dropped"] += batch.num_rows - int(keep.sum()) - len(rejected)
    tokens = _count_tokens(batch, arrays, spec, keep)
    seen = labels.Values.of(arrays[spec.label], keep)
    if spec.positive is not None:
        arrays[spec.label] = labels.encoded(arrays[spec.label], spec.positive)
    arrays |= {_KEY + name: values for name, values in deciding.items()} | {ROW_COLUMN: pa.array(rows)}
    taken = pa.RecordBatch.from_pydict(arrays)
    if not keep.all():
        taken = taken.filter(pa.array(keep))
    _count_values(taken, spec, counts)
    kept_rows = taken.column(ROW_COLUMN).to_numpy()
    drawn = assign(spec.split, {name: taken.column(_KEY + name) for name in deciding}, kept_rows, integer_groups)
    kept = taken.select([*spec.kept, ROW_COLUMN])
    if drawn.group is not None:
        kept = kept.append_column(GROUP_COLUMN, pa.array(drawn.group))
    return Cleaned(kept, drawn.split, rejected, tokens, seen)


def add_tokens(total: Tokens, more: Tokens) -> None:
    """Adds counts of texts that stood for nothing to others."""
    for name, texts in more.items():
        kept = total.setdefault(name, {})
        for text, number in texts.items():
            kept[text] = kept.get(text, 0) + number


def _deciding(batch: pa.RecordBatch, spec: TableSpec) -> tuple[dict[str, pa.Array], dict[int, str]]:
    """The columns that decide a row's split, as they are in the table, and why they can't, by position in the batch."""
    arrays: dict[str, pa.Array] = {}
    undecided: dict[int, str] = {}
    if spec.split.group is not None:
        arrays[spec.split.group] = group_values(batch.column(spec.split.group), spec.split.group, spec.missing)
    if spec.split.time is not None:
        name = spec.split.time.column
        arrays[name], undecided = time_values(
            batch.column(name), name, spec.split.time.starts, spec.missing, spec.dialect.decimal
        )
    return arrays, undecided


def typed(
    batch: pa.RecordBatch, spec: TableSpec, names: Iterable[str] | None = None
) -> tuple[dict[str, pa.Array], dict[int, str]]:
    """Columns as a tf.Example holds them.

    Args:
      batch: holds the columns, of any type that can be what the spec takes them for.
      spec: what each column is, and which texts stand for nothing.
      names: of the columns to take; None for all that the spec gives a kind.

    Returns:
      The columns by name, null where missing: `numbers` float32, `integers` int64, `booleans` the strings `true` and `false`,
      `texts` canonical strings; why a row can't be right, by its position in the batch.

    Raises:
      DataError: a column's type does not suit its use. The text does not name the file.
    """
    arrays, rejected = _columns(batch, spec, spec.kept if names is None else names)
    return {name: _narrow(array) for name, array in arrays.items()}, rejected


def stored(batch: pa.RecordBatch, exact: Collection[str] = ()) -> pa.RecordBatch:
    """Kept rows as tf.Examples hold them.

    Args:
      batch: from `clean`.
      exact: columns of numbers, all of them whole, that are stored as int64; the others become float32.
    """
    columns = [
        column.cast(pa.int64()) if name in exact else _narrow(column)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _columns(
    batch: pa.RecordBatch, spec: TableSpec, names: Iterable[str]
) -> tuple[dict[str, pa.Array], dict[int, str]]:
    """Columns by name, numbers float64; why a row can't be right, by its position."""
    rejected: dict[int, str] = {}
    wide = set(spec.wide)
    read: dict[str, columns.Read] = {
        **dict.fromkeys(spec.numbers, functools.partial(columns.number, decimal=spec.dialect.decimal)),
        **{
            name: functools.partial(columns.integer, wide=name in wide, decimal=spec.dialect.decimal)
            for name in spec.integers
        },
        **dict.fromkeys(spec.booleans, columns.boolean),
        **dict.fromkeys(spec.texts, columns.text),
    }
    read |= {name: columns.dated(read[name], form) for name, form in spec.dates.items()}
    if spec.label in spec.numbers:
        read[spec.label] = functools.partial(labels.numbers, decimal=spec.dialect.decimal)
    return {name: read[name](batch.column(name), name, spec.missing, rejected) for name in names}, rejected


def _narrow(column: pa.Array) -> pa.Array:
    if column.type != pa.float64():
        return column
    values = column.to_numpy(zero_copy_only=False)
    with np.errstate(over="ignore"):
        return pa.array(values.astype(np.float32), mask=np.isnan(values))


def _keep(arrays: dict[str, pa.Array], spec: TableSpec, good: Rows, counts: Counter[str]) -> Rows:
    """Which of the good rows no rule drops. A row that two rules hit counts for both."""
    keep = good.copy()
    for name, rule in spec.drop.items():
        column = arrays[name]
        hits: dict[str, pa.Array] = {}
        if rule.missing:
            hits["missing"] = column.is_null()
        if rule.below is not None:
            hits[f"below {rule.below}"] = _below(column, rule.below)
        if rule.above is not None:
            hits[f"above {rule.above}"] = _above(column, rule.above)
        for value in rule.values or ():
            hits[repr(value)] = pc.equal(column, value)
        for text, found in hits.items():
            hit = found.fill_null(False)
            _count(counts, f"{name}: {text}, row dropped", pc.and_(hit, pa.array(good)))
            keep &= ~true_rows(hit)
    return keep


def _usable(arrays: dict[str, pa.Array], spec: TableSpec, keep: Rows, rejected: dict[int, str]) -> Rows:
    """Which of the kept rows have a label that the family can have, a weight of at least 0, an offset, an exposure above 0."""
    bad = np.zeros_like(keep)
    for name in (spec.label, spec.weight, spec.offset):
        if name is not None:
            what = "a number" if name in spec.numbers else "a value"
            gone = true_rows(arrays[name].is_null())
            columns.reject(rejected, gone & keep, arrays[name], f"column {name!r}: expected {what}; received nothing")
            bad |= gone
    if spec.positive is None:
        bad |= labels.reject_unfit(arrays[spec.label], spec, keep & ~bad, rejected)
    for name, is_odd, what in (
        (spec.weight, pc.less, "a weight of at least 0"),
        (spec.offset if spec.exposed else None, pc.less_equal, "an exposure above 0"),
    ):
        if name is not None:
            odd = true_rows(is_odd(arrays[name], 0.0))
            columns.reject(rejected, odd & keep, arrays[name], f"column {name!r}: expected {what}; received {{}}")
            bad |= odd
    return ~bad


def _count_values(batch: pa.RecordBatch, spec: TableSpec, counts: Counter[str]) -> None:
    for name, rule in spec.values.items():
        column = batch.column(rule.column or name)
        missing = column.is_null()
        if rule.levels is not None:
            hit = pc.invert(pc.or_(pc.is_in(column, pa.array(rule.levels, pa.string())), missing))
            _count(counts, f"{name}: none of the levels, taken as missing", hit)
            missing = pc.or_(missing, hit)
        if rule.min is not None or rule.max is not None:
            column = _narrow(column)  # as the graph compares it
        too_low = rule.too_low or f"below {rule.min}"
        for text, bound, beyond in ((too_low, rule.min, _below), (f"above {rule.max}", rule.max, _above)):
            if bound is not None:
                hit = beyond(column, bound).fill_null(False)
                way = "clipped" if rule.outside == "clip" else "taken as missing"
                _count(counts, f"{name}: {text}, {way}", hit)
                if rule.outside == "missing":
                    missing = pc.or_(missing, hit)
        _count(counts, f"{name}: missing, {rule.impute} imputed", missing)


def _below(column: pa.Array, bound: float) -> pa.Array:
    """Which numbers are below a bound, compared as what they are."""
    if pa.types.is_integer(column.type):
        return pc.less_equal(column, _whole(math.ceil(bound) - 1))
    return pc.less(column, pa.scalar(bound, column.type))


def _above(column: pa.Array, bound: float) -> pa.Array:
    if pa.types.is_integer(column.type):
        return pc.greater_equal(column, _whole(math.floor(bound) + 1))
    return pc.greater(column, pa.scalar(bound, column.type))


def _whole(bound: int) -> pa.Scalar:
    """A bound of integers, or the nearest one that there is."""
    return pa.scalar(min(max(bound, -(1 << 63)), (1 << 63) - 1), pa.int64())


def _count(counts: Counter[str], text: str, hit: pa.Array) -> None:
    """Adds the number of rows to a count; there is none of what never was."""
    number = hit.true_count
    if number:
        counts[text] += number


def _count_tokens(batch: pa.RecordBatch, arrays: dict[str, pa.Array], spec: TableSpec, keep: Rows) -> Tokens:
    """How often each of `missing` stood for nothing in the texts of the kept rows, by column."""
    found: Tokens = {}
    for name in (*spec.texts, *spec.booleans):
        column = batch.column(name)
        gone = true_rows(arrays[name].is_null()) & keep
        if gone.any():
            texts = columns.raw_text(column.filter(pa.array(gone))).drop_null()
            pairs = texts.value_counts().to_pylist()
            if pairs:
                found[name] = {pair["values"]: pair["counts"] for pair in pairs}
    return found
