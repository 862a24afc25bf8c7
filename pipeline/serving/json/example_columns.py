"""tf.Examples from parsed JSON, whole columns at a time, wherever it is certain that TF Serving makes the same."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

from components.table.wire_format import field, varint
from pipeline.serving.dtypes import FLOAT, INT64
from pipeline.serving.json.columns import UnsureError

# Fields of tensorflow.Feature. The messages are written by hand: it takes a tenth of the time, and no TensorFlow.
BYTES_LIST, FLOAT_LIST, INT64_LIST = 1, 2, 3

FeatureTypes: TypeAlias = Mapping[bytes, int]  # DataTypes by the feature's name

_FEWEST = 4  # rows that are worth columns


def entry(name: bytes, feature: bytes) -> bytes:
    """An entry of the map in a Features, in an Example; those that follow each other are one message."""
    return field(1, field(1, field(1, name) + field(2, feature)))


def encode_alike(rows: Sequence[Any], types: FeatureTypes) -> tuple[list[bytes], list[int], list[int]]:
    """Serialises rows that have the same features together.

    Args:
      rows: parsed JSON.
      types: DataTypes that the model parses the features as, where they are known.

    Returns:
      An example a row; the rows that are not certain, the first of each kind; and all rows that were not serialised.
    """
    examples = [b""] * len(rows)
    suspects = [index for index, row in enumerate(rows) if type(row) is not dict][:1]
    if suspects:
        return examples, suspects, list(range(len(rows)))
    kinds: dict[tuple[str, ...], Sequence[int]] = {}
    named = set(map(tuple, rows))
    if len(named) == 1:
        kinds[named.pop()] = range(len(rows))
    else:
        every: dict[tuple[str, ...], list[int]] = {}
        for index, names in enumerate(map(tuple, rows)):
            every.setdefault(names, []).append(index)
        kinds.update(every)
    left: list[int] = []
    for names, indices in kinds.items():
        if len(indices) < _FEWEST:
            left += indices
            continue
        alike = [rows[index] for index in indices]
        try:
            encoded = _encode(alike, names, types)
        except UnsureError:
            suspects.append(indices[_first_unsure(alike, names, types)])
            left += indices
            continue
        if len(indices) == len(rows):
            return encoded, [], []
        for index, example in zip(indices, encoded, strict=True):
            examples[index] = example
    return examples, sorted(suspects), sorted(left)


def _first_unsure(rows: list[dict[str, Any]], names: tuple[str, ...], types: FeatureTypes) -> int:
    low, high = 0, len(rows)
    while high > low + 1:
        middle = (low + high) // 2
        try:
            _encode(rows[low:middle], names, types)
            low = middle
        except UnsureError:
            high = middle
    return low


def _encode(rows: list[dict[str, Any]], names: tuple[str, ...], types: FeatureTypes) -> list[bytes]:
    """Rows of the same features, serialised."""
    columns = zip(*map(dict.values, rows), strict=True)
    entries = [_entries(name.encode(), column, types) for name, column in zip(names, columns, strict=True)]
    return list(map(b"".join, zip(*entries, strict=True))) if names else [b""] * len(rows)


def _entries(name: bytes, column: Sequence[Any], types: FeatureTypes) -> list[bytes]:
    """A feature of every row, of one value each."""
    kinds = set(map(type, column))
    if kinds == {list} and set(map(len, column)) == {1}:
        column = list(chain.from_iterable(column))
        kinds = set(map(type, column))
    if kinds == {str}:
        return _each(column, lambda value: entry(name, field(BYTES_LIST, field(1, value.encode()))))
    as_float = types.get(name) == FLOAT
    if kinds == {int} and not as_float:
        if max(column) >= 1 << 63:
            raise UnsureError
        return _each(column, lambda value: entry(name, field(INT64_LIST, field(1, varint(value)))))
    if (kinds == {float} and types.get(name) != INT64) or (kinds <= {int, float} and as_float):
        data = array("f", column).tobytes()
        start = entry(name, field(FLOAT_LIST, field(1, bytes(4))))[:-4]
        return [start + data[index : index + 4] for index in range(0, len(data), 4)]
    raise UnsureError


class _Made(dict[Any, bytes]):
    """What is made of a value, once for equal ones."""

    def __init__(self, make: Callable[[Any], bytes]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, value: Any) -> bytes:
        made = self[value] = self._make(value)
        return made


def _each(column: Sequence[Any], make: Callable[[Any], bytes]) -> list[bytes]:
    return list(map(_Made(make).__getitem__, column))
