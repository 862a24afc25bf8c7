"""Predict bodies, value by value, in the order and with the errors of TF Serving's `util/json_tensor.cc`.

The functions bear the names that they have there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeGuard

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
from pipeline.serving.json.document import JsonValue, Members, is_array
from pipeline.serving.json.quote import base64_text, c_name, format_error, json_type, quote

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

Shape = tuple[int, ...]


def input_types(signatures: Mapping[str, SignatureDef], name: str) -> dict[str, int]:
    """DataTypes of a signature's inputs, sorted by their names.

    Raises:
      RequestError: there is no such signature, or it has no input.
    """
    try:
        signature = signatures[name or DEFAULT_SIGNATURE]
    except KeyError:
        raise invalid(f'Serving signature name: "{name or DEFAULT_SIGNATURE}" not found in signature def') from None
    if not signature.inputs:
        raise invalid(f"Failed to get input map for signature: {name or 'DEFAULT'}")
    return {key: int(signature.inputs[key].dtype) for key in sorted(signature.inputs)}


def fill_predict_request(body: bytes, signatures: Mapping[str, SignatureDef]) -> tuple[str, bool, dict[str, Array]]:
    """Reads a body.

    Returns:
      The signature's name, whether it is in row format, and its inputs.

    Raises:
      RequestError: it can't be read; in TF Serving's words.
    """
    document = read_object(body)
    name = read_signature_name(document)
    dtypes = input_types(signatures, name)
    instances, inputs = document.find("instances"), document.find("inputs")
    if instances is not None and inputs is not None:
        raise format_error(
            document, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
        )
    if instances is not None:
        rows = instances[0]
        if not is_array(rows):
            raise format_error(document, "Expecting 'instances' to be an list/array")
        if not rows:
            raise format_error(document, "No values in 'instances' array")
        return name or DEFAULT_SIGNATURE, True, _fill_from_instances(rows, dtypes)
    if inputs is not None:
        return name or DEFAULT_SIGNATURE, False, _fill_from_inputs(inputs[0], dtypes)
    raise invalid("Missing 'inputs' or 'instances' key")


def _is_element_object(value: JsonValue) -> TypeGuard[Members]:
    return isinstance(value, Members) and base64_text(value) is None


def _fill_from_instances(rows: list[JsonValue], dtypes: dict[str, int]) -> dict[str, Array]:
    if not isinstance(rows[0], Members) and len(dtypes) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    objects = _is_element_object(rows[0])
    values: dict[str, list[Value]] = {}
    shapes: dict[str, Shape] = {}
    for index, row in enumerate(rows):
        where = f"Failed to process element: {index}"
        if objects:
            if not _is_element_object(row):
                raise invalid(f"Expecting object but got list at item {index} of input list")
            _add_items(((c_name(key), item) for key, item in row), where, True, dtypes, values, shapes)
            if {c_name(key) for key, _ in row} != set(dtypes):
                raise invalid(
                    f"{where} of 'instances' list. JSON object: {quote(row)} keys must be equal to: {','.join(dtypes)}"
                )
        else:
            if _is_element_object(row):
                raise invalid(f"Expecting value/list but got object at item {index} of input list")
            _add_items([(next(iter(dtypes)), row)], where, False, dtypes, values, shapes)
    tensors = {}
    for name in sorted(shapes):
        shape, dtype = shapes[name], dtypes[name]
        count = len(rows) * math.prod(shape)
        # A key that stands twice in a row adds its values twice; TensorFlow drops what is too much at the end.
        tensors[name] = _tensor(name, values[name][:count], (len(rows), *shape), dtype)
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


def _fill_from_inputs(value: JsonValue, dtypes: dict[str, int]) -> dict[str, Array]:
    if not _is_element_object(value):
        if len(dtypes) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple "
                "input tensors required as per tensorinfo_map"
            )
        ((name, dtype),) = dtypes.items()
        return {name: _read_tensor(name, value, dtype)}
    tensors = {}
    for name, dtype in dtypes.items():
        found = value.find(name)
        if found is None:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
        tensors[name] = _read_tensor(name, found[0], dtype)
    return tensors


def _read_tensor(name: str, value: JsonValue, dtype: int) -> Array:
    shape = _dense_shape(value)
    return _tensor(name, _fill_tensor(value, shape, dtype), shape, dtype)


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
            open_lists.append(iter(item))
            break
        else:
            open_lists.pop()
    return values


def _convert(value: JsonValue, dtype: int) -> Value:
    if isinstance(value, Members):
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
