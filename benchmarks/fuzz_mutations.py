"""Changes of requests that leave them readable: of a JSON document at one of its places, of a message in one of its fields."""

from __future__ import annotations

import json
import operator
import random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

NUMBERS = [0, 1, -1, 2**28, 2**31 - 1, 2**31, 2**40, 2**53, 2**63 - 1, -(2**63), 100_000, 100_001]
FLOATS = [0.0, -0.0, 1e-46, 1e38, 3.5e38, 1e308, float("nan"), float("inf"), float("-inf"), 0.5]
TEXTS = [
    "",
    "x",
    "é",
    "\0",
    "�",
    "𝄞",
    "serving_default",
    "explain",
    "regress",
    "examples",
    "a" * 2000,
    "__proto__",
    "b64",
    "%s",
]
VALUES: list[Any] = [
    None,
    True,
    False,
    *NUMBERS,
    *FLOATS,
    *TEXTS,
    [],
    {},
    [[]],
    {"b64": "AA=="},
    {"b64": "?"},
    {"b64": 1},
    {"": 0},
    10**400,
]


def mutate_json(data: bytes, chance: random.Random) -> bytes:
    """Puts another value, or a copy of another place, at a place of a document; the bytes themselves if they are none."""
    try:
        root = [json.loads(data)]
    except (ValueError, RecursionError):
        return data
    places = _places(root, 0)
    container, key = chance.choice(places)
    value = container[key]
    other = chance.choice(VALUES) if chance.random() < 0.7 else operator.getitem(*chance.choice(places))
    if isinstance(value, list) and chance.random() < 0.3:
        value.extend([other] * chance.choice([1, 2, 100]))
    elif isinstance(value, dict) and chance.random() < 0.3:
        value[chance.choice(TEXTS)] = other
    else:
        container[key] = other
    try:
        return json.dumps(root[0]).encode()
    except (ValueError, RecursionError):  # a place that was put into itself
        return data


def _places(container: Any, key: Any) -> list[tuple[Any, Any]]:
    """A place, as what holds it and where, and those below it."""
    found, value = [(container, key)], container[key]
    if isinstance(value, dict):
        for name in list(value)[:30]:
            found += _places(value, name)
    elif isinstance(value, list):
        for index in range(min(len(value), 5)):
            found += _places(value, index)
    return found


def mutate_message(message: Message, chance: random.Random) -> None:
    """Changes one field of a message, or of one below it."""
    below = [message]
    for each in below:
        for field, value in each.ListFields():
            if field.type == FieldDescriptor.TYPE_MESSAGE and len(below) < 200:
                below += _messages(field, value)
    node = chance.choice(below)
    fields = node.DESCRIPTOR.fields
    if not fields:
        return
    field = chance.choice(fields)
    if chance.random() < 0.2:
        node.ClearField(field.name)
        return
    value = getattr(node, field.name)
    if _is_map(field):
        _mutate_map(value, chance)
    elif field.type == FieldDescriptor.TYPE_MESSAGE:
        if field.label == FieldDescriptor.LABEL_REPEATED:
            new = value.add()
            if len(value) > 1:
                new.CopyFrom(chance.choice(value))
        else:
            value.SetInParent()
    elif field.label == FieldDescriptor.LABEL_REPEATED:
        value.extend([_scalar(field, chance)] * chance.choice([1, 1, 2, 50]))
    else:
        setattr(node, field.name, _scalar(field, chance))


def _is_map(field: FieldDescriptor) -> bool:
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def _messages(field: FieldDescriptor, value: Any) -> list[Message]:
    if _is_map(field):
        inside = field.message_type.fields_by_name["value"].type == FieldDescriptor.TYPE_MESSAGE
        return list(value.values()) if inside else []
    return list(value) if field.label == FieldDescriptor.LABEL_REPEATED else [value]


def _mutate_map(value: Any, chance: random.Random) -> None:
    keys = list(value)
    if keys and chance.random() < 0.4:
        del value[chance.choice(keys)]
    elif keys and hasattr(value[keys[0]], "CopyFrom"):
        value[chance.choice(TEXTS + keys)].CopyFrom(value[chance.choice(keys)])


def _scalar(field: FieldDescriptor, chance: random.Random) -> Any:
    kind = field.cpp_type
    if kind in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
        return chance.choice(FLOATS)
    if kind == FieldDescriptor.CPPTYPE_STRING:
        text = chance.choice(TEXTS)
        return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return chance.random() < 0.5
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return chance.choice([0, 1, 2, 3, 7, 19, 20, 23, 101, 9999])
    bits = {FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31), FieldDescriptor.CPPTYPE_UINT32: (0, 2**32)}
    low, high = bits.get(kind, (0, 2**64) if kind == FieldDescriptor.CPPTYPE_UINT64 else (-(2**63), 2**63))
    return min(max(chance.choice(NUMBERS), low), high - 1)
