"""Data types of tensors as the JSON mapping sees them; TensorFlow's numbers and names, without TensorFlow."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.serving.errors import invalid

Array = npt.NDArray[Any]
Value: TypeAlias = bool | int | float | bytes  # of a tensor

DEFAULT_SIGNATURE = "serving_default"
BASE64_KEY = "b64"
MOST_DIMENSIONS = 32  # NumPy's

# tensorflow/core/framework/types.proto
FLOAT, DOUBLE, INT32, UINT8, INT16, INT8, STRING, INT64, BOOL, UINT32, UINT64 = 1, 2, 3, 4, 5, 6, 7, 9, 10, 22, 23

NAMES = dict(
    enumerate(
        (
            "INVALID float double int32 uint8 int16 int8 string complex64 int64 bool qint8 quint8 qint32 bfloat16 qint16 quint16 "
            "uint16 complex128 half resource variant uint32 uint64 float8_e5m2 float8_e4m3fn"
        ).split()
    )
)
NUMPY: dict[int, type] = {
    FLOAT: np.float32,
    DOUBLE: np.float64,
    INT32: np.int32,
    UINT8: np.uint8,
    INT16: np.int16,
    INT8: np.int8,
    STRING: np.object_,
    INT64: np.int64,
    BOOL: np.bool_,
    UINT32: np.uint32,
    UINT64: np.uint64,
}
# The integers that are taken for a type: RapidJSON's IsInt, IsUint, IsInt64, IsUint64. Small types wrap around, as they do there.
RANGES: dict[int, tuple[int, int]] = {
    **dict.fromkeys((INT32, UINT8, INT16, INT8), (-(1 << 31), (1 << 31) - 1)),
    INT64: (-(1 << 63), (1 << 63) - 1),
    UINT32: (0, (1 << 32) - 1),
    UINT64: (0, (1 << 64) - 1),
}

_WHITE = re.compile(rb"[ \t\n\v\f\r]")
_BASE64 = re.compile(rb"([A-Za-z0-9+/]*)([=.]*)")


def type_name(dtype: int) -> str:
    """The name of a DataType in TensorFlow's errors."""
    return NAMES.get(dtype, f"unknown dtype enum ({dtype})")


def to_array(values: list[Value], shape: tuple[int, ...], dtype: int) -> Array:
    """Values that were checked, as a tensor. NumPy may warn of an overflow: what is too large for a float becomes infinite.

    Args:
      values: numbers of any size for floats, integers within `RANGES`, bools, or bytes.
      shape: of the tensor.
      dtype: one of `NUMPY`.
    """
    if dtype == STRING:
        array: Array = np.empty(len(values), np.object_)
        array[:] = values
    elif dtype in (UINT8, INT16, INT8):
        array = np.array(values, np.int64).astype(NUMPY[dtype])
    else:
        array = np.array(values, NUMPY[dtype])
    return array.reshape(shape)


def decode_base64(text: bytes) -> bytes:
    """Decodes as Abseil does: white space anywhere, padding by `=` or `.`, whole or none.

    Raises:
      RequestError: it isn't base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        pass
    found = _BASE64.fullmatch(_WHITE.sub(b"", text))
    data, padding = found.groups() if found else (b"A", b"")
    missing = -len(data) % 4
    if missing == 3 or len(padding) not in (0, missing):
        raise invalid("Unable to base64 decode")
    return base64.b64decode(data + b"=" * missing)
