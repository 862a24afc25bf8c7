"""Regress and Classify over REST: a JSON body to tf.Examples, as TF Serving's `util/json_tensor.cc` makes them.

But for one thing: a number that the model parses as a float may be written `5`, and a whole one that it parses as an integer `5.0`.
TF Serving refuses that (`Data types don't match`), and JavaScript writes both as `5`.
"""

from __future__ import annotations

import dataclasses
import sys
from array import array
from collections.abc import Callable, Mapping, Sized
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from components.table.wire_format import field, varint
from pipeline.serving.dtypes import DEFAULT_SIGNATURE, FLOAT, INT64, decode_base64
from pipeline.serving.errors import invalid
from pipeline.serving.json.body import read_object, read_signature_name
from pipeline.serving.json.document import JsonValue, is_array, is_object
from pipeline.serving.json.duplicates import check_keys
from pipeline.serving.json.example_columns import BYTES_LIST, FLOAT_LIST, INT64_LIST, FeatureTypes, encode_alike, entry
from pipeline.serving.json.quote import base64_text, format_error, json_type
from pipeline.serving.limits import check_context, check_rows

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

_KINDS = {BYTES_LIST: "bytes", FLOAT_LIST: "float", INT64_LIST: "int64"}


@dataclasses.dataclass(frozen=True)
class ExampleCall:
    """A Regress or Classify request.

    Attributes:
      signature: its name.
      examples: serialised tf.Examples, the context merged into each.
    """

    signature: str
    examples: list[bytes]


def parse_regress(
    body: bytes,
    signatures: Mapping[str, SignatureDef],
    types: Callable[[], FeatureTypes] = dict,
    max_rows: int = sys.maxsize,
    max_bytes: int = sys.maxsize,
) -> ExampleCall:
    """Reads the body of a Regress request.

    Args:
      body: JSON.
      signatures: not looked at, as TF Serving doesn't before it calls one; here so that all methods are read alike.
      types: gives the DataType that the model parses a feature as, by name, where that is known.
      max_rows: examples that there may be.
      max_bytes: that they may have together with the context in each.

    Raises:
      RequestError: it can't be read, in TF Serving's words, but for a key that stands twice; or there is too much.
    """
    document = read_object(body)
    name = read_signature_name(document)
    known = types()
    merged = _example(document["context"], known) if "context" in document else b""
    if "examples" not in document:
        raise format_error(document, "When method is classify, key 'examples' is expected and was not found")
    rows = document["examples"]
    if not is_array(rows):
        raise format_error(document, "Expecting 'examples' value to be an list/array")
    if not rows:
        raise format_error(document, "'examples' value is an empty array")
    check_rows(len(rows), max_rows)
    check_context(len(merged), len(rows), max_bytes)
    examples, keys = _examples(rows, known)
    keys += len(document) + (_count_keys(document["context"]) if "context" in document else 0)
    check_keys(body, keys, "examples", lambda row: len(cast("Sized", rows[row])))
    # Serialised messages that follow each other are one message; the later one wins.
    return ExampleCall(name or DEFAULT_SIGNATURE, [merged + example for example in examples] if merged else examples)


parse_classify = parse_regress  # TF Serving reads both alike


def _count_keys(value: JsonValue) -> int:
    """Keys of an example, and of the base64 in it."""
    if not is_object(value):
        return 0
    parts = chain.from_iterable(part if is_array(part) else (part,) for part in value.values())
    return len(value) + sum(is_object(part) for part in parts)


def _examples(rows: list[JsonValue], types: FeatureTypes) -> tuple[list[bytes], int]:
    """Serialised tf.Examples, of rows with the same features at once where that is certain; and the number of keys."""
    examples, suspects, left = encode_alike(rows, types)
    for index in suspects:
        _example(rows[index], types)
    for index in left:
        examples[index] = _example(rows[index], types)
    keys = sum(map(len, cast("list[dict[str, JsonValue]]", rows)))
    return examples, keys + sum(_count_keys(rows[index]) - len(cast("Sized", rows[index])) for index in left)


def _example(value: JsonValue, types: FeatureTypes) -> bytes:
    if not is_object(value):
        raise invalid(f"Example must be JSON object but got JSON {json_type(value)}")
    return b"".join(
        entry(
            name.encode(),
            _feature(name, _meant(content if is_array(content) else [content], types.get(name.encode()))),
        )
        for name, content in value.items()
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
    if kind == BYTES_LIST:
        return field(kind, b"".join(field(1, value) for value in converted))
    if kind == FLOAT_LIST:
        return field(kind, field(1, array("f", converted).tobytes()))
    return field(kind, field(1, b"".join(map(varint, converted)))) if kind else b""


def _kind(name: str, value: JsonValue) -> int:
    if isinstance(value, float):
        return FLOAT_LIST
    if isinstance(value, int):
        return INT64_LIST
    if isinstance(value, str) or base64_text(value) is not None:
        return BYTES_LIST
    raise invalid(f"Feature: {name} has element with unexpected JSON type: {json_type(value)}")
