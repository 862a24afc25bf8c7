"""The JSON mapping of Predict, among it the cases of TF Serving's own json_tensor_test.cc."""

from __future__ import annotations

import json
import math
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.serving.errors import RequestError
from pipeline.serving.json.answers import format_predict
from pipeline.serving.json.columns import UnsureError
from pipeline.serving.json.predict import PredictCall, parse_predict
from pipeline.serving.json.typed import NotTyped

FLOAT, DOUBLE, INT32, UINT8, STRING, COMPLEX, INT64, BOOL, HALF, UINT64 = 1, 2, 3, 4, 7, 8, 9, 10, 19, 23
NAN, INF = math.nan, math.inf


def signatures(inputs: dict[str, int], name: str = "serving_default") -> dict[str, Any]:
    """Signatures of one model. Of a SignatureDef, only names and types of inputs are read."""
    return {name: SimpleNamespace(inputs={key: SimpleNamespace(dtype=dtype) for key, dtype in inputs.items()})}


def predict(body: str | bytes, inputs: dict[str, int]) -> PredictCall:
    return parse_predict(body.encode() if isinstance(body, str) else body, signatures(inputs))


def said(body: str | bytes, inputs: dict[str, int]) -> str:
    with pytest.raises(RequestError) as raised:
        predict(body, inputs)
    return raised.value.message


NAMED = {"int_tensor": INT32, "str_tensor": STRING, "float_tensor": FLOAT, "dbl_tensor": DOUBLE}

