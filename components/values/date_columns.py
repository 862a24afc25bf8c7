"""Columns of Arrow as dates, by the rules of `dates`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.values import calendar_parts, dates
from components.values.masks import Rows, true_rows, valid_rows
from components.values.text_columns import is_missing
from components.values.zones import Zone

Instants = NDArray[np.int64]


def steps(starts: Sequence[int], values: Sequence[int], at: Instants) -> Instants:
    """`calendar_parts.Steps` by numpy."""
    return np.array(values)[np.searchsorted(np.array(starts, np.int64), at, side="right")]


def of_texts(column: pa.Array, missing: Iterable[str], form: str, zone: Zone) -> tuple[Instants, Rows, Rows]:
    """Strings as instants.

    Args:
      column: strings, null where there is none.
      missing: texts that stand for nothing.
      form: of texts (`dates`).
      zone: of texts without one.

    Returns:
      Microseconds since 1970-01-01T00:00:00Z, int64 [n], 0 where there is no date; where there is one, [n]; which rows hold a text
      that is none, [n].
    """
    texts = iso_texts(column, form)
    valid = pc.match_substring_regex(texts, dates.VALID)
    odd = valid_rows(column) & ~true_rows(valid) & ~true_rows(is_missing(column, missing))
    fine = texts.filter(valid.fill_null(False))
    found = np.zeros(len(column), np.int64)
    there = true_rows(valid)
    naive = true_rows(pc.match_substring_regex(fine, dates.WITHOUT_ZONE)).astype(np.int64)
    stamp, fraction, offset = (
        pc.cast(_rewritten(fine, rules), pa.int64()).to_numpy(zero_copy_only=False)
        for rules in (dates.STAMP, dates.FRACTION, dates.OFFSET)
    )
    found[there] = calendar_parts.instants(stamp, fraction, offset, naive, zone, steps)
    return found, there, odd


def iso_texts(column: pa.Array, form: str) -> pa.Array:
    """Strings of some format as ISO 8601 has them, without blanks around them; what is not of it stays as it is."""
    return _rewritten(pc.utf8_trim_whitespace(column), dates.rules(form))


def of_numbers(numbers: Any, form: str) -> tuple[Instants, Rows]:
    """Whole numbers since 1970, int64 [n], as instants, and which are beyond the calendar, [n]."""
    unit = dates.EPOCHS[form]
    beyond = (numbers < calendar_parts.FIRST // unit) | (numbers > calendar_parts.LAST // unit)
    return np.where(beyond, 0, numbers) * unit, beyond


def _rewritten(column: pa.Array, rules: dates.Rules) -> pa.Array:
    for pattern, rewrite in rules:
        column = pc.replace_substring_regex(column, pattern, rewrite)
    return column
