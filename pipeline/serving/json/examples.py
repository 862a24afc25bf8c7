"""Regress and Classify over REST: a JSON body to tf.Examples, as TF Serving's `util/json_tensor.cc` makes them.

But for one thing: a number that the model parses as a float may be written `5`, and a whole one that it parses as an integer `5.0`.
TF Serving refuses that (`Data types don't match`), and JavaScript writes both as `5`.
"""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from components.table.wire_format import field, varint
from pipeline.serving.json.dtypes import DEFAULT_SIGNATURE, FLOAT, INT64, decode_base64, invalid
from pipeline.serving.json.exact import parse_json, read_signature_name
from pipeline.serving.json.quote import c_name, format_error, is_base64_object, json_type, shown
from pipeline.serving.json.text import Members

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

# Fields of tensorflow.Feature. The messages are written by hand: it takes a tenth of the time, and no TensorFlow.
_BYTES, _FLOAT, _INT64 = 1, 2, 3
_KINDS = {_BYTES: "bytes", _FLOAT: "float", _INT64: "int64"}


@dataclasses.dataclass(frozen=True)
class ExampleCall:
    """A Regress or Classify request.

    Attributes:
      signature: its name.
      examples: serialised tf.Examples, the context merged into each.
    """

    signature: str
    examples: list[bytes]


Types = Mapping[bytes, int]


def parse_regress(
    body: bytes, signatures: Mapping[str, SignatureDef], types: Callable[[], Types] = dict
) -> ExampleCall:
    """Reads the body of a Regress request.

    Args:
      body: JSON.
      signatures: not looked at, as TF Serving doesn't before it calls one; here so that all methods are read alike.
      types: gives the DataType that the model parses a feature as, by name, where that is known.

    Raises:
      RequestError: it can't be read; in TF Serving's words.
    """
    document = parse_json(body)
    name = read_signature_name(document)
    context = document.find(b"context")
    known = types()
    merged = _example(context[0], known) if context is not None else b""
    found = document.find(b"examples")
    if found is None:
        raise format_error(document, "When method is classify, key 'examples' is expected and was not found")
    rows = found[0]
    if not isinstance(rows, list) or isinstance(rows, Members):
        raise format_error(document, "Expecting 'examples' value to be an list/array")
    if not rows:
        raise format_error(document, "'examples' value is an empty array")
    # Serialised messages that follow each other are one message; the later one wins.
    return ExampleCall(name or DEFAULT_SIGNATURE, [merged + _example(row, known) for row in rows])


def parse_classify(
    body: bytes, signatures: Mapping[str, SignatureDef], types: Callable[[], Types] = dict
) -> ExampleCall:
    """Reads the body of a Classify request, which is that of a Regress request."""
    return parse_regress(body, signatures, types)


def _example(value: Any, types: Types) -> bytes:
    if not isinstance(value, Members):
        raise invalid(f"Example must be JSON object but got JSON {json_type(value)}")
    features = {}
    for key, content in value:
        name = key.split(b"\0", 1)[0]
        is_array = isinstance(content, list) and not isinstance(content, Members)
        features[name] = _feature(c_name(key), _meant(content if is_array else [content], types.get(name)))
    return b"".join(
        # An entry of a map, in a Features, in an Example.
        field(1, field(1, field(1, name) + field(2, feature)))
        for name, feature in features.items()
    )


def _meant(values: list[Any], kind: int | None) -> list[Any]:
    """Numbers as the model parses them, where that is another type than JSON's text suggests, and nothing is lost by it."""
    if kind == FLOAT and all(type(value) in (int, float) for value in values):
        return [float(value) for value in values]
    if kind == INT64 and all(type(value) is int or (type(value) is float and value.is_integer()) for value in values):
        return [int(value) for value in values]
    return values


def _feature(name: str, values: list[Any]) -> bytes:
    """A serialised Feature; without a list if there is no value."""
    kind = 0
    converted: list[Any] = []
    for value in values:
        is_bytes = type(value) is bytes or is_base64_object(value)
        if not is_bytes and (value is None or isinstance(value, list)):
            raise invalid(f"Feature: {shown(name)} has element with unexpected JSON type: {json_type(value)}")
        own = _BYTES if is_bytes else _FLOAT if type(value) is float else _INT64
        kind = kind or own
        if kind != own:
            raise invalid(f"Unexpected element type in feature: {shown(name)} expecting type: {_KINDS[kind]}")
        if isinstance(value, int) and value >= 1 << 63:
            raise invalid(f"Feature: {shown(name)} has uint64_t element. Only int64_t is supported.")
        converted.append(decode_base64(value[0][1]) if isinstance(value, Members) else value)
    if kind == _BYTES:
        return field(kind, b"".join(field(1, value) for value in converted))
    if kind == _FLOAT:
        return field(kind, field(1, array("f", converted).tobytes()))
    return field(kind, field(1, b"".join(map(varint, converted)))) if kind else b""