TENSORS: list[tuple[str, dict[str, int], dict[str, Any]]] = [
    ('{"instances": [[1,2],[3,4],[5,6]]}', {"default": INT32}, {"default": [[1, 2], [3, 4], [5, 6]]}),
    (
        '{"instances": [1, 2.0, 3, 4, 5.003, 0.007, 0.0]}',
        {"default": FLOAT},
        {"default": [1, 2, 3, 4, 5.003, 0.007, 0]},
    ),
    ('{"instances": [1.0, 2, 3, 4, 0.662, 0, 0.0]}', {"default": DOUBLE}, {"default": [1, 2, 3, 4, 0.662, 0, 0]}),
    ('{"instances": [1435774380]}', {"default": FLOAT}, {"default": [1435774380]}),
    ('{"instances": [1435774380.0]}', {"default": FLOAT}, {"default": [1435774380]}),
    ('{"instances": [1.79769e+308]}', {"default": FLOAT}, {"default": [INF]}),
    ('{"instances": [-1.79769e+308]}', {"default": FLOAT}, {"default": [-INF]}),
    ('{"instances": [2.22507e-308, -2.22507e-308]}', {"default": FLOAT}, {"default": [0.0, -0.0]}),
    ('{"instances": [18446744073709551615, -9223372036854775808]}', {"x": FLOAT}, {"x": [2.0**64, -(2.0**63)]}),
    ('{"instances": [18446744073709551616]}', {"x": DOUBLE}, {"x": [2.0**64]}),
    (
        '{"instances": [NaN, Infinity, -Infinity, Inf, -Inf, -NaN]}',
        {"x": FLOAT},
        {"x": [NAN, INF, -INF, INF, -INF, NAN]},
    ),
    (
        '{"instances": [{"x": NaN, "s": "a"}, {"x": 1, "s": ""}]}',
        {"x": FLOAT, "s": STRING},
        {"x": [NAN, 1], "s": ["a", ""]},
    ),
    ('{"instances": [{"x": NaN, "s": "NaN"}]}', {"x": FLOAT, "s": STRING}, {"x": [NAN], "s": ["NaN"]}),
    ('{"instances": [{"x": NaN, "s": "null"}]}', {"x": FLOAT, "s": STRING}, {"x": [NAN], "s": ["null"]}),
    ('{"instances": [[1,2],[3,4],[5,6]]}X', {"default": INT32}, {"default": [[1, 2], [3, 4], [5, 6]]}),
    ('\ufeff{"instances": [1]}', {"x": INT32}, {"x": [1]}),
    ('{"instances": [{"b64": "aGVsbG8="}, {"b64": "d29ybGQ="}]}', {"d": STRING}, {"d": ["hello", "world"]}),
    ('{"instances": [[{"b64": "aGVsbG8="}], [{"b64": "d29ybGQ="}]]}', {"d": STRING}, {"d": [["hello"], ["world"]]}),
    (
        '{"instances": [{"d": [[{"b64": "aGVsbG8="}], [{"b64": "d29ybGQ="}]]}]}',
        {"d": STRING},
        {"d": [[["hello"], ["world"]]]},
    ),
    (
        '{"instances": [{"b64": "aGVsbG8"}, {"b64": " aGV\\nsbG8 ="}, {"b64": "aGVsbG8."}]}',
        {"d": STRING},
        {"d": ["hello"] * 3},
    ),
    ('{"instances": [{"b64": "aGk="}]}', {"b64": STRING}, {"b64": ["hi"]}),
    ('{"instances": ["a:b", "\\u00e9", "\\\\\\":"]}', {"s": STRING}, {"s": ["a:b", "é", '\\":']}),
    ('{"instances": [true, false]}', {"x": BOOL}, {"x": [True, False]}),
    ('{"instances": [255, 256, -1]}', {"x": UINT8}, {"x": [255, 0, 255]}),
    ('{"instances": [9223372036854775807, -9223372036854775808]}', {"x": INT64}, {"x": [2**63 - 1, -(2**63)]}),
    ('{"instances": [18446744073709551615, 0]}', {"x": UINT64}, {"x": [2**64 - 1, 0]}),
    ('{"instances": [[], []]}', {"x": FLOAT}, {"x": [[], []]}),
    (
        '{"instances": [{"int_tensor": [[1,2],[3,4],[5,6]], "str_tensor": ["foo", "bar"], "float_tensor": [1.0, NaN],'
        ' "dbl_tensor": [NaN]}, {"int_tensor": [[7,8],[9,0],[1,2]], "str_tensor": ["baz", "bat"],'
        ' "float_tensor": [2.0, Infinity], "dbl_tensor": [2.0]}]}',
        NAMED,
        {
            "int_tensor": [[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 0], [1, 2]]],
            "str_tensor": [["foo", "bar"], ["baz", "bat"]],
            "float_tensor": [[1, NAN], [2, INF]],
            "dbl_tensor": [[NAN], [2]],
        },
    ),
    ('{"instances": [1], "more": {"a": [{"b": null}]}}', {"x": FLOAT}, {"x": [1]}),
    ('{"inputs": {"x": [[[1,2],[3,4],[5,6]]]}}', {"x": INT32}, {"x": [[[1, 2], [3, 4], [5, 6]]]}),
    ('{"inputs": [[[1,2],[3,4],[5,6]]]}', {"x": INT32}, {"x": [[[1, 2], [3, 4], [5, 6]]]}),
    (
        '{"inputs": {"int_tensor": [[[1,2],[3,4],[5,6]]], "str_tensor": ["foo", "bar"], "bin_tensor": {"b64": "aGVsbG8="}}}',
        {"int_tensor": INT32, "str_tensor": STRING, "bin_tensor": STRING},
        {"int_tensor": [[[1, 2], [3, 4], [5, 6]]], "str_tensor": ["foo", "bar"], "bin_tensor": "hello"},
    ),
    ('{"inputs": {"b64": "aGVsbG8="}}', {"x": STRING}, {"x": "hello"}),
    ('{"inputs": 5}', {"x": FLOAT}, {"x": 5}),
    ('{"inputs": {"x": [1], "unknown": [2]}}', {"x": FLOAT}, {"x": [1]}),
]

