"""Columns of Arrow as numbers, by the rules of `numbers`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.values.masks import Rows, true_rows, valid_rows
from components.values.numbers import INT64, INTEGER, NAN, NUMBER, marks_of, whole_marks
from components.values.text_columns import is_missing

_TRUE, _FALSE = r"\A[tT][rR][uU][eE]\z", r"\A[fF][aA][lL][sS][eE]\z"
_SHORTEST = r"\A\+?(-?)0*(\d+?)(?:\.0*)?\z"
_SAFE_DIGITS = 18  # any integer of so many is one of 64 bits


def with_points(column: pa.Array, decimal: str) -> pa.Array:
    """Strings whose numbers have `decimal` (`.` or `,`) before their fraction, with points; what had a point has a comma then."""
    if decimal == ".":
        return column
    parts = (",", "\0"), (".", ","), ("\0", ".")
    for old, new in parts:
        column = pc.replace_substring(column, old, new)
    return column


def of_texts(column: pa.Array, missing: Iterable[str], truths: bool = False) -> tuple[pa.Array, Rows]:
    """Strings as numbers.

    Args:
      column: strings, null where there is none.
      missing: texts that stand for nothing.
      truths: whether `true` and `false`, in any case, are 1 and 0, as booleans of Arrow are.

    Returns:
      float64 [n], null where missing and where there is no number; which rows hold a text that is no number, [n].
    """
    missing = list(missing)
    numbers = _quick(column, missing, pa.float64())
    odd = np.zeros(len(column), bool)
    # What Arrow reads as a finite number is one by `NUMBER` too; infinities and NaNs it takes in more spellings than one.
    if numbers is None or not _finite(numbers):
        texts = _plain(column, missing, truths)
        odd = ~true_rows(pc.match_substring_regex(texts, NUMBER)) & valid_rows(texts)
        numbers = pc.cast(_without(texts, pa.array(odd)), pa.float64())
    return without_marks(numbers, missing), odd


def whole_of_texts(column: pa.Array, missing: Iterable[str], truths: bool = False) -> tuple[pa.Array, Rows, Rows]:
    """Strings as whole numbers, exactly: `5`, `+5`, `5.0` and `5.`, but not `5e3`.

    Args:
      column: strings, null where there is none.
      missing: texts that stand for nothing.
      truths: as of `of_texts`.

    Returns:
      int64 [n], null where missing and where there is none; which rows hold a text that is no whole number, [n]; which hold one
      beyond 64 bits, [n].
    """
    missing = list(missing)
    numbers = _quick(column, missing, pa.int64())
    odd, beyond = np.zeros(len(column), bool), np.zeros(len(column), bool)
    if numbers is None or pc.any(pc.match_substring(column, "x", ignore_case=True)).as_py():  # Arrow takes 0x1F for 31
        texts = _plain(column, missing, truths)
        odd = ~true_rows(pc.match_substring_regex(texts, INTEGER)) & valid_rows(texts)
        digits = pc.replace_substring_regex(_without(texts, pa.array(odd)), _SHORTEST, r"\1\2")
        for row in np.flatnonzero(true_rows(pc.greater(pc.utf8_length(digits), _SAFE_DIGITS))):
            beyond[row] = not -INT64 <= int(digits[int(row)].as_py()) < INT64
        numbers = pc.cast(_without(digits, pa.array(beyond)), pa.int64())
    return without_marks(numbers, missing), odd, beyond


def without_marks(numbers: pa.Array, missing: Iterable[str]) -> pa.Array:
    """Numbers, int64 or float64, null where they are one that `missing` names, such as -999."""
    marks = whole_marks(missing) if pa.types.is_integer(numbers.type) else marks_of(missing)
    return _without(numbers, pc.is_in(numbers, pa.array(marks, numbers.type))) if marks else numbers


def underflows(column: pa.Array, numbers: pa.Array) -> Rows:
    """Which texts are numbers other than zero although `of_texts` gives zero for them, such as `1e-400`, [n]."""
    zero = true_rows(pc.equal(numbers, 0.0))
    found = np.zeros(len(column), bool)
    if zero.any():
        texts = pc.utf8_trim_whitespace(column.filter(pa.array(zero)))
        spelt = texts.unique()
        odd = spelt.filter(pc.match_substring_regex(spelt, r"\A[+-]?[0.]*[1-9]"))
        if len(odd):
            found[zero] = true_rows(pc.is_in(texts, odd))
    return found


def _quick(column: pa.Array, missing: list[str], kind: pa.DataType) -> pa.Array | None:
    """Arrow's own reading, by far the quickest, null where missing; None if a text is not what it takes."""
    empty = pc.equal(pc.binary_length(column), 0)
    texts = _without(column, empty) if "" in missing and pc.any(empty).as_py() else column
    try:
        return pc.cast(texts, kind)
    except pa.ArrowInvalid:
        texts = _without_missing(texts, missing)
    try:
        return pc.cast(texts, kind)
    except pa.ArrowInvalid:
        return None


def _plain(column: pa.Array, missing: list[str], truths: bool) -> pa.Array:
    """Trimmed texts, null where missing, NaN among them."""
    texts = _without_missing(column, missing)
    texts = _without(texts, pc.match_substring_regex(texts, NAN))
    if truths:
        for pattern, digit in ((_TRUE, "1"), (_FALSE, "0")):
            texts = pc.replace_substring_regex(texts, pattern, digit)
    return texts


def _without_missing(column: pa.Array, missing: list[str]) -> pa.Array:
    texts = pc.utf8_trim_whitespace(column)
    return _without(texts, is_missing(texts, missing))


def _finite(numbers: pa.Array) -> bool:
    return bool(pc.all(pc.is_finite(numbers), min_count=0).as_py())


def _without(column: pa.Array, rows: pa.Array) -> pa.Array:
    """Null in some rows. Not by pyarrow 18's `if_else`, which makes an invalid array of a sliced one of texts."""
    rows = rows.fill_null(False)
    if not pa.types.is_string(column.type):
        return pc.replace_with_mask(column, rows, pa.scalar(None, column.type))
    _, offsets, data = column.buffers()  # replace_with_mask copies them
    present = pc.and_not(column.is_valid(), rows)
    offsets = offsets.slice(4 * column.offset)
    return pa.StringArray.from_buffers(len(column), offsets, data, present.buffers()[1], -1)
