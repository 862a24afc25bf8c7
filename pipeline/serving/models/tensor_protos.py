"""TensorProto to NumPy and back, as TensorFlow's `Tensor::FromProto` and `Tensor::AsProtoField` have it."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from pipeline.serving.dtypes import MOST_DIMENSIONS, Array
from pipeline.serving.errors import invalid
from pipeline.serving.limits import check_rows

if TYPE_CHECKING:
    from tensorflow.core.framework.tensor_pb2 import TensorProto

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
_HELD: dict[str, np.dtype[Any]] = {  # what a field of TensorProto holds
    "float_val": np.dtype(np.float32),
    "double_val": np.dtype(np.float64),
    "int_val": np.dtype(np.int32),
    "uint32_val": np.dtype(np.uint32),
    "int64_val": np.dtype(np.int64),
    "uint64_val": np.dtype(np.uint64),
    "bool_val": np.dtype(np.bool_),
    "string_val": np.dtype(np.object_),
    "half_val": np.dtype(np.int32),
    "scomplex_val": np.dtype(np.float32),
    "dcomplex_val": np.dtype(np.float64),
}
_NUMPY = {enum: np.dtype(tf.dtypes.as_dtype(enum).as_numpy_dtype) for enum in _FIELDS}
_ENUM = {dtype: enum for enum, dtype in _NUMPY.items()}
# Of a type whose bits are viewed as another: that.
_STORED: dict[int, np.dtype[Any]] = {
    types_pb2.DT_HALF: np.dtype(np.uint16),
    types_pb2.DT_BFLOAT16: np.dtype(np.uint16),
    types_pb2.DT_COMPLEX64: np.dtype(np.float32),
    types_pb2.DT_COMPLEX128: np.dtype(np.float64),
}
_VIEWED = {_FIELDS[enum] for enum in _STORED}


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


def _check_shape(shape: list[int], sent: int, max_rows: int) -> None:
    """Refuses a shape that stands for more than was sent: a few bytes of it could ask for any number.

    Raises:
      RequestError: too many rows, or too many elements that would have to be filled up.
    """
    check_rows(shape[0] if shape else 1, max_rows)
    elements = math.prod(size or 1 for size in shape)  # a 0 hides no other size
    if elements > max(max_rows, sent):
        raise invalid(
            f"A shape may say {max(max_rows, sent)} elements where {sent} values are sent; "
            f"[{','.join(map(str, shape))}] says {elements}. Send as many values as the shape says."
        )


def read_tensor(proto: TensorProto, max_rows: int = sys.maxsize) -> Array:
    """A TensorProto's array. Too few values are filled up with the last one, and with zero if there is none.

    Args:
      proto: the tensor.
      max_rows: of the first dimension; and the number of elements that the shape may say without that they are sent.

    Raises:
      ValueError: its parts contradict each other.
      RequestError: its shape says too much. Nothing has been allocated then.
    """
    field = _FIELDS.get(proto.dtype)
    if field is None:
        raise ValueError("no dense tensor is of this type")
    declared = proto.tensor_shape
    dims = declared.dim
    stored = getattr(proto, field)
    dtype = _NUMPY[proto.dtype]
    unusual = proto.tensor_content or declared.unknown_rank or field in _VIEWED
    if len(dims) == 1 and dims[0].size == len(stored) <= max_rows and not unusual:
        # As most tensors are; the general way takes twice as long for one value.
        return np.fromiter(stored, _HELD[field], len(stored)).astype(dtype, copy=False)
    if len(dims) > MOST_DIMENSIONS:
        raise ValueError("too many dimensions")
    shape = [dim.size for dim in dims]
    if declared.unknown_rank or any(size < 0 for size in shape):
        raise ValueError("the shape is not known")
    count = math.prod(shape)
    if proto.tensor_content:
        sent = len(proto.tensor_content) // dtype.itemsize
        _check_shape(shape, sent, max_rows)
        if field == "string_val" or len(proto.tensor_content) != count * dtype.itemsize:
            raise ValueError("tensor_content is not as long as the shape says")
        return np.frombuffer(proto.tensor_content, dtype).reshape(shape)
    _check_shape(shape, len(stored), max_rows)
    values: Array = np.fromiter(stored, _HELD[field], len(stored))
    values = values.astype(_STORED[proto.dtype]).view(dtype) if field in _VIEWED else values.astype(dtype, copy=False)
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