PLAIN = {"default": INT32}
TWO = {"int_tensor": INT32, "str_tensor": STRING}
FAILED = "Failed to process element: "
ERRORS: list[tuple[str | bytes, dict[str, int], str]] = [
    ('{"a":[1 2]}', PLAIN, "JSON Parse error: Missing a comma or ']' after an array element. at offset: 8"),
    ("[1]", PLAIN, "JSON Value: [1] Is not object"),
    ('"\xe9"', PLAIN, 'JSON Value: "\xe9" Is not object'),
    ("1e21", PLAIN, "JSON Value: 1e21 Is not object"),
    ("1e20", PLAIN, "JSON Value: 100000000000000000000.0 Is not object"),
    ("-0.00000123", PLAIN, "JSON Value: -0.00000123 Is not object"),
    ("1.5e-7", PLAIN, "JSON Value: 1.5e-7 Is not object"),
    ('["\\u0001\\n\\"\\\\/", {}, [], {"a": [null, true]}]', PLAIN,
     'JSON Value: ["\\u0001\\n\\"\\\\/", {}, [], {\n        "a": [null, true]\n    }] Is not object'),
    ("[1, NaN, 2]", PLAIN, "JSON Value: [1,  Is not object"),
    ('{"signature_name": 5, "instances": [[1,2],[3,4],[5,6,7]]}', PLAIN,
     'JSON Value: {\n    "signature_name": 5,\n    "instances": [[1, 2], [3, 4], [5, 6, 7]]\n}'
     " not formatted correctly. 'signature_name' key must be a string value."),
    ('{"signature_name": "zz", "instances": [1]}', PLAIN, 'Serving signature name: "zz" not found in signature def'),
    ('{"signature_name": "serving_default"}', {}, "Failed to get input map for signature: serving_default"),
    ("{}", {}, "Failed to get input map for signature: DEFAULT"),
    ("{}", PLAIN, "Missing 'inputs' or 'instances' key"),
    ('{"instances": [[1,2]], "inputs": [[1,2]]}', PLAIN,
     'JSON Value: {\n    "instances": [[1, 2]],\n    "inputs": [[1, 2]]\n}'
     " Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "),
    ('{"instances": 1}', PLAIN, "JSON Value: {\n    \"instances\": 1\n} Expecting 'instances' to be an list/array"),
    ('{"instances": []}', PLAIN, "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array"),
    ('{"instances": [[1,2],[3,4],[5,6,7]]}', PLAIN,
     FAILED + "2 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 3"),
    ('{"instances": [[1,2],[3,4],[[5,6]]]}', PLAIN,
     FAILED + "2 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [2] but got: [1,2]"),
    ('{"instances": [1, [1]]}', PLAIN,
     FAILED + "1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [] but got: [1]"),
    ('{"instances": [[1,2],["a", "b"]]}', PLAIN,
     FAILED + '1 of \'instances\' list. Error: INVALID_ARGUMENT: JSON Value: "a" Type: String is not of expected type: int32'),
    ('{"instances": [[[1], 2]]}', PLAIN,
     FAILED + "0 of 'instances' list. Error: INVALID_ARGUMENT: "
     "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
    ('{"instances": [[1, [2]]]}', PLAIN,
     FAILED + "0 of 'instances' list. Error: INVALID_ARGUMENT: Encountered list at unexpected level: 1 expected < 1"),
    ('{"inputs": [[1, 2], [3]]}', PLAIN, "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
    ('{"inputs": [1.0]}', PLAIN, "JSON Value: 1.0 Type: Number is not of expected type: int32"),
    ('{"inputs": [2147483648]}', PLAIN, "JSON Value: 2147483648 Type: Number is not of expected type: int32"),
    ('{"inputs": [9223372036854775808]}', {"x": INT64},
     "JSON Value: 9223372036854775808 Type: Number is not of expected type: int64"),
    ('{"inputs": [-1]}', {"x": UINT64}, "JSON Value: -1 Type: Number is not of expected type: uint64"),
    ('{"inputs": [true]}', {"x": FLOAT}, "JSON Value: true Type: True is not of expected type: float"),
    ('{"inputs": [false]}', {"x": INT64}, "JSON Value: false Type: False is not of expected type: int64"),
    ('{"inputs": [1]}', {"x": BOOL}, "JSON Value: 1 Type: Number is not of expected type: bool"),
    ('{"inputs": [1]}', {"x": STRING}, "JSON Value: 1 Type: Number is not of expected type: string"),
    ('{"inputs": [null]}', {"x": STRING}, "JSON Value: null Type: Null is not of expected type: string"),
    ('{"inputs": [NaN, null]}', {"x": FLOAT}, "JSON Value: null Type: Null is not of expected type: float"),
    ('{"inputs": [{"b64": "aGk="}]}', {"x": FLOAT},
     'JSON Value: {\n    "b64": "aGk="\n} Type: Object is not of expected type: float'),
    ('{"inputs": [{"b": "aGk="}]}', {"x": STRING},
     'JSON Value: {\n    "b": "aGk="\n} not formatted correctly for base64 data'),
    ('{"inputs": [{"b64": 5}]}', {"x": STRING}, 'JSON Value: {\n    "b64": 5\n} not formatted correctly for base64 data'),
    ('{"inputs": [{"b64": "a"}]}', {"x": STRING}, "Unable to base64 decode"),
    ('{"inputs": [{"b64": "aGk=="}]}', {"x": STRING}, "Unable to base64 decode"),
    ('{"inputs": [{"b64": "aG-_"}]}', {"x": STRING}, "Unable to base64 decode"),
    ('{"inputs": [1]}', {"x": HALF}, "Conversion of JSON Value: 1 to type: half"),
    ('{"instances": [1]}', {"x": COMPLEX},
     FAILED + "0 of 'instances' list. Error: UNIMPLEMENTED: Conversion of JSON Value: 1 to type: complex64"),
    ('{"instances": [{"int_tensor": [[1,2],[3,4]], "str_tensor": "a"}, {"int_tensor": [[[7,8],[9,0]]], "str_tensor": "b"}]}', TWO,
     FAILED + "1 key: int_tensor of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [2,2] but got: [1,2,2]"),
    ('{"instances": [{"int_tensor": [1,2], "str_tensor": "a"}, {"int_tensor": [1], "str_tensor": "b"}]}', TWO,
     FAILED + "1 key: int_tensor of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 1"),
    ('{"instances": [{"int_tensor": 1, "str_tensor": "a"}, [1, 20, 30]]}', TWO,
     "Expecting object but got list at item 1 of input list"),
    ('{"instances": [["baz", "bar"], {"str_tensor": ["baz", "bat"]}]}', {"str_tensor": STRING},
     "Expecting value/list but got object at item 1 of input list"),
    ('{"instances": [1]}', TWO,
     "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map"),
    ('{"instances": [{"int_tensor": 1}]}', TWO,
     FAILED + '0 of \'instances\' list. JSON object: {\n    "int_tensor": 1\n} keys must be equal to: int_tensor,str_tensor'),
    ('{"instances": [{"int_tensor": 1, "str_tensor": "a", "c": 1}]}', TWO,
     FAILED + "0 key: c of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: c"),
    ('{"inputs": [1]}', TWO,
     "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map"),
    ('{"inputs": {"int_tensor": [1]}}', TWO, "Missing named input: str_tensor in 'inputs' object."),
]  # fmt: skip

ONCE = ". A key may stand once in an object."
# TF Serving takes each of them, and gives rows the values of others.
TWICE = [
    ('{"instances": [{"x": 1, "x": 2}, {"x": 3}]}', "Key: x stands twice in element: 0 of 'instances' list"),
    (
        '{"instances": [{"x": 1}, {"x": NaN}, {"x": 3, "x": 4}]}',
        "Key: x stands twice in element: 2 of 'instances' list",
    ),
    (
        '{"instances": [{"x": [1]}, {"x": [1], "\\u0078": [2]}]}',
        "Key: x stands twice in element: 1 of 'instances' list",
    ),
    ('{"instances": [{"x": Infinity}, {"x": 1, "x": 2}]}', "Key: x stands twice in element: 1 of 'instances' list"),
    ('{"instances": [5], "instances": [6]}', "Key: instances stands twice in the request"),
    ('{"inputs": {"x": 1, "x": 2}}', "Key: x stands twice in 'inputs'"),
    ('{"more": [{"a": 1, "a": 1}], "inputs": [1]}', "Key: a stands twice in 'more'"),
    ('{"signature_name": "", "signature_name": "", "inputs": [1]}', "Key: signature_name stands twice in the request"),
]


@pytest.mark.parametrize(("body", "expected"), TWICE)
def test_key_that_stands_twice(body: str, expected: str) -> None:
    assert said(body, {"x": FLOAT}) == expected + ONCE


def test_texts_with_colons_are_no_keys() -> None:
    texts = ["12:30", '":', '"x":', "{:}", "\\:"]
    for body in ({"instances": [{"s": text} for text in texts]}, {"inputs": {"s": texts}}, {"instances": texts}):
        for escaped in (json.dumps(body), json.dumps(body).replace("12:30", "12\\u003a30")):
            assert predict(escaped, {"s": STRING}).inputs["s"].tolist() == [text.encode() for text in texts]
    body = json.dumps({"instances": [{"s": text} for text in texts]}).replace("12:30", '12\\u003a30", "s": "b')
    assert said(body, {"s": STRING}) == "Key: s stands twice in element: 0 of 'instances' list" + ONCE


def values(array: np.ndarray) -> Any:
    if array.dtype == object:
        flat = np.array([value.decode() for value in array.ravel()], object).reshape(array.shape)
        return flat.tolist() if array.ndim else flat.item()
    return array.tolist()


@pytest.mark.parametrize(("body", "inputs", "expected"), TENSORS)
def test_tensors(body: str, inputs: dict[str, int], expected: dict[str, Any]) -> None:
    call = predict(body, inputs)
    assert call.signature == "serving_default"
    assert call.row_format == ('"instances"' in body)
    assert list(call.inputs) == sorted(expected)
    for name, array in call.inputs.items():
        wanted = np.array(expected[name], object if inputs[name] == STRING else array.dtype)
        np.testing.assert_equal(values(array), wanted.tolist())
        assert array.shape == wanted.shape
    dtypes = {FLOAT: "f4", DOUBLE: "f8", INT32: "i4", UINT8: "u1", STRING: "O", INT64: "i8", BOOL: "?", UINT64: "u8"}
    assert {name: array.dtype for name, array in call.inputs.items()} == {
        name: np.dtype(dtypes[inputs[name]]) for name in expected
    }


@pytest.mark.parametrize(("body", "inputs", "expected"), ERRORS)
def test_errors(body: str | bytes, inputs: dict[str, int], expected: str) -> None:
    assert said(body, inputs) == expected


def test_codes() -> None:
    for body, code in (('{"inputs": [1]}', "UNIMPLEMENTED"), ('{"instances": [1]}', "INVALID_ARGUMENT")):
        with pytest.raises(RequestError) as raised:
            predict(body, {"x": HALF})
        assert raised.value.code == code


def test_quoted_value_is_cut() -> None:
    assert (
        said(json.dumps(["x" * 90] * 9), PLAIN)
        == f'JSON Value: ["{"x" * 90}", "{"x" * 90}", "{"x" * 90}" Is not object'
    )


def test_signature_name() -> None:
    named = signatures({"x": FLOAT}, "explain") | signatures({"y": FLOAT})
    call = parse_predict(b'{"signature_name": "explain", "instances": [1]}', named)
    assert (call.signature, list(call.inputs)) == ("explain", ["x"])
    call = parse_predict(b'{"signature_name": "", "instances": [1]}', named)
    assert (call.signature, list(call.inputs)) == ("serving_default", ["y"])


def test_escapes_reach_the_model() -> None:
    assert predict(b'{"instances": ["\\ud83d\\ude00", "a\\u0000b"]}', {"s": STRING}).inputs["s"].tolist() == [
        "\U0001f600".encode(),
        b"a\0b",
    ]


@pytest.mark.parametrize("extra", ['{"instances":[1], "nested":%s}', '{"nested":%s, "instances":[1]}'])
def test_nesting_that_is_not_looked_at(extra: str) -> None:
    assert predict(extra % ("[" * 800 + "]" * 800), {"x": INT32}).inputs["x"].tolist() == [1]


def test_deep_nesting_is_an_error() -> None:
    deep = "[" * 800 + "%s" + "]" * 800
    assert said('{"instances":%s}' % (deep % "1"), PLAIN) == "tensor parsing error: default"
    assert "is not of expected type: int32" in said('{"instances":%s}' % (deep % '"a"'), PLAIN)
    assert "key must be a string value" in said('{"signature_name":%s}' % (deep % ""), PLAIN)
    assert "for base64 data" in said('{"inputs":[' + '{"a":' * 800 + "1" + "}" * 800 + "]}", {"x": STRING})


def answered(body: bytes, inputs: dict[str, int]) -> PredictCall | tuple[str, str]:
    try:
        return predict(body, inputs)
    except RequestError as error:
        return error.code, error.message


def every_way(body: bytes, inputs: dict[str, int]) -> list[PredictCall | tuple[str, str]]:
    """What is read at once, without types, and value by value."""
    found = [answered(body, inputs)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.serving.json.predict.read_typed", not_typed)
        found.append(answered(body, inputs))
        patch.setattr("pipeline.serving.json.predict_exact.read_rows", unsure)
        patch.setattr("pipeline.serving.json.predict_exact.read_column", unsure)
        found.append(answered(body, inputs))
    return found


def not_typed(*_: Any) -> Any:
    raise NotTyped


def unsure(*_: Any) -> Any:
    raise UnsureError


def assert_alike(body: bytes, inputs: dict[str, int]) -> PredictCall | tuple[str, str]:
    """All ways give the same tensors, or the same error."""
    *quick, exact = every_way(body, inputs)
    for found in quick:
        if not (isinstance(found, PredictCall) and isinstance(exact, PredictCall)):
            assert found == exact
            continue
        assert (found.signature, found.row_format, list(found.inputs)) == (
            exact.signature,
            exact.row_format,
            list(exact.inputs),
        )
        for name, array in exact.inputs.items():
            np.testing.assert_array_equal(found.inputs[name], array)
            assert (found.inputs[name].dtype, found.inputs[name].shape) == (array.dtype, array.shape)
    return exact


@pytest.mark.parametrize(("body", "inputs"), [case[:2] for case in (*TENSORS, *ERRORS)])
def test_cases_are_read_alike_every_way(body: str | bytes, inputs: dict[str, int]) -> None:
    assert_alike(body.encode() if isinstance(body, str) else body, inputs)


numbers = st.floats(width=32) | st.integers(-(2**24), 2**24)
names = st.text(min_size=1, max_size=8).filter(lambda name: name != "b64" and "\0" not in name)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, int], dict[str, list[Any]]]:
    columns = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    count = draw(st.integers(1, 4))
    dtypes = {name: draw(st.sampled_from([FLOAT, INT64, STRING])) for name in columns}
    kinds = {FLOAT: numbers, INT64: st.integers(-(2**63), 2**63 - 1), STRING: st.text(max_size=8)}
    return dtypes, {
        name: draw(st.lists(kinds[dtype], min_size=count, max_size=count)) for name, dtype in dtypes.items()
    }


@settings(max_examples=200)
@given(tables(), st.booleans(), st.booleans())
def test_round_trip(table: tuple[dict[str, int], dict[str, list[Any]]], row_format: bool, ensure_ascii: bool) -> None:
    dtypes, columns = table
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    document = {"instances": rows} if row_format else {"inputs": columns}
    body = json.dumps(document, ensure_ascii=ensure_ascii).encode()
    call = predict(body, dtypes)
    exact = every_way(body, dtypes)[-1]
    assert isinstance(exact, PredictCall)
    for name, column in columns.items():
        given_values = [value.encode() for value in column] if dtypes[name] == STRING else column
        np.testing.assert_equal(call.inputs[name].tolist(), given_values)
        np.testing.assert_array_equal(call.inputs[name], exact.inputs[name])
        assert call.inputs[name].dtype == exact.inputs[name].dtype
    answer = json.loads(format_predict(call.inputs, row_format))
    if row_format:
        back = (
            answer["predictions"]
            if len(dtypes) > 1
            else [{next(iter(dtypes)): value} for value in answer["predictions"]]
        )
        found = {name: [row[name] for row in back] for name in dtypes}
    else:
        found = answer["outputs"] if len(dtypes) > 1 else {next(iter(dtypes)): answer["outputs"]}
    for name, dtype in dtypes.items():
        if dtype == FLOAT:
            np.testing.assert_array_equal(np.array(found[name], np.float32), call.inputs[name])
        elif not name.endswith("_bytes"):
            assert found[name] == columns[name]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers(-(2**65), 2**65)
    | st.text(max_size=4)
    | st.just({"b64": "aGk="}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "b64", "é"]), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=300)
