"""Types and cleans batches of a table as the configuration says, and tells a row's split. Needs pyarrow alone."""

from __future__ import annotations

import dataclasses
import difflib
import functools
from collections import Counter
from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.errors import DataError
from components.table import columns, labels, rules
from components.table.added_columns import CLUSTER_COLUMN, GROUP_COLUMN, ROW_COLUMN, TIME_COLUMN
from components.table.clusters import cluster_numbers, cluster_values
from components.table.spec import TableSpec
from components.table.splits import assign, group_values, time_order, time_values
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
        what ingest adds (`TableSpec.added`), int64.
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
    keep = rules.keep(arrays, spec, good, counts)
    keep &= _usable(arrays, spec, keep, rejected)
    clusters, unclustered = _clusters(batch, spec)
    for reasons in (undecided, unclustered):
        rejected |= {row: why for row, why in reasons.items() if keep[row]}
        keep[list(reasons)] = False
    counts["rows read"] += batch.num_rows
    counts["rows kept"] += int(keep.sum())
    counts["rows rejected"] += len(rejected)
    counts["rows dropped"] += batch.num_rows - int(keep.sum()) - len(rejected)
    tokens = _count_tokens(batch, arrays, spec, keep)
    seen = labels.Values.of(arrays[spec.label], keep)
    if spec.positive is not None:
        arrays[spec.label] = labels.encoded(arrays[spec.label], spec.positive)
    arrays |= {_KEY + name: values for name, values in deciding.items()} | clusters | {ROW_COLUMN: pa.array(rows)}
    taken = pa.RecordBatch.from_pydict(arrays)
    if not keep.all():
        taken = taken.filter(pa.array(keep))
    rules.count_values(taken, spec, counts)
    kept_rows = taken.column(ROW_COLUMN).to_numpy()
    drawn = assign(spec.split, {name: taken.column(_KEY + name) for name in deciding}, kept_rows, integer_groups)
    return Cleaned(_with_added(taken, spec, drawn.group), drawn.split, rejected, tokens, seen)


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


def _clusters(batch: pa.RecordBatch, spec: TableSpec) -> tuple[dict[str, pa.Array], dict[int, str]]:
    """The values that standard errors are clustered by, if they are, and why a row has none, by position in the batch."""
    if spec.cluster is None:
        return {}, {}
    values, reasons = cluster_values(batch.column(spec.cluster), spec.cluster, spec.missing)
    return {CLUSTER_COLUMN: values}, reasons


def _with_added(taken: pa.RecordBatch, spec: TableSpec, group: NDArray[np.int64] | None) -> pa.RecordBatch:
    """The columns to keep, and after them what ingest adds."""
    added = {ROW_COLUMN: taken.column(ROW_COLUMN)}
    if group is not None:
        added[GROUP_COLUMN] = pa.array(group)
    if spec.cluster is not None:
        added[CLUSTER_COLUMN] = pa.array(cluster_numbers(taken.column(CLUSTER_COLUMN)))
    if spec.split.time is not None:
        added[TIME_COLUMN] = pa.array(time_order(taken.column(_KEY + spec.split.time.column)))
    names = [*spec.kept, *spec.added]
    return pa.RecordBatch.from_arrays([added[name] if name in added else taken.column(name) for name in names], names)


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
    return {name: columns.narrow(array) for name, array in arrays.items()}, rejected


def stored(batch: pa.RecordBatch, exact: Collection[str] = ()) -> pa.RecordBatch:
    """Kept rows as tf.Examples hold them.

    Args:
      batch: from `clean`.
      exact: columns of numbers, all of them whole, that are stored as int64; the others become float32.
    """
    arrays = [
        column.cast(pa.int64()) if name in exact else columns.narrow(column)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


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
