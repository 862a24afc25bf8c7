r"""What a number is, wherever it comes from. Needs pyarrow and numpy alone.

A text is a number if, without blanks around it, it is decimal digits with a point, a sign and an exponent where wanted
(`1`, `-1.5`, `.5`, `2.`, `1E+05`), each text by itself, whatever its neighbours are. `nan` in any case and with any sign is a
missing value, as C's printf, R and MATLAB write one. Where a table has decimal commas, `,` is the point, and `.` is none of a
number's characters: neither `1.5` nor `1.234,5` is one. `inf` is no number that a model can use. A text of `data.missing` that is a
number (`-999`) stands for nothing in every spelling of that number, as it does where the column is typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.values.masks import Rows, true_rows, valid_rows
from components.values.texts import is_missing

NUMBER = r"\A[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\z"
NAN = r"\A[+-]?[nN][aA][nN]\z"
INTEGER = r"\A[+-]?\d+(\.0*)?\z"  # whole, however it is written but for exponents
LARGEST_INTEGER = 2**53  # from it on, not every integer is a 64-bit float

_NUMBER, _INTEGER = (re.compile(pattern.replace(r"\z", r"\Z"), re.ASCII) for pattern in (NUMBER, INTEGER))
_TRUE, _FALSE = r"\A[tT][rR][uU][eE]\z", r"\A[fF][aA][lL][sS][eE]\z"
_SHORTEST = r"\A\+?(-?)0*(\d+?)(?:\.0*)?\z"
_SAFE_DIGITS = 18  # any integer of so many is one of 64 bits
_INT64 = 1 << 63


def with_points(column: pa.Array, decimal: str) -> pa.Array:
    """Strings whose numbers have `decimal` (`.` or `,`) before their fraction, with points; what had a point has a comma then."""
    if decimal == ".":
        return column
    parts = (",", "\0"), (".", ","), ("\0", ".")
    for old, new in parts:
        column = pc.replace_substring(column, old, new)
    return column


def marks_with_points(missing: Iterable[str], decimal: str) -> list[str]:
    """Texts that stand for nothing, as `with_points` makes them."""
    return list(missing) if decimal == "." else [text.translate(str.maketrans(",.", ".,")) for text in missing]


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
            beyond[row] = not -_INT64 <= int(digits[int(row)].as_py()) < _INT64
        numbers = pc.cast(_without(digits, pa.array(beyond)), pa.int64())
    return without_marks(numbers, missing), odd, beyond


def without_marks(numbers: pa.Array, missing: Iterable[str]) -> pa.Array:
    """Numbers, int64 or float64, null where they are one that `missing` names, such as -999."""
    marks = whole_marks(missing) if pa.types.is_integer(numbers.type) else marks_of(missing)
    return _without(numbers, pc.is_in(numbers, pa.array(marks, numbers.type))) if marks else numbers


def marks_of(missing: Iterable[str]) -> list[float]:
    """The numbers that stand for nothing."""
    return [float(token) for token in map(str.strip, missing) if _NUMBER.match(token)]


def whole_marks(missing: Iterable[str]) -> list[int]:
    """The whole numbers of 64 bits that stand for nothing."""
    whole = [int(token.partition(".")[0]) for token in map(str.strip, missing) if _INTEGER.match(token)]
    return [mark for mark in whole if -_INT64 <= mark < _INT64]


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
