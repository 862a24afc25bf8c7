"""Columns of Arrow as texts, by the rules of `texts`."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.values.texts import CANONICAL, SPELT_OTHERWISE, TRUTHS, float_text, nothing, truth_pattern


def canonical(column: pa.Array) -> pa.Array:
    """Strings as they are compared: `CANONICAL` applied."""
    if not pc.any(pc.match_substring_regex(column, SPELT_OTHERWISE)).as_py():
        return column
    for pattern, rewrite in CANONICAL:
        column = pc.replace_substring_regex(column, pattern, rewrite)
    return column


def is_missing(column: pa.Array, tokens: Iterable[str]) -> pa.Array:
    """Which strings stand for nothing, as `missing_pattern` has it; false where there is none."""
    return pc.is_in(pc.utf8_trim_whitespace(column), pa.array(sorted(nothing(tokens)), pa.string()))


def levels(column: pa.Array, missing: Iterable[str]) -> pa.Array:
    """Strings of a table as levels: canonical, null where missing.

    A text stands for nothing as well if its canonical text does: a typed value has no other.
    """
    coded = column.dictionary_encode()  # there are few
    found = canonical(coded.dictionary)
    gone = is_missing(coded.dictionary, missing)
    if found is not coded.dictionary:
        gone = pc.or_(gone, is_missing(found, missing))
    elif not pc.any(gone).as_py():
        return column
    return pc.replace_with_mask(found, gone, pa.scalar(None, pa.string())).take(coded.indices)


def truths(column: pa.Array) -> pa.Array:
    """Canonical strings as `true` and `false`; null for what is no truth value."""
    lower = pc.ascii_lower(column)
    found = pa.nulls(len(column), pa.string())
    for truth in TRUTHS:
        there = pc.match_substring_regex(lower, truth_pattern(truth)).fill_null(False)
        found = pc.replace_with_mask(found, there, pa.scalar(truth))
    return found


def of_column(column: pa.Array) -> pa.Array:
    """A typed column as canonical strings, null where it is.

    Args:
      column: of any type that can be a text but for bytes and strings: those may not be UTF-8, which is for the caller to say.

    Raises:
      TypeError: it can't be one.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return of_column(column.dictionary).take(column.indices)
    if pa.types.is_floating(kind):
        values = pc.cast(column, pa.float32()) if kind == pa.float16() else column
        coded = values.dictionary_encode()
        levels = [
            None if level is None or np.isnan(level) else float_text(level)
            for level in coded.dictionary.to_numpy(zero_copy_only=False)
        ]
        return pa.array(levels, pa.string()).take(coded.indices)
    if pa.types.is_timestamp(kind) and kind.tz is not None and kind.tz[:1] in "+-":
        sign = -1 if kind.tz[0] == "-" else 1
        hours, minutes = (int(part) for part in kind.tz[1:].split(":"))
        shift = pa.scalar(sign * datetime.timedelta(hours=hours, minutes=minutes), pa.duration(kind.unit))
        local = pc.add(pc.cast(pc.cast(column, pa.timestamp(kind.unit, "UTC")), pa.timestamp(kind.unit)), shift)
        return canonical(pc.binary_join_element_wise(pc.cast(local, pa.string()), kind.tz, ""))
    tests = (
        pa.types.is_boolean,
        pa.types.is_integer,
        pa.types.is_decimal,
        pa.types.is_date,
        pa.types.is_timestamp,
        pa.types.is_time,
        pa.types.is_null,
    )
    if not any(test(kind) for test in tests):
        raise TypeError(f"{kind} is no text")
    return canonical(of_decimals(column) if pa.types.is_decimal(kind) else pc.cast(column, pa.string()))


def of_decimals(column: pa.Array) -> pa.Array:
    """Decimals as strings with all their places; Arrow itself writes small ones with an exponent."""
    found = pc.cast(column, pa.string())
    if not pc.any(pc.match_substring(found, "E")).as_py():
        return found
    return pa.array([None if value is None else format(value, "f") for value in column.to_pylist()], pa.string())
