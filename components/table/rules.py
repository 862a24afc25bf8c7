"""The configuration's rules for values: which rows they leave out, and what they touch, counted."""

from __future__ import annotations

import math
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from components.table import columns
from components.table.spec import TableSpec
from components.values.masks import Rows, true_rows


def keep(arrays: dict[str, pa.Array], spec: TableSpec, good: Rows, counts: Counter[str]) -> Rows:
    """Which of the good rows no rule drops. A row that two rules hit counts for both."""
    kept = good.copy()
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
            kept &= ~true_rows(hit)
    return kept


def count_values(batch: pa.RecordBatch, spec: TableSpec, counts: Counter[str]) -> None:
    """Counts what the served graph will clip, take as missing and impute in the kept rows."""
    for name, rule in spec.values.items():
        column = batch.column(rule.column or name)
        missing = column.is_null()
        if rule.levels is not None:
            hit = pc.invert(pc.or_(pc.is_in(column, pa.array(rule.levels, pa.string())), missing))
            _count(counts, f"{name}: none of the levels, taken as missing", hit)
            missing = pc.or_(missing, hit)
        if rule.min is not None or rule.max is not None:
            column = columns.narrow(column)  # as the graph compares it
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
