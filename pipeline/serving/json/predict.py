"""Predict over REST: a JSON body to named tensors, as TF Serving maps them.

Bodies as clients send them are read at once, whole columns at a time (`_quick`). Whatever that doesn't take for certain is read
again by `predict_exact`, which takes and refuses what TF Serving does, and words its errors. Two things differ on purpose: the
quick way rounds a decimal correctly, while RapidJSON may miss the last digits of a double; and where TF Serving goes through
inputs in the order of a hash, here they are sorted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.serving.dtypes import (
    BASE64_KEY,
    BOOL,
    DEFAULT_SIGNATURE,
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
from pipeline.serving.json.predict_exact import fill_predict_request, input_types
from pipeline.serving.json.quick_load import has_keys, load_quickly

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef


@dataclasses.dataclass(frozen=True)
class PredictCall:
    """A Predict request.

    Attributes:
      signature: its name.
      row_format: `instances` (rows) were sent, not `inputs` (columns); the answer has the same format.
      inputs: tensors by name; strings are bytes in object arrays.
    """

    signature: str
    row_format: bool
    inputs: dict[str, Array]


def parse_predict(body: bytes, signatures: Mapping[str, SignatureDef]) -> PredictCall:
    """Reads the body of a Predict request.

    Args:
      body: JSON.
      signatures: of the model. Looked up once the body is known to be JSON.

    Raises:
      RequestError: it can't be read; in TF Serving's words.
    """
    with np.errstate(over="ignore"):
        return _quick(body, signatures) or PredictCall(*fill_predict_request(body, signatures))


_NONE = type(None)


class _Unsure(Exception):
    """The quick way can't tell; the exact one can."""


def _quick(body: bytes, signatures: Mapping[str, SignatureDef]) -> PredictCall | None:
    loaded = load_quickly(body)
    if loaded is None:
        return None
    document, nans = loaded
    name = document.get("signature_name", "")
    if type(name) is not str or ("instances" in document) == ("inputs" in document):
        return None
    row_format = "instances" in document
    try:
        dtypes = input_types(signatures, name)
    except RequestError:
        return None  # the name may stand twice
    try:
        columns, keys = _columns(document["instances" if row_format else "inputs"], row_format, dtypes)
        inputs, nones = {}, 0
        for column, dtype in dtypes.items():
            inputs[column], more_keys, more_nones = _tensor(columns[column], dtype)
            keys += more_keys
            nones += more_nones
    except (_Unsure, KeyError, TypeError, ValueError, OverflowError):
        return None
    if nones != nans or not has_keys(body, len(document) + keys):
        return None
    return PredictCall(name or DEFAULT_SIGNATURE, row_format, inputs)


def _columns(value: Any, row_format: bool, dtypes: dict[str, int]) -> tuple[dict[str, Any], int]:
    """Each input's column, and the number of keys that name one."""
    if BASE64_KEY in dtypes:
        raise _Unsure  # an input's name and a mark of bytes look alike
    if not row_format:
        if type(value) is dict and BASE64_KEY not in value:
            return value, len(value)
    else:
        if type(value) is not list or not value:
            raise _Unsure
        if type(value[0]) is dict and BASE64_KEY not in value[0]:
            cells: Sequence[Any] = list(map(itemgetter(*dtypes), value))
            if set(map(type, value)) != {dict} or set(map(len, value)) != {len(dtypes)}:
                raise _Unsure
            columns = [cells] if len(dtypes) == 1 else list(map(list, zip(*cells, strict=True)))
            return dict(zip(dtypes, columns, strict=True)), len(value) * len(dtypes)
    if len(dtypes) != 1:
        raise _Unsure
    return {next(iter(dtypes)): value}, 0


def _tensor(column: Any, dtype: int) -> tuple[Array, int, int]:
    """A tensor, and the numbers of keys and of None among its values. None becomes NaN."""
    shape: list[int] = []
    values = [column]
    while True:
        kinds = set(map(type, values))
        if list not in kinds:
            break
        lengths = set(map(len, values))
        if kinds != {list} or len(lengths) != 1 or len(shape) == MOST_DIMENSIONS:
            raise _Unsure
        shape += lengths
        values = list(chain.from_iterable(values))
    keys = nones = 0
    if dtype in (FLOAT, DOUBLE):
        fits = kinds <= {int, float, _NONE}
        nones = values.count(None) if _NONE in kinds else 0
    elif dtype == STRING:
        fits = kinds <= {str, dict}
        if fits and dict in kinds:
            keys = sum(type(value) is dict for value in values)
            values = [_base64(value) if type(value) is dict else value.encode() for value in values]
        elif fits:
            values = [value.encode() for value in values]
    elif dtype == BOOL:
        fits = kinds <= {bool}
    else:
        least, most = RANGES[dtype]
        fits = kinds <= {int} and (not values or (least <= min(values) and max(values) <= most))
    if not fits:
        raise _Unsure
    return to_array(values, tuple(shape), dtype), keys, nones


def _base64(value: dict[str, Any]) -> bytes:
    if len(value) != 1 or type(value[BASE64_KEY]) is not str:
        raise _Unsure
    try:
        return decode_base64(value[BASE64_KEY].encode())
    except RequestError:
        raise _Unsure from None
