"""The JSON mapping of Regress and Classify, among it the cases of TF Serving's own json_tensor_test.cc."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from pipeline.serving.errors import RequestError
from pipeline.serving.json.examples import parse_classify, parse_regress

NAN, INF = math.nan, math.inf

EXAMPLE_ERRORS = [
    ('{"signature_name": ["hello"], "examples": [{}]}',
     'JSON Value: {\n    "signature_name": ["hello"],\n    "examples": [{}]\n}'
     " not formatted correctly. 'signature_name' key must be a string value."),
    ('{"context": [{"names": ["foo"]}]}', "Example must be JSON object but got JSON Array"),
    ('{"a": 1}', "JSON Value: {\n    \"a\": 1\n} When method is classify, key 'examples' is expected and was not found"),
    ('{"examples": {"a": 1}}',
     "JSON Value: {\n    \"examples\": {\n        \"a\": 1\n    }\n} Expecting 'examples' value to be an list/array"),
    ('{"examples": []}', "JSON Value: {\n    \"examples\": []\n} 'examples' value is an empty array"),
    ('{"examples": [[{"names": ["foo"]}]]}', "Example must be JSON object but got JSON Array"),
    ('{"examples": [{"names": [10, null]}]}', "Feature: names has element with unexpected JSON type: Null"),
    ('{"examples": [{"names": [10, 10.0]}]}', "Unexpected element type in feature: names expecting type: int64"),
    ('{"examples": [{"names": [10.0, 10]}]}', "Unexpected element type in feature: names expecting type: float"),
    ('{"examples": [{"names": ["a", true]}]}', "Unexpected element type in feature: names expecting type: bytes"),
    ('{"examples": [{"names": [10, {"test": 10}]}]}', "Feature: names has element with unexpected JSON type: Object"),
    ('{"examples": [{"names": [[10], 20]}]}', "Feature: names has element with unexpected JSON type: Array"),
    ('{"examples": [{"names": [20, 18446744073709551603]}]}',
     "Feature: names has uint64_t element. Only int64_t is supported."),
    ('{"examples": [{"names": {"b64": "%"}}]}', "Unable to base64 decode"),
    ('{"examples": [{"x": ":"}], "instances": [{"a": 1}, {"a": 1, "a": 2}]}',
     "Key: a stands twice in 'instances'. A key may stand once in an object."),
    ('{"examples": [{"x": 1}, {"x": null, "x": 1}]}',  # TF Serving says: Feature: x has element with unexpected JSON type: Null
     "Key: x stands twice in element: 1 of 'examples' list. A key may stand once in an object."),
    ('{"examples": [1]', "JSON Parse error: Missing a comma or '}' after an object member. at offset: 16"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), EXAMPLE_ERRORS)
@pytest.mark.parametrize("parse", [parse_regress, parse_classify])
def test_errors_in_examples(parse: Any, body: str, expected: str) -> None:
    with pytest.raises(RequestError) as raised:
        parse(body.encode(), {})
    assert (raised.value.message, raised.value.code) == (expected, "INVALID_ARGUMENT")


@pytest.mark.e2e
@pytest.mark.parametrize("end", [b"", b" x"])
def test_examples(end: bytes) -> None:
    from tensorflow.core.example.example_pb2 import Example

    body = """{"signature_name": "custom", "context": {"query": "pizza", "location": ["sfo"], "age": 1},
        "examples": [{"names": ["foo", "bar"], "ratings": [8.0, 9.0, NaN, Infinity], "age": [20, -9223372036854775808]},
        {"names": ["baz", {"b64": "aGVsbG8="}], "ratings": 6.0, "intboolmix": [1, true, false], "big": -1e39},
        {"names": "%s", "ratings": -Infinity, "none": []}, {}]}""" % ("é" * 100)
    call = parse_regress(body.encode() + end, {})
    assert call.signature == "custom"
    context = {"query": [b"pizza"], "location": [b"sfo"], "age": [1]}
    wanted = [
        {**context, "names": [b"foo", b"bar"], "ratings": [8, 9, NAN, INF], "age": [20, -(2**63)]},
        {**context, "names": [b"baz", b"hello"], "ratings": [6], "intboolmix": [1, 1, 0], "big": [-INF]},
        {**context, "names": ["é".encode() * 100], "ratings": [-INF], "none": []},
        context,
    ]
    for serialized, expected in zip(call.examples, wanted, strict=True):
        features = Example.FromString(serialized).features.feature
        kinds = {name: feature.WhichOneof("kind") for name, feature in features.items()}
        found = {name: list(getattr(features[name], kind).value) if kind else [] for name, kind in kinds.items()}
        np.testing.assert_equal(found, expected)
        bytes_like = {"query", "location", "names"}
        assert all(
            kind
            == ("bytes_list" if name in bytes_like else "float_list" if name in ("ratings", "big") else "int64_list")
            for name, kind in kinds.items()
            if kind
        )


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("5", 1, b"\x12\x06\x0a\x04\x00\x00\xa0\x40"),
        ("[5, 5.5]", 1, b"\x12\x0a\x0a\x08\x00\x00\xa0\x40\x00\x00\xb0\x40"),
        ("5.0", 9, b"\x1a\x03\x0a\x01\x05"),
        ("5.5", 9, b"\x12\x06\x0a\x04\x00\x00\xb0\x40"),  # for the model to refuse
        ("5", None, b"\x1a\x03\x0a\x01\x05"),  # as TF Serving
    ],
)
def test_numbers_become_what_the_model_parses(value: str, kind: int | None, expected: bytes) -> None:
    types = {} if kind is None else {b"x": kind}
    call = parse_regress(b'{"examples": [{"x": %s}]}' % value.encode(), {}, lambda: types)
    assert call.examples[0].endswith(expected)
