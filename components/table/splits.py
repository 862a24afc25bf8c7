"""Which split each row goes to: drawn by the row's identity, by the value of a column (TFX's own rule), or by time."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.errors import DataError
from components.table import row_identity
from components.table.arrow_types import is_text
from components.table.columns import strings
from components.table.split_rule import SplitRule, Start, microseconds, start_number
from components.table.wire_format import field
from components.values import number_columns, numbers
from components.values.text_columns import is_missing

_WITH_ZONE = r"\d{2}:\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)$"
_INT64 = 1 << 63
GROUP_BITS = 16  # of a group's number, which is only asked for its fold: groups that share one share that


class NotIntegersError(Exception):
    """A column that was taken for integers holds something else, so that all of it has to be taken for texts."""


@dataclasses.dataclass
class Drawn:
    """What `assign` finds for n rows.

    Attributes:
      split: index into `SplitRule.names`.
      group: of each row, a number that rows of one group share; None where rows are not grouped.
    """

    split: NDArray[np.intp]
    group: NDArray[np.int64] | None


def assign(rule: SplitRule, columns: dict[str, pa.Array], rows: NDArray[np.int64], integers: bool) -> Drawn:
    """Splits rows.

    Args:
      rule: the rule.
      columns: by name, those of `rule.columns`: the group's as `group_values` gives it, the time's as `time_values` does, none
        of its values null.
      rows: identities, int64 [n].
      integers: whether all of the group's column are integers.

    Raises:
      NotIntegersError: they are not.
    """
    group = digests = None
    if rule.group is not None:
        digests = _digests(columns[rule.group], integers, rule.seed)
        group = (digests[0] >> np.uint64(64 - GROUP_BITS)).astype(np.int64)
    if rule.time is not None:
        values = columns[rule.time.column].to_numpy(zero_copy_only=False)
        starts = np.array([start_number(start) for start in rule.time.starts.values()])
        return Drawn(np.searchsorted(starts, values, side="right"), group)
    ends = np.cumsum(list(rule.shares.values()))
    size = int(ends[-1])
    if digests is None:
        bucket = row_identity.draw(rows, size, row_identity.split_stream(rule.seed))
    else:
        # The remainder of a 256-bit number, from those of its four words.
        word = pow(2, 64, size)
        bucket = np.zeros(len(rows), np.int64)
        for part in digests:
            bucket = (bucket * word + (part % np.uint64(size)).astype(np.int64)) % size
    return Drawn(np.searchsorted(ends, bucket, side="right"), group)


def _digests(column: pa.Array, integers: bool, seed: int) -> NDArray[np.uint64]:
    """SHA-256 of each value as a tf.Feature, as four words [4, n], the first one the highest: TFX's own rule for a seed of 0."""
    coded = column.dictionary_encode()
    salt = seed.to_bytes(8, "big") if seed else b""
    features = [*_features(coded.dictionary, integers), b""]  # the last: missing
    if salt:
        features = [feature + salt for feature in features]
    found = b"".join([hashlib.sha256(feature).digest() for feature in features])
    words = np.frombuffer(found, ">u8").astype(np.uint64).reshape(-1, 4)
    indices = coded.indices.fill_null(len(features) - 1).to_numpy(zero_copy_only=False)
    return np.asarray(words[indices].T)


def _features(levels: pa.Array, integers: bool) -> list[bytes]:
    """Each value as a serialised tf.Feature, as CsvExampleGen reads it: an int64 if all of the column are integers, else bytes."""
    if not integers:
        levels = levels.cast(pa.string()) if pa.types.is_integer(levels.type) else levels
        return [field(1, field(1, level)) for level in levels.cast(pa.binary()).to_pylist()]
    try:
        texts = levels.cast(pa.string()) if is_text(levels.type) else levels
        numbers = pc.cast(texts, pa.int64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:  # Python, as CsvExampleGen, takes "+7" and " 7" too
        numbers = _slow_integers(levels)
    return _int64_features(numbers.astype(np.uint64)).tolist()


def _slow_integers(levels: pa.Array) -> NDArray[np.int64]:
    try:
        numbers = [int(level) for level in levels.to_pylist()]
    except ValueError as error:
        raise NotIntegersError from error
    if any(not -_INT64 <= number < _INT64 for number in numbers):
        raise NotIntegersError
    return np.array(numbers, np.int64)


def _int64_features(values: NDArray[np.uint64]) -> NDArray[np.object_]:
    """Protocol Buffers' encoding of tf.Features of one int64 each: four bytes, and groups of seven bits, the lowest first."""
    groups = sum((values >= 1 << 7 * index for index in range(1, 10)), np.ones(len(values), np.int64))
    features = np.empty(len(values), object)
    for length in np.unique(groups):
        rows = groups == length
        encoded = np.zeros((rows.sum(), 4 + length), np.uint8)
        encoded[:, :4] = 0x1A, length + 2, 0x0A, length
        for index in range(length):
            group = values[rows] >> np.uint64(7 * index) & np.uint64(127)
            encoded[:, 4 + index] = group | np.uint64(128 if index < length - 1 else 0)
        features[rows] = encoded.view(f"V{4 + length}").ravel().tolist()
    return features


def are_integers(column: pa.Array) -> bool:
    """Whether a group's column, as `group_values` gives it, holds integers of 64 bits alone."""
    try:
        _features(column.drop_null().unique(), integers=True)
    except NotIntegersError:
        return False
    return True


def group_values(column: pa.Array, name: str, missing: list[str]) -> pa.Array:
    """A group's column as integers or as bytes, null where missing.

    Raises:
      DataError: the column is of a type that can be neither. The text does not name the file.
    """
    if pa.types.is_integer(column.type):
        return column
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        values = pc.cast(column, pa.binary() if is_text(column.type) else pa.string()).cast(pa.binary())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"column {name!r}: expected integers or texts to split by; the column is of type {column.type}. "
            "Convert it, or split by another."
        ) from error
    gone = pc.is_in(values, pa.array([token.encode() for token in missing], pa.binary()))
    return pc.replace_with_mask(values, gone, pa.scalar(None, pa.binary()))


