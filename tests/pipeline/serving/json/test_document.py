"""RapidJSON's errors, in the words and at the offsets that TF Serving gives them."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.serving.errors import RequestError
from pipeline.serving.json.document import is_array, is_object, parse_json

REFUSED = json.loads((Path(__file__).parents[3] / "data" / "tfserving" / "refused.json").read_text())["cases"]


def said(body: bytes) -> str:
    with pytest.raises(RequestError) as raised:
        parse_json(body)
    assert raised.value.code == "INVALID_ARGUMENT"
    return raised.value.message


def test_bodies_changed_at_random_are_refused_as_tf_serving_does() -> None:
    assert len(REFUSED) > 300
    assert [said(case["body"].encode()) for case in REFUSED] == [case["error"] for case in REFUSED]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "The document is empty"),
        (b" ", "The document is empty. at offset: 1"),
        (b"{", "Missing a name for object member. at offset: 1"),
        (b'{"a" 1}', "Missing a colon after a name of object member. at offset: 5"),
        (b'{"a":1,}', "Missing a name for object member. at offset: 7"),
        (b'{"a":[1,]}', "Invalid value. at offset: 8"),
        (b'{"a":[1 2]}', "Missing a comma or ']' after an array element. at offset: 8"),
        (b'{"a":1', "Missing a comma or '}' after an object member. at offset: 6"),
        (b'{"a":tru}', "Invalid value. at offset: 8"),
        (b'{"a":1.}', "Miss fraction part in number. at offset: 7"),
        (b'{"a":1e}', "Miss exponent in number. at offset: 7"),
        (b'{"a":1e400}', "Number too big to be stored in double. at offset: 5"),
        (b'{"a":"\\ud800"}', "The surrogate pair in string is invalid. at offset: 6"),
        (b'{"a":"\\u12x4"}', "Incorrect hex digit after \\u escape in string. at offset: 6"),
        (b'{"a":"\\q"}', "Invalid escape character in string. at offset: 6"),
        (b'{"a":"\t"}', "Invalid escape character in string. at offset: 6"),
        (b'{"a":"b', "Missing a closing quotation mark in string. at offset: 7"),
        (b'{"a":"b\0c"}', "Missing a closing quotation mark in string. at offset: 7"),
        (b'{"a":1\0}', "Missing a comma or '}' after an object member. at offset: 6"),
        (b'\xef\xbb\xbf{"a":1', "Missing a comma or '}' after an object member. at offset: 9"),
    ],
)
def test_errors(body: bytes, expected: str) -> None:
    assert said(body) == f"JSON Parse error: {expected}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": "\\udc00"}', "The surrogate pair in string is invalid. at offset: 7"),  # TF Serving takes it
        (b'{"a": "\xff"}', "Invalid encoding in string. at offset: 7"),  # TF Serving takes it
        (b'\xef\xbb\xbf{"a": "\xff"}', "Invalid encoding in string. at offset: 10"),
        (b"]", "Invalid value. at offset: 0"),  # TF Serving: The document is empty.
        (b"[NInf]", "Invalid value. at offset: 2"),  # TF Serving takes it
    ],
)
def test_errors_that_are_not_those_of_tf_serving(body: bytes, expected: str) -> None:
    assert said(body) == f"JSON Parse error: {expected}"


@pytest.mark.parametrize(("left", "right"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_has_a_limit(left: bytes, right: bytes) -> None:
    limit = sys.getrecursionlimit()
    value = parse_json(left * (limit - 1) + b"1" + right * (limit - 1))
    for _ in range(limit - 1):
        (value,) = value.values() if is_object(value) else value
    assert value == 1
    for depth in (limit + 1, 1_000_000):
        assert said(left * depth).startswith("JSON Parse error: Maximum parse recursion depth exceeded")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"[1, -1, 18446744073709551615, -9223372036854775808]", [1, -1, 2**64 - 1, -(2**63)]),
        (b"[18446744073709551616, -9223372036854775809]", [2.0**64, -(2.0**63)]),
        (b"[0.5, 1e3, -0.0, 5e-324, 1e-400]", [0.5, 1000.0, -0.0, 5e-324, 0.0]),
        (b"[Inf, -Infinity, Infinity]", [math.inf, -math.inf, math.inf]),
        (b'[null, true, false, "a\\u00e9\\u0000\\ud83d\\ude00"]', [None, True, False, "aé\0\U0001f600"]),
        (b'\xef\xbb\xbf ["\xc3\xa9"] and [more', ["é"]),
        (b"1\0]", 1),
        (b'{"a": 1, "b": {}, "a": [2]}', {"a": [2], "b": {}}),
        (b"[0e400]", [0.0]),  # TF Serving: Number too big to be stored in double.
    ],
)
def test_values(body: bytes, expected: Any) -> None:
    value = parse_json(body)
    assert value == expected
    assert repr(value) == repr(expected)  # -0.0, and 1 is not 1.0


def test_nan() -> None:
    (value, negative) = parse_json(b"[NaN, -NaN]")
    assert math.isnan(value)
    assert math.isnan(negative)


def test_objects_are_no_arrays() -> None:
    document = parse_json(b'{"a": []}')
    assert is_object(document)
    assert not is_array(document)
    assert is_array(document["a"])
    assert not is_object(document["a"])
