"""Inputs from parsed JSON, whole columns at a time, wherever it is certain that TF Serving reads the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from pipeline.serving.dtypes import (
    BASE64_KEY,
    BOOL,
    DOUBLE,
    FLOAT,
    MOST_DIMENSIONS,
    RANGES,
    STRING,
    Array,
    decode_base64,
    to_array,
)
from pipeline.serving.errors import RequestError


class UnsureError(Exception):
    """This way can't tell; `predict_exact` can."""


_UNSURE = (UnsureError, KeyError, TypeError, ValueError, OverflowError)


def read_rows(rows: list[Any], dtypes: dict[str, int]) -> tuple[dict[str, Array], int]:
    """Tensors of the rows of `instances`.

    Args:
      rows: parsed JSON, at least one.
      dtypes: of the inputs, by name.

    Returns:
      The tensors, and the number of keys in the rows' objects.

    Raises:
      UnsureError: some value is not as expected.
    """
    try:
        if BASE64_KEY in dtypes:
            raise UnsureError  # an input's name and a mark of bytes look alike
        if type(rows[0]) is not dict or BASE64_KEY in rows[0]:
            if len(dtypes) != 1:
                raise UnsureError
            ((name, dtype),) = dtypes.items()
            tensor, keys = read_column(rows, dtype)
            return {name: tensor}, keys
        cells: Sequence[Any] = list(map(itemgetter(*dtypes), rows))
        if set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(dtypes)}:
            raise UnsureError
        columns = [cells] if len(dtypes) == 1 else list(map(list, zip(*cells, strict=True)))
        keys = len(rows) * len(dtypes)
        tensors = {}
        for (name, dtype), column in zip(dtypes.items(), columns, strict=True):
            tensors[name], more = read_column(column, dtype)
            keys += more
    except _UNSURE:
        raise UnsureError from None
    return tensors, keys


def read_column(column: Any, dtype: int) -> tuple[Array, int]:
    """A tensor of an input's value, and the number of keys in it.

    Raises:
      UnsureError: some value is not as expected.
    """
    try:
        return _tensor(column, dtype)
    except _UNSURE:
        raise UnsureError from None


def _tensor(column: Any, dtype: int) -> tuple[Array, int]:
    shape: list[int] = []
    values = [column]
    while True:
        kinds = set(map(type, values))
        if list not in kinds:
            break
        lengths = set(map(len, values))
        if kinds != {list} or len(lengths) != 1 or len(shape) == MOST_DIMENSIONS:
            raise UnsureError
        shape += lengths
        values = list(chain.from_iterable(values))
    keys = 0
    if dtype in (FLOAT, DOUBLE):
        fits = kinds <= {int, float}
    elif dtype == STRING:
        fits = kinds <= {str, dict}
        if fits and dict in kinds:
            keys = sum(type(value) is dict for value in values)
            values = [_base64(value) if type(value) is dict else value.encode() for value in values]
        elif fits:
            values = list(map(str.encode, values))
    elif dtype == BOOL:
        fits = kinds <= {bool}
    else:
        least, most = RANGES[dtype]
        fits = kinds <= {int} and (not values or (least <= min(values) and max(values) <= most))
    if not fits:
        raise UnsureError
    return to_array(values, tuple(shape), dtype), keys


def _base64(value: dict[str, Any]) -> bytes:
    if len(value) != 1 or type(value[BASE64_KEY]) is not str:
        raise UnsureError
    try:
        return decode_base64(value[BASE64_KEY].encode())
    except RequestError:
        raise UnsureError from None
