"""Answers over REST: tensors and results to JSON, as TF Serving's `util/json_tensor.cc` writes them.

Equal as JSON, not as text: TF Serving indents. Floats have as many digits as it takes to read the same float32 again; NaN, Infinity
and -Infinity are bare words.
"""

from __future__ import annotations

import base64
import functools
import json
import math
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring

import numpy as np
import orjson

from pipeline.serving.dtypes import Array
from pipeline.serving.errors import invalid

_TYPES = {"float16": "half", "complex64": "complex64", "complex128": "complex128"}
_AT_ONCE = 512  # rows, whose texts stay in the processor's cache
_FLOATS = "fd"  # float32 and float64
_DUMP = orjson.OPT_SERIALIZE_NUMPY


def format_predict(outputs: Mapping[str, Array], row_format: bool) -> bytes:
    """Writes the answer of a Predict request.

    Args:
      outputs: tensors by name; strings are bytes. Those whose names end in `_bytes` are written as base64.
      row_format: one value or object a row, else one value or list a name. The only output's name is left out.

    Raises:
      RequestError: there is no output, an output is of a type that JSON hasn't, or the outputs have no common number of rows.
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    if row_format:
        _check_rows(outputs)
    names = sorted(outputs)
    if not row_format:
        columns = [_value(name, outputs[name]) for name in names]
        whole = columns[0] if len(columns) == 1 else _template(tuple(names)) % tuple(columns)
        return b'{"outputs":%b}' % whole
    parts = []
    for start in range(0, len(outputs[names[0]]), _AT_ONCE):
        tokens = [_rows(name, outputs[name][start : start + _AT_ONCE]) for name in names]
        rows = tokens[0] if len(tokens) == 1 else map(_template(tuple(names)).__mod__, zip(*tokens, strict=True))
        parts.append(b",".join(rows))
    return b'{"predictions":[%b]}' % b",".join(parts)


def format_regress(values: Array) -> bytes:
    """Writes the answer of a Regress request.

    Args:
      values: float32, [examples].

    Raises:
      RequestError: there is none.
    """
    array = np.asarray(values, np.float32)
    if array.size == 0:
        raise invalid("Cannot convert empty RegressionResults to JSON")
    return b'{"results":%b}' % _value("outputs", array.ravel())


def format_classify(classes: Array | None, scores: Array | None) -> bytes:
    """Writes the answer of a Classify request.

    Args:
      classes: bytes, [examples, classes], or None: then the labels are empty.
      scores: float32, [examples, classes], or None: then the scores are 0.

    Raises:
      RequestError: there is no example.
    """
    known = scores if classes is None else classes
    shape = () if known is None else known.shape
    if not shape or shape[0] == 0:
        raise invalid("Cannot convert empty ClassificationResults to JSON")
    labels = np.full(shape, b"", np.object_) if classes is None else classes
    numbers = np.zeros(shape, np.float32) if scores is None else np.asarray(scores, np.float32)
    pairs = map(b"[%b,%b]".__mod__, zip(_flat("classes", labels), _flat("scores", numbers), strict=True))
    return b'{"results":[%b]}' % b",".join(_nest(list(pairs), shape))


def _check_rows(outputs: Mapping[str, Array]) -> None:
    expected = -1
    for name in sorted(outputs):
        if outputs[name].ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information ")
        count = len(outputs[name])
        if expected not in (-1, count):
            raise invalid(f"Tensor name: {name} has inconsistent batch size: {count} expecting: {expected}")
        expected = count


@functools.lru_cache(maxsize=256)
def _template(names: tuple[str, ...]) -> bytes:
    """An object with a place for each value."""
    return b"{%b}" % b",".join(orjson.dumps(name).replace(b"%", b"%%") + b":%b" for name in names)


def _value(name: str, array: Array) -> bytes:
    """A tensor as JSON."""
    if array.ndim == 0:
        return _flat(name, array)[0]
    if array.ndim == 1 and array.dtype.char in _FLOATS:
        text = orjson.dumps(array.ravel(), option=_DUMP)
        if b"null" not in text:
            return text
    return b"[%b]" % b",".join(_rows(name, array))


def _rows(name: str, array: Array) -> list[bytes]:
    """JSON of each row of a tensor."""
    return _nest(_flat(name, array), array.shape)


def _nest(tokens: list[bytes], shape: tuple[int, ...]) -> list[bytes]:
    """JSON of each row of a tensor, of its values' in order."""
    for axis in range(len(shape) - 1, 0, -1):
        size = shape[axis]
        starts = range(0, math.prod(shape[:axis]) * size, size) if size else [0] * math.prod(shape[:axis])
        tokens = [b"[%b]" % b",".join(tokens[start : start + size]) for start in starts]
    return tokens


def _flat(name: str, array: Array) -> list[bytes]:
    """JSON of each value of a tensor."""
    kind = array.dtype.kind
    values = array.ravel()
    if not values.size:
        return []
    if kind in "OSU":
        return list(map(_Written(_base64 if name.endswith("_bytes") else _text).__getitem__, values.tolist()))
    if array.dtype.char not in _FLOATS and kind not in "iub":
        raise invalid(f"Failed to write JSON value for tensor type: {_TYPES.get(array.dtype.name, array.dtype.name)}")
    text = orjson.dumps(values, option=_DUMP)
    tokens = text[1:-1].split(b",")
    if b"null" in text:
        for index in np.flatnonzero(~np.isfinite(values)):
            tokens[index] = json.dumps(float(values[index])).encode()
    return tokens


class _Written(dict[bytes | str, bytes]):
    """JSON of texts, written once for equal ones."""

    def __init__(self, write: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, value: bytes | str) -> bytes:
        written = self[value] = self._write(value.encode() if isinstance(value, str) else value)
        return written


def _base64(data: bytes) -> bytes:
    return b'{"b64":"%b"}' % base64.b64encode(data)


def _text(data: bytes) -> bytes:
    """A text; one that isn't UTF-8 as it is."""
    return encode_basestring(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
