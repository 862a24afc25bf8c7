"""Predict bodies, value by value, in the order and with the errors of TF Serving's `util/json_tensor.cc`.

The functions bear the names that they have there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeGuard

from pipeline.serving.dtypes import (
    BOOL,
    DEFAULT_SIGNATURE,
    DOUBLE,
    FLOAT,
    MOST_DIMENSIONS,
    NUMPY,
    RANGES,
    STRING,
    Array,
    Value,
    decode_base64,
    to_array,
    type_name,
)
from pipeline.serving.errors import RequestError, invalid
from pipeline.serving.json.body import read_object, read_signature_name
from pipeline.serving.json.columns import UnsureError, read_column, read_rows
from pipeline.serving.json.document import JsonValue, is_array, is_object
from pipeline.serving.json.duplicates import check_keys
from pipeline.serving.json.quote import base64_text, format_error, json_type, quote
from pipeline.serving.json.typed import input_types

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

Shape = tuple[int, ...]


def fill_predict_request(
    body: bytes, signatures: Mapping[str, SignatureDef], suspect: int | None = None
) -> tuple[str, bool, dict[str, Array]]:
    """Reads a body.

    Args:
      body: JSON.
      signatures: of the model.
      suspect: a row before which all are as TF Serving takes them, if that is known.

    Returns:
      The signature's name, whether it is in row format, and its inputs.

    Raises:
      RequestError: it can't be read; in TF Serving's words.
    """
    document = read_object(body)
    name = read_signature_name(document)
    dtypes = input_types(signatures, name)
    if "instances" in document and "inputs" in document:
        raise format_error(
            document, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
        )
    if "instances" in document:
        rows = document["instances"]
        if not is_array(rows):
            raise format_error(document, "Expecting 'instances' to be an list/array")
        if not rows:
            raise format_error(document, "No values in 'instances' array")
        tensors, keys = _fill_from_instances(rows, dtypes, suspect)
    elif "inputs" in document:
        tensors, keys = _fill_from_inputs(document["inputs"], dtypes)
    else:
        raise invalid("Missing 'inputs' or 'instances' key")
    check_keys(body, len(document) + keys, "instances", lambda row: len(dtypes))
    return name or DEFAULT_SIGNATURE, "instances" in document, tensors


def _is_element_object(value: JsonValue) -> TypeGuard[dict[str, JsonValue]]:
    return is_object(value) and base64_text(value) is None


def _fill_from_instances(
    rows: list[JsonValue], dtypes: dict[str, int], suspect: int | None
) -> tuple[dict[str, Array], int]:
    """The tensors, and the number of keys in the rows; 0 if it isn't known."""
    if suspect is not None:
        _add_rows(rows, sorted({0, suspect}), dtypes)
    try:
        return read_rows(rows, dtypes)
    except UnsureError:
        _add_rows(rows, sorted({0, _first_unsure(rows, dtypes)}), dtypes)
        return _add_rows(rows, range(len(rows)), dtypes), 0


def _first_unsure(rows: list[JsonValue], dtypes: dict[str, int]) -> int:
    """The first row that `read_rows` doesn't take after the first one, all of which it doesn't."""
    low, high, middle = 0, len(rows), 1
    while high > low + 1:
        try:
            read_rows([rows[0], *rows[low:middle]], dtypes)
            low = middle
        except UnsureError:
            high = middle
        middle = (low + high) // 2
    return low


def _add_rows(rows: list[JsonValue], indices: Sequence[int], dtypes: dict[str, int]) -> dict[str, Array]:
    """Tensors of some rows, the first of all among them."""
    if not is_object(rows[0]) and len(dtypes) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    objects = _is_element_object(rows[0])
    values: dict[str, list[Value]] = {}
    shapes: dict[str, Shape] = {}
    for index in indices:
        row = rows[index]
        where = f"Failed to process element: {index}"
        if objects:
            if not _is_element_object(row):
                raise invalid(f"Expecting object but got list at item {index} of input list")
            _add_items(row.items(), where, True, dtypes, values, shapes)
            if row.keys() != dtypes.keys():
                raise invalid(
                    f"{where} of 'instances' list. JSON object: {quote(row)} keys must be equal to: {','.join(dtypes)}"
                )
        else:
            if _is_element_object(row):
                raise invalid(f"Expecting value/list but got object at item {index} of input list")
            _add_items([(next(iter(dtypes)), row)], where, False, dtypes, values, shapes)
    tensors = {}
    for name in sorted(shapes):
        tensors[name] = _tensor(name, values[name], (len(indices), *shapes[name]), dtypes[name])
    return tensors


def _add_items(
    items: Iterable[tuple[str, JsonValue]],
    where: str,
    named: bool,
    dtypes: dict[str, int],
    values: dict[str, list[Value]],
    shapes: dict[str, Shape],
) -> None:
    for name, item in items:
        try:
            _add_item(item, name, dtypes, values, shapes)
        except RequestError as error:
            key = f" key: {name}" if named else ""
            raise invalid(f"{where}{key} of 'instances' list. Error: {error.code}: {error.message}") from None


