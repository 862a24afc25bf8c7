"""Regress and Classify over REST: a JSON body to tf.Examples, as TF Serving's `util/json_tensor.cc` makes them.

But for one thing: a number that the model parses as a float may be written `5`, and a whole one that it parses as an integer `5.0`.
TF Serving refuses that (`Data types don't match`), and JavaScript writes both as `5`.
"""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from components.table.wire_format import field, varint
from pipeline.serving.dtypes import DEFAULT_SIGNATURE, FLOAT, INT64, decode_base64
from pipeline.serving.errors import invalid
from pipeline.serving.json.body import read_object, read_signature_name
from pipeline.serving.json.document import JsonValue, Members, is_array
from pipeline.serving.json.quote import base64_text, c_name, format_error, json_type

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


FeatureTypes: TypeAlias = Mapping[bytes, int]  # DataTypes by the feature's name


def parse_regress(
    body: bytes, signatures: Mapping[str, SignatureDef], types: Callable[[], FeatureTypes] = dict
) -> ExampleCall:
    """Reads the body of a Regress request.

    Args:
      body: JSON.
      signatures: not looked at, as TF Serving doesn't before it calls one; here so that all methods are read alike.
      types: gives the DataType that the model parses a feature as, by name, where that is known.

    Raises:
      RequestError: it can't be read; in TF Serving's words.
    """
    document = read_object(body)
    name = read_signature_name(document)
    context = document.find("context")
    known = types()
    merged = _example(context[0], known) if context is not None else b""
    found = document.find("examples")
    if found is None:
        raise format_error(document, "When method is classify, key 'examples' is expected and was not found")
    rows = found[0]
    if not is_array(rows):
        raise format_error(document, "Expecting 'examples' value to be an list/array")
    if not rows:
        raise format_error(document, "'examples' value is an empty array")
    # Serialised messages that follow each other are one message; the later one wins.
    return ExampleCall(name or DEFAULT_SIGNATURE, [merged + _example(row, known) for row in rows])


def parse_classify(
    body: bytes, signatures: Mapping[str, SignatureDef], types: Callable[[], FeatureTypes] = dict
) -> ExampleCall:
    """Reads the body of a Classify request, which is that of a Regress request."""
    return parse_regress(body, signatures, types)


def _example(value: JsonValue, types: FeatureTypes) -> bytes:
    if not isinstance(value, Members):
        raise invalid(f"Example must be JSON object but got JSON {json_type(value)}")
    features = {}
    for key, content in value:
        shown = c_name(key)
        name = shown.encode()
        features[name] = _feature(shown, _meant(content if is_array(content) else [content], types.get(name)))
    return b"".join(
        # An entry of a map, in a Features, in an Example.
        field(1, field(1, field(1, name) + field(2, feature)))
        for name, feature in features.items()
    )


def _meant(values: list[JsonValue], kind: int | None) -> list[JsonValue]:
    """Numbers as the model parses them, where that is another type than JSON's text suggests, and nothing is lost by it."""
    if kind not in (FLOAT, INT64):
        return values
    numbers = [value for value in values if type(value) is int or type(value) is float]
    if len(numbers) < len(values):
        return values
    if kind == FLOAT:
        return [float(value) for value in numbers]
    return [int(value) for value in numbers] if all(float(value).is_integer() for value in numbers) else values


def _feature(name: str, values: list[JsonValue]) -> bytes:
    """A serialised Feature; without a list if there is no value."""
    kind = 0
    converted: list[Any] = []  # what the list of that kind holds
    for value in values:
        own = _kind(name, value)
        kind = kind or own
        if kind != own:
            raise invalid(f"Unexpected element type in feature: {name} expecting type: {_KINDS[kind]}")
        if isinstance(value, int) and value >= 1 << 63:
            raise invalid(f"Feature: {name} has uint64_t element. Only int64_t is supported.")
        if isinstance(value, str):
            converted.append(value.encode())
        else:
            encoded = base64_text(value)
            converted.append(value if encoded is None else decode_base64(encoded))
    if kind == _BYTES:
        return field(kind, b"".join(field(1, value) for value in converted))
    if kind == _FLOAT:
        return field(kind, field(1, array("f", converted).tobytes()))
    return field(kind, field(1, b"".join(map(varint, converted)))) if kind else b""


def _kind(name: str, value: JsonValue) -> int:
    if isinstance(value, float):
        return _FLOAT
    if isinstance(value, int):
        return _INT64
    if isinstance(value, str) or base64_text(value) is not None:
        return _BYTES
    raise invalid(f"Feature: {name} has element with unexpected JSON type: {json_type(value)}")