@given(
    st.sampled_from(["instances", "inputs"]), json_values, st.sampled_from([FLOAT, INT32, STRING, BOOL, UINT64, HALF])
)
def test_quick_and_exact_reader_agree(key: str, value: Any, dtype: int) -> None:
    assert_alike(json.dumps({key: value}).encode(), {"x": dtype})


# What stands in a body in place of something else.
BITS = (
    b'null NaN Infinity "a" "12:3" 1e39 1e400 -0 2147483648 true [1] [] {} {"b64":"aGk="} {"b64":"%"} "\\u003a" "x"'
    b' "x":1,"x" x , : ] }'
).split(b" ")
PIECES = re.compile(rb'"[^"]*"|[0-9.]+|.')


@st.composite
def changed_bodies(draw: st.DrawFn) -> bytes:
    cell = {
        "x": lambda: draw(st.sampled_from([1, 2.5, [3], 4])),
        "s": lambda: draw(st.sampled_from(["a", "b:c", ["d"]])),
    }
    count = draw(st.integers(1, 6))
    wrapped = draw(st.booleans())
    rows = [{"x": [1.5], "s": ["t"], "i": [7]} if wrapped else {"x": 1.5, "s": "t", "i": 7} for _ in range(count)]
    for _ in range(draw(st.integers(0, 1))):
        name = draw(st.sampled_from(["x", "s"]))
        draw(st.sampled_from(rows))[name] = cell[name]()
    document: dict[str, Any] = draw(st.sampled_from([{}, {"signature_name": "serving_default"}]))
    if draw(st.booleans()):
        document = {**document, "instances": rows}
    else:
        document = {**document, "inputs": {name: [row[name] for row in rows] for name in rows[0]}}
    body = json.dumps(document).encode()
    pieces = PIECES.findall(body)
    for _ in range(draw(st.integers(0, 2))):
        pieces[draw(st.integers(0, len(pieces) - 1))] = draw(st.sampled_from(BITS))
    return b"".join(pieces)


@settings(max_examples=1000)
@given(changed_bodies())
def test_changed_bodies_are_read_alike_every_way(body: bytes) -> None:
    assert_alike(body, {"x": FLOAT, "s": STRING, "i": INT64})


@settings(max_examples=300)
@given(st.binary(max_size=40) | st.text('{}[]",:0123456789eE.-+truefalsnINay \\"', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for text in (body, b'{"instances":[' + body + b"]}"):
        try:
            predict(text, {"x": FLOAT})
        except RequestError as error:
            assert error.code == "INVALID_ARGUMENT"
            error.message.encode()