def _add_item(
    item: JsonValue, name: str, dtypes: dict[str, int], values: dict[str, list[Value]], shapes: dict[str, Shape]
) -> None:
    if name not in dtypes:
        raise invalid(f"JSON object: does not have named input: {name}")
    shape = _dense_shape(item)
    added = _fill_tensor(item, shape, dtypes[name])
    values.setdefault(name, []).extend(added)
    if name not in shapes:
        shapes[name] = shape
        return
    expected = shapes[name]
    size = math.prod(expected)
    if size != len(added):
        raise invalid(f"Expecting tensor size: {size} but got: {len(added)}")
    if shape != expected:
        raise invalid(f"Expecting shape {_shape_text(expected)} but got: {_shape_text(shape)}")


def _fill_from_inputs(value: JsonValue, dtypes: dict[str, int]) -> tuple[dict[str, Array], int]:
    """The tensors, and the number of keys in `inputs`."""
    if not _is_element_object(value):
        if len(dtypes) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple "
                "input tensors required as per tensorinfo_map"
            )
        ((name, dtype),) = dtypes.items()
        tensor, keys = _read_tensor(name, value, dtype)
        return {name: tensor}, keys
    tensors, keys = {}, len(value)
    for name, dtype in dtypes.items():
        if name not in value:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
        tensors[name], more = _read_tensor(name, value[name], dtype)
        keys += more
    return tensors, keys


def _read_tensor(name: str, value: JsonValue, dtype: int) -> tuple[Array, int]:
    """A tensor, and the number of keys in its value."""
    try:
        return read_column(value, dtype)
    except UnsureError:
        shape = _dense_shape(value)
        return _tensor(name, _fill_tensor(value, shape, dtype), shape, dtype), 0


def _tensor(name: str, values: list[Value], shape: Shape, dtype: int) -> Array:
    if len(shape) > MOST_DIMENSIONS:
        raise invalid(f"tensor parsing error: {name}")
    if dtype not in NUMPY:  # there was no value to convert
        raise RequestError("UNIMPLEMENTED", f"Conversion of JSON Value: [] to type: {type_name(dtype)}")
    return to_array(values, shape, dtype)


def _shape_text(shape: Shape) -> str:
    return f"[{','.join(map(str, shape))}]"


def _dense_shape(value: JsonValue) -> Shape:
    shape = []
    while is_array(value):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _fill_tensor(value: JsonValue, shape: Shape, dtype: int) -> list[Value]:
    """Values in order, each at the depth that `shape` has. Lists of any depth: it doesn't recurse."""
    rank = len(shape)
    values: list[Value] = []
    open_lists: list[Iterator[JsonValue]] = [iter((value,))]
    while open_lists:
        level = len(open_lists) - 1
        for item in open_lists[-1]:
            if not is_array(item):
                if level != rank:
                    raise invalid(
                        f"JSON Value: {quote(item)} found at incorrect level: {level + 1} in the JSON DOM. "
                        f"Expected at level: {rank}"
                    )
                values.append(_convert(item, dtype))
                continue
            if level >= rank:
                raise invalid(f"Encountered list at unexpected level: {level} expected < {rank}")
            if len(item) != shape[level]:
                raise invalid(
                    f"Encountered list at unexpected size: {len(item)} at level: {level} expected size: {shape[level]}"
                )
            sure = _count_sure(item, dtype) if level == rank - 1 else 0
            values.extend(_values(item[:sure]))
            if sure < len(item):
                open_lists.append(islice(item, sure, None))
                break
        else:
            open_lists.pop()
    return values


_SURE: dict[int, set[type]] = {FLOAT: {int, float}, DOUBLE: {int, float}, STRING: {str}, BOOL: {bool}}


def _count_sure(items: list[JsonValue], dtype: int) -> int:
    """How many values at the start of a list need no look at each."""
    kinds = _SURE.get(dtype, set())
    if set(map(type, items)) <= kinds:
        return len(items)
    return next(index for index, item in enumerate(items) if type(item) not in kinds)


def _values(items: list[Any]) -> list[Value]:
    """Values of one type, texts as bytes."""
    return list(map(str.encode, items)) if items and type(items[0]) is str else items


def _convert(value: JsonValue, dtype: int) -> Value:
    if is_object(value):
        if dtype != STRING:
            raise _type_error(value, dtype)
        encoded = base64_text(value)
        if encoded is None:
            raise format_error(value, "not formatted correctly for base64 data")
        return decode_base64(encoded)
    if dtype in (FLOAT, DOUBLE):
        if type(value) is int or type(value) is float:
            return value
    elif dtype == STRING:
        if type(value) is str:
            return value.encode()
    elif dtype == BOOL:
        if type(value) is bool:
            return value
    elif dtype in RANGES:
        least, most = RANGES[dtype]
        if type(value) is int and least <= value <= most:
            return value
    else:
        raise RequestError("UNIMPLEMENTED", f"Conversion of JSON Value: {quote(value)} to type: {type_name(dtype)}")
    raise _type_error(value, dtype)


def _type_error(value: JsonValue, dtype: int) -> RequestError:
    return invalid(f"JSON Value: {quote(value)} Type: {json_type(value)} is not of expected type: {type_name(dtype)}")
