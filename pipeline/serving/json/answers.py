"""Answers over REST: tensors and results to JSON, as TF Serving's `util/json_tensor.cc` writes them.

Equal as JSON, not as text: TF Serving indents. Floats have as many digits as it takes to read the same float32 again; NaN, Infinity
and -Infinity are bare words.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from pipeline.serving.dtypes import Array
from pipeline.serving.errors import invalid

_TYPES = {"float16": "half", "complex64": "complex64", "complex128": "complex128"}
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
    columns = {name: _plain(name, outputs[name]) for name in sorted(outputs)}
    key = "predictions" if row_format else "outputs"
    if len(columns) == 1:
        return _dump({key: next(iter(columns.values()))})
    if not row_format:
        return _dump({key: columns})
    return _dump({key: [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]})


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
    return _dump({"results": _floats(array.ravel())})


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
    rows = zip(_plain("classes", labels), _floats(numbers), strict=True)
    return _dump({"results": [[list(pair) for pair in zip(*row, strict=True)] for row in rows]})


def _check_rows(outputs: Mapping[str, Array]) -> None:
    expected = -1
    for name in sorted(outputs):
        if outputs[name].ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information ")
        count = len(outputs[name])
        if expected not in (-1, count):
            raise invalid(f"Tensor name: {name} has inconsistent batch size: {count} expecting: {expected}")
        expected = count


def _plain(name: str, array: Array) -> Any:
    """A tensor as JSON's values."""
    kind = array.dtype.kind
    if kind in "OSU":
        return _texts(array, name.endswith("_bytes"))
    if array.dtype in (np.float32, np.float64):
        return _floats(array)
    if kind not in "iub" and array.size:
        raise invalid(f"Failed to write JSON value for tensor type: {_TYPES.get(array.dtype.name, array.dtype.name)}")
    return array.tolist()


def _floats(array: Array) -> Any:
    """Floats whose shortest text is that of the float32, not that of the double that equals it."""
    if array.dtype != np.float32:
        return array.tolist()
    flat = np.ascontiguousarray(array).ravel()
    values = orjson.loads(orjson.dumps(flat, option=_DUMP))
    for index in np.flatnonzero(~np.isfinite(flat)):
        values[index] = float(flat[index])
    if array.ndim == 1:
        return values
    shaped = np.empty(len(values), np.object_)
    shaped[:] = values
    return shaped.reshape(array.shape).tolist()


def _texts(array: Array, as_bytes: bool) -> Any:
    written = np.empty(array.size, np.object_)
    written[:] = [_text(value, as_bytes) for value in array.ravel().tolist()]
    return written.reshape(array.shape).tolist()


def _text(value: bytes | str, as_bytes: bool) -> str | dict[str, str]:
    data = value.encode() if isinstance(value, str) else value
    return {"b64": base64.b64encode(data).decode()} if as_bytes else data.decode("utf-8", "surrogateescape")


def _dump(document: dict[str, Any]) -> bytes:
    """JSON; quickly if there is no NaN, no infinity, and no text that isn't UTF-8, which is written as it is."""
    try:
        text = orjson.dumps(document)
    except TypeError:
        text = b"null"
    if b"null" not in text:
        return text
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogateescape")
