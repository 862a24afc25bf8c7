"""A column of a table, of whatever type, as one of the kinds that a model has. Needs pyarrow alone.

Each takes a column, its name, the texts that stand for nothing, and `rejected`: why a row can't be right, by its position, which
is added to. Each raises a DataError, whose text does not name the file, if the column's type does not suit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.errors import DataError
from components.table.arrow_types import is_number, is_text, is_time
from components.values import date_columns, dates, number_columns, numbers, text_columns, texts
from components.values.masks import Rows, true_rows, valid_rows
from components.values.numbers import LARGEST_INTEGER
from components.values.zones import Zone

# Sizes that 32-bit floats hold, zero aside. The largest is the last number that is not rounded to infinity: the shortest text of
# the largest 32-bit float, 3.4028235e+38, lies above that float.
LARGEST, LEAST = float(np.nextafter(2.0**128 - 2.0**103, 0)), float(np.finfo(np.float32).tiny)
Read = Callable[[pa.Array, str, list[str], dict[int, str]], pa.Array]
_DIGITS = r"\A[+-]?\d+\z"


def number(column: pa.Array, name: str, missing: list[str], rejected: dict[int, str], decimal: str = ".") -> pa.Array:
    """A column as float64, null where missing, of numbers that a 32-bit float can stand for.

    `decimal` is what texts have before a number's fraction.
    """
    column = _decoded(column)
    if _is_written(column.type):
        decimal = decimal if is_text(column.type) else "."
        column = strings(column, name, rejected)
    elif not _can_be_number(column.type):
        raise _unsuited(column, name, "numbers")
    found, odd, too_small = read_numbers(column, missing, decimal)
    finite = f"column {name!r}: expected a finite number that a 32-bit float holds; received {{}}"
    if odd.any():
        infinite = true_rows(pc.match_substring_regex(column, r"(?i)^\s*[+-]?inf(inity)?\s*$"))
        reject(rejected, odd & infinite, column, finite)
    reject(rejected, odd, column, f"column {name!r}: expected a number{_of(decimal)}; received {{!r}}")
    size = np.abs(found.to_numpy(zero_copy_only=False))
    reject(rejected, size > LARGEST, column, finite)
    reject(
        rejected,
        (size < LEAST) & (size > 0) | too_small,
        column,
        f"column {name!r}: expected a number that a 32-bit float holds; received {{}}, too near zero (below {LEAST:.2g}): use "
        "another unit",
    )
    beyond = (size >= LARGEST_INTEGER) & (size <= LARGEST)
    if beyond.any() and not pa.types.is_floating(column.type):
        if is_text(column.type):
            beyond &= true_rows(pc.match_substring_regex(pc.utf8_trim_whitespace(column), _DIGITS))
        reject(
            rejected,
            beyond,
            column,
            f"column {name!r}: expected a number; received {{}}, beyond the integers that a float holds (2^53): make "
            "it of kind integer with wide: true, or, if it is an identifier, categorical",
        )
    return found


def read_numbers(
    column: pa.Array, missing: list[str], decimal: str = ".", truths: bool = True
) -> tuple[pa.Array, Rows, Rows]:
    """A column as float64, whatever a 32-bit float makes of it.

    Args:
      column: strings, decimals, numbers, truth values or nulls.
      missing: texts that stand for nothing.
      decimal: what strings have before a number's fraction.
      truths: whether the texts `true` and `false` are 1 and 0, as truth values are.

    Returns:
      The numbers, null where missing and where there is none, infinite where a float is; which rows hold a text that is no
      number, [n]; which hold a number that 64 bits make zero although it is none, [n].
    """
    decimal = decimal if is_text(column.type) else "."
    missing = numbers.marks_with_points(missing, decimal)
    if _is_written(column.type):
        pointed = number_columns.with_points(strings(column, "", {}), decimal)
        found, odd = number_columns.of_texts(pointed, missing, truths)
        return found, odd, number_columns.underflows(pointed, found)
    values = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    none = np.zeros(len(column), bool)
    return number_columns.without_marks(pa.array(values, mask=np.isnan(values)), missing), none, none


def plain(column: pa.Array, name: str, rejected: dict[int, str]) -> pa.Array:
    """A column that nobody has given a kind yet: strings, or numbers, truth values, dates, times or nulls as they are typed."""
    column = _decoded(column)
    kind = column.type
    if is_text(kind):
        return strings(column, name, rejected)
    if pa.types.is_float16(kind):  # for which Arrow does little
        return pc.cast(column, pa.float32())
    if not (_can_be_number(kind) or is_time(kind)):
        raise _unsuited(column, name, "numbers or texts")
    return column


def integer(
    column: pa.Array,
    name: str,
    missing: list[str],
    rejected: dict[int, str],
    wide: bool = False,
    decimal: str = ".",
) -> pa.Array:
    """A column as int64, null where missing, of whole numbers up to 2^53, or of all that 64 bits hold; `decimal` as of `number`."""
    column, decimal, missing = _prepared(column, missing, decimal)
    fraction = beyond = np.zeros(len(column), bool)
    if _is_written(column.type):
        column = strings(column, name, rejected)
        pointed = number_columns.with_points(column, decimal)
        found, fraction, beyond = number_columns.whole_of_texts(pointed, missing, truths=True)
    elif pa.types.is_floating(column.type):
        values = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
        beyond = np.abs(values) > LARGEST_INTEGER  # neighbours can't be told apart there
        fraction = (values != np.floor(values)) & ~np.isnan(values) & ~beyond
        unfit = np.isnan(values) | beyond | fraction
        whole = pa.array(np.where(unfit, 0, values).astype(np.int64), mask=unfit)
        found = number_columns.without_marks(whole, missing)
    elif _can_be_number(column.type):
        if pa.types.is_uint64(column.type):
            beyond = true_rows(pc.greater(column, pa.scalar((1 << 63) - 1, pa.uint64())))
        found = number_columns.without_marks(pc.cast(column, pa.int64(), safe=False), missing)
    else:
        raise _unsuited(column, name, "whole numbers")
    reject(
        rejected,
        fraction,
        column,
        f"column {name!r}: expected a whole number{_of(decimal)}, without an exponent; received {{!r}}",
    )
    if not wide:
        values = found.fill_null(0).to_numpy(zero_copy_only=False)
        beyond = beyond | (values > LARGEST_INTEGER) | (values < -LARGEST_INTEGER)
    way = "make the column categorical" if wide else "say wide: true, or make the column categorical"
    if pa.types.is_floating(column.type):
        way = "write the column as integers"
    limit = "64 bits" if wide else "2^53"
    reject(rejected, beyond, column, f"column {name!r}: expected a whole number within {limit}; received {{}}: {way}")
    return found


def boolean(column: pa.Array, name: str, missing: list[str], rejected: dict[int, str]) -> pa.Array:
    """A column as the strings `true` and `false`, null where missing."""
    if not (is_text(column.type) or _can_be_number(_decoded(column).type)):
        raise _unsuited(column, name, "truth values")
    levels = text(column, name, missing, rejected)
    coded = levels.dictionary_encode()
    found = text_columns.truths(coded.dictionary).take(coded.indices)
    odd = valid_rows(levels) & ~valid_rows(found)
    reject(
        rejected,
        odd,
        levels,
        f"column {name!r}: expected a truth value ({', '.join(texts.TRUTHS['true'].split('|'))}, or "
        f"{', '.join(texts.TRUTHS['false'].split('|'))}, in any case); received {{!r}}",
    )
    return found


def text(column: pa.Array, name: str, missing: list[str], rejected: dict[int, str]) -> pa.Array:
    """A column as canonical strings, null where missing."""
    if is_text(column.type):
        return text_columns.levels(strings(column, name, rejected), missing)
    try:
        found = text_columns.of_column(column)
    except TypeError as error:
        raise _unsuited(column, name, "texts") from error
    return text_columns.levels(found, missing)


def dated(read: Read, form: str) -> Read:
    """What reads a column, as `text` or `integer` does, whose values must be dates of some format."""

    def dates_of(column: pa.Array, name: str, missing: list[str], rejected: dict[int, str]) -> pa.Array:
        found = read(column, name, missing, rejected)
        if form in dates.EPOCHS:
            numbers = found.fill_null(0).to_numpy(zero_copy_only=False)
            odd = date_columns.of_numbers(numbers, form)[1]
        else:
            odd = date_columns.of_texts(found, missing, form, Zone())[2]
        reject(rejected, odd, found, f"column {name!r}: expected {dates.expected(form)}; received {{!r}}")
        return found

    return dates_of


def narrow(column: pa.Array) -> pa.Array:
    """A column of float64 as float32, null where it is NaN; any other as it is."""
    if column.type != pa.float64():
        return column
    values = column.to_numpy(zero_copy_only=False)
    with np.errstate(over="ignore"):
        return pa.array(values.astype(np.float32), mask=np.isnan(values))


def raw_text(column: pa.Array) -> pa.Array:
    """A column of texts as they stand, trimmed, null where there is none; for counting what stood for nothing."""
    return pc.utf8_trim_whitespace(strings(column, "", {}) if is_text(column.type) else text_columns.of_column(column))


def _prepared(column: pa.Array, missing: list[str], decimal: str) -> tuple[pa.Array, str, list[str]]:
    """A column without a dictionary, what is before a fraction in it, and the texts that stand for nothing, with points."""
    column = _decoded(column)
    decimal = decimal if is_text(column.type) else "."
    return column, decimal, numbers.marks_with_points(missing, decimal)


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _is_written(kind: pa.DataType) -> bool:
    """Whether values of a type have digits in their text that a 64-bit float has not."""
    return is_text(kind) or pa.types.is_decimal(kind)


def _can_be_number(kind: pa.DataType) -> bool:
    return is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)


def _of(decimal: str) -> str:
    return "" if decimal == "." else f" with {decimal!r} before its fraction (data.decimal)"


def _unsuited(column: pa.Array, name: str, expected: str) -> DataError:
    return DataError(
        f"column {name!r}: expected {expected}; the column is of type {column.type}. Convert it, or leave it out."
    )


def strings(column: pa.Array, name: str, rejected: dict[int, str]) -> pa.Array:
    """A column of texts, bytes or decimals as strings; what is not UTF-8 is rejected."""
    if pa.types.is_decimal(column.type):
        return text_columns.of_decimals(column)
    try:
        return pc.cast(column, pa.string())
    except pa.ArrowInvalid:
        raw = pc.cast(column, pa.binary()).to_pylist()
        odd = np.array([value is not None and not _is_utf8(value) for value in raw], bool)
        reject(rejected, odd, raw, f"column {name!r}: expected UTF-8; received {{!r}}")
        return pa.array([None if bad else value for value, bad in zip(raw, odd, strict=True)], pa.binary()).cast(
            pa.string()
        )


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def reject(rejected: dict[int, str], rows: Rows, values: Any, reason: str) -> None:
    """Notes the first reason against each row."""
    for row in map(int, np.flatnonzero(rows)):
        value = values[row]
        rejected.setdefault(row, reason.format(value.as_py() if isinstance(value, pa.Scalar) else value))