def time_values(
    column: pa.Array, name: str, starts: dict[str, Start], missing: list[str], decimal: str = "."
) -> tuple[pa.Array, dict[int, str]]:
    """A column that splits by time as float64 numbers, or as microseconds since 1970 (int64; without a zone, UTC is meant).

    Args:
      column: numbers, dates, times, or texts of such.
      name: of the column.
      starts: say which of the two is meant.
      missing: texts that stand for nothing.
      decimal: what texts have before a number's fraction.

    Returns:
      The values, null where there is none, and why a row can't be right, by its position.

    Raises:
      DataError: the column is of another type. The text does not name the file.
    """
    dates = any(isinstance(start, str) for start in starts.values())
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    given = column
    undecided: dict[int, str] = {}
    if is_text(column.type):
        given = pc.utf8_trim_whitespace(strings(column, name, undecided))
        given = pc.replace_with_mask(given, is_missing(given, missing), pa.scalar(None, pa.string()))
        values = _times_of(given) if dates else _numbers_of(given, missing, decimal)
    elif dates and (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
        values = pc.cast(pc.cast(column, pa.timestamp("us", getattr(column.type, "tz", None)), safe=False), pa.int64())
    elif not dates and (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        values = number_columns.without_marks(pc.cast(column, pa.float64(), safe=False), missing)
    else:
        kind = "dates or times" if dates else "numbers"
        raise DataError(
            f"column {name!r}: expected {kind}, as data.split names one; the column is of type {column.type}. Convert it."
        )
    kind = "a date or time such as 2024-01-31 or 2024-01-31T23:59:00Z" if dates else "a number"
    known = values.is_valid().to_numpy(zero_copy_only=False)
    if not dates:
        known &= np.isfinite(values.to_numpy(zero_copy_only=False))
    odd = {
        int(row): f"column {name!r}: expected {kind} to split by; received {_received(given[int(row)].as_py())}"
        for row in np.flatnonzero(~known)
    }
    return values, odd | undecided


def time_order(values: pa.Array) -> NDArray[np.int64]:
    """What `time_values` gives, none of it null, as integers in the same order: microseconds as they are, numbers by their bits.

    IEEE 754 numbers of one sign are ordered as their bits are; those below zero the other way round.
    """
    found = values.to_numpy(zero_copy_only=False)
    if found.dtype != np.float64:
        return np.asarray(found, np.int64)
    bits = (found + 0.0).view(np.int64)  # -0.0 becomes 0.0
    return np.where(bits < 0, bits ^ np.int64(_INT64 - 1), bits)


def _numbers_of(given: pa.Array, missing: Iterable[str], decimal: str) -> pa.Array:
    return number_columns.of_texts(
        number_columns.with_points(given, decimal), numbers.marks_with_points(missing, decimal)
    )[0]


def _received(value: Any) -> str:
    return "nothing" if value is None else repr(value)


def _times_of(texts: pa.Array) -> pa.Array:
    """ISO 8601 as microseconds since 1970; null for what is none. By Arrow where it reads all, else one by one."""
    zoned = pc.match_substring_regex(texts, _WITH_ZONE).fill_null(False)
    try:
        nothing = pa.scalar(None, pa.string())
        with_zone = pc.cast(pc.replace_with_mask(texts, pc.invert(zoned), nothing), pa.timestamp("us", "UTC"))
        without = pc.cast(pc.replace_with_mask(texts, zoned, nothing), pa.timestamp("us"))
        return pc.coalesce(with_zone.cast(pa.int64()), without.cast(pa.int64()))
    except pa.ArrowInvalid:
        return pa.array([None if text is None else microseconds(text) for text in texts.to_pylist()], pa.int64())


def check_filled(rows: Mapping[str, int]) -> None:
    """Raises a DataError if a split has no row.

    Args:
      rows: by split, how many it has.
    """
    for split, count in rows.items():
        if not count:
            raise DataError(
                f"split {split} has no row: the table has too few ({sum(rows.values())}), or data.split sends none there. Give "
                "more rows or that split a larger part, or hold none out: split: {train: 1}."
            )
