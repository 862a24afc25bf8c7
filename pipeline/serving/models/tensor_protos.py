"""TensorProto to NumPy and back, as TensorFlow's `Tensor::FromProto` and `Tensor::AsProtoField` have it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from pipeline.serving.dtypes import Array

if TYPE_CHECKING:
    from tensorflow.core.framework.tensor_pb2 import TensorProto

LARGEST_TENSOR = (
    1 << 31
)  # bytes of one tensor that a request may ask for; a few bytes of shape could ask for any number

_FIELDS = {
    types_pb2.DT_FLOAT: "float_val",
    types_pb2.DT_DOUBLE: "double_val",
    types_pb2.DT_INT8: "int_val",
    types_pb2.DT_INT16: "int_val",
    types_pb2.DT_INT32: "int_val",
    types_pb2.DT_UINT8: "int_val",
    types_pb2.DT_UINT16: "int_val",
    types_pb2.DT_UINT32: "uint32_val",
    types_pb2.DT_INT64: "int64_val",
    types_pb2.DT_UINT64: "uint64_val",
    types_pb2.DT_BOOL: "bool_val",
    types_pb2.DT_STRING: "string_val",
    types_pb2.DT_HALF: "half_val",
    types_pb2.DT_BFLOAT16: "half_val",
    types_pb2.DT_COMPLEX64: "scomplex_val",
    types_pb2.DT_COMPLEX128: "dcomplex_val",
}
_NUMPY = {enum: np.dtype(tf.dtypes.as_dtype(enum).as_numpy_dtype) for enum in _FIELDS}
_ENUM = {dtype: enum for enum, dtype in _NUMPY.items()}
# What the field of a type holds, where that is not the type itself.
_STORED: dict[int, np.dtype[Any]] = {
    **{enum: np.dtype(np.int32) for enum, field in _FIELDS.items() if field == "int_val"},
    types_pb2.DT_HALF: np.dtype(np.uint16),
    types_pb2.DT_BFLOAT16: np.dtype(np.uint16),
    types_pb2.DT_COMPLEX64: np.dtype(np.float32),
    types_pb2.DT_COMPLEX128: np.dtype(np.float64),
}
_VIEWED = {"half_val", "scomplex_val", "dcomplex_val"}


def type_of(array: Array) -> int:
    """The DataType of an array; strings are objects or of NumPy's `S`.

    Raises:
      ValueError: TensorFlow has no such type.
    """
    enum = _ENUM.get(array.dtype)
    if enum is None:
        if array.dtype.kind == "S":
            return int(types_pb2.DT_STRING)
        raise ValueError(f"no tensor is of {array.dtype}")
    return int(enum)


def read_tensor(proto: TensorProto) -> Array:
    """A TensorProto's array. Too few values are filled up with the last one, and with zero if there is none.

    Raises:
      ValueError: its parts contradict each other, or it is larger than `LARGEST_TENSOR`.
    """
    field = _FIELDS.get(proto.dtype)
    if field is None:
        raise ValueError("no dense tensor is of this type")
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in shape):
        raise ValueError("the shape is not known")
    dtype = _NUMPY[proto.dtype]
    count = math.prod(shape)
    if count * dtype.itemsize > LARGEST_TENSOR:
        raise ValueError("too large")
    if proto.tensor_content:
        if field == "string_val" or len(proto.tensor_content) != count * dtype.itemsize:
            raise ValueError("tensor_content is not as long as the shape says")
        return np.frombuffer(proto.tensor_content, dtype).reshape(shape)
    values: Array = np.array(getattr(proto, field), _STORED.get(proto.dtype, dtype))
    values = values.view(dtype) if field in _VIEWED else values.astype(dtype, copy=False)
    if len(values) != count:
        if len(values) == 0:
            values = np.full(count, b"", object) if field == "string_val" else np.zeros(count, dtype)
        elif len(values) > count:
            values = values[:count]
        else:
            values = np.concatenate([values, np.repeat(values[-1:], count - len(values))])
    return values.reshape(shape)


def fill_tensor(proto: TensorProto, array: Array) -> None:
    """Writes an array into an empty TensorProto: into the field of its type, which clients read, not `tensor_content`."""
    enum = type_of(array)
    field = _FIELDS[enum]
    proto.dtype = enum
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    values = array.ravel()
    if field in _VIEWED:
        values = values.view(_STORED[enum])
    getattr(proto, field).extend(values.tolist())
