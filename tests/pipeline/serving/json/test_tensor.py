"""The JSON mapping of Predict, Regress and Classify: cases of TF Serving's own json_tensor_test.cc, and answers that it gave."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.serving.errors import RequestError
from pipeline.serving.json import tensor as json_tensor

FLOAT, DOUBLE, INT32, UINT8, STRING, COMPLEX, INT64, BOOL, HALF, UINT64 = 1, 2, 3, 4, 7, 8, 9, 10, 19, 23
DATA = Path(__file__).parents[3] / "data" / "tfserving"
NAN, INF = math.nan, math.inf


def signatures(inputs: dict[str, int], name: str = "serving_default") -> dict[str, Any]:
    """Signatures of one model. Of a SignatureDef, only names and types of inputs are read."""
    return {name: SimpleNamespace(inputs={key: SimpleNamespace(dtype=dtype) for key, dtype in inputs.items()})}


def predict(body: str | bytes, inputs: dict[str, int]) -> json_tensor.PredictCall:
    return json_tensor.parse_predict(body.encode() if isinstance(body, str) else body, signatures(inputs))


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
    ('{"instances": [NInf, NaInfinity]}', {"x": FLOAT}, {"x": [INF, INF]}),
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
    ('{"instances": [{"x": 1, "x": 2}, {"x": 3}]}', {"x": FLOAT}, {"x": [1, 2]}),  # TF Serving appends, then cuts
    ('{"instances": [5], "instances": [6]}', {"x": FLOAT}, {"x": [5]}),
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
    ('{"inputs": {"x": 1, "x": 2}}', {"x": FLOAT}, {"x": 1}),
]

PLAIN = {"default": INT32}
TWO = {"int_tensor": INT32, "str_tensor": STRING}
FAILED = "Failed to process element: "
ERRORS: list[tuple[str | bytes, dict[str, int], str]] = [
    ("", PLAIN, "JSON Parse error: The document is empty"),
    (" ", PLAIN, "JSON Parse error: The document is empty. at offset: 1"),
    ("]", PLAIN, "JSON Parse error: The document is empty. at offset: 0"),
    ("{", PLAIN, "JSON Parse error: Missing a name for object member. at offset: 1"),
    ('{"a" 1}', PLAIN, "JSON Parse error: Missing a colon after a name of object member. at offset: 5"),
    ('{"a":1,}', PLAIN, "JSON Parse error: Missing a name for object member. at offset: 7"),
    ('{"a":[1,]}', PLAIN, "JSON Parse error: Invalid value. at offset: 8"),
    ('{"a":[1 2]}', PLAIN, "JSON Parse error: Missing a comma or ']' after an array element. at offset: 8"),
    ('{"a":1', PLAIN, "JSON Parse error: Missing a comma or '}' after an object member. at offset: 6"),
    ('{"a":tru}', PLAIN, "JSON Parse error: Invalid value. at offset: 8"),
    ('{"a":1.}', PLAIN, "JSON Parse error: Miss fraction part in number. at offset: 7"),
    ('{"a":1e}', PLAIN, "JSON Parse error: Miss exponent in number. at offset: 7"),
    ('{"a":1e400}', PLAIN, "JSON Parse error: Number too big to be stored in double. at offset: 5"),
    ('{"a":0e400}', PLAIN, "JSON Parse error: Number too big to be stored in double. at offset: 5"),
    ('{"a":"\\ud800"}', PLAIN, "JSON Parse error: The surrogate pair in string is invalid. at offset: 6"),
    ('{"a":"\\u12x4"}', PLAIN, "JSON Parse error: Incorrect hex digit after \\u escape in string. at offset: 6"),
    ('{"a":"\\q"}', PLAIN, "JSON Parse error: Invalid escape character in string. at offset: 6"),
    ('{"a":"\t"}', PLAIN, "JSON Parse error: Invalid escape character in string. at offset: 6"),
    ('{"a":"b', PLAIN, "JSON Parse error: Missing a closing quotation mark in string. at offset: 7"),
    ('{"a":"b\0c"}', PLAIN, "JSON Parse error: Missing a closing quotation mark in string. at offset: 7"),
    ('{"a":1\0}', PLAIN, "JSON Parse error: Missing a comma or '}' after an object member. at offset: 6"),
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
    call = json_tensor.parse_predict(b'{"signature_name": "explain", "instances": [1]}', named)
    assert (call.signature, list(call.inputs)) == ("explain", ["x"])
    call = json_tensor.parse_predict(b'{"signature_name": "", "instances": [1]}', named)
    assert (call.signature, list(call.inputs)) == ("serving_default", ["y"])


def test_bytes_that_are_no_utf8_reach_the_model() -> None:
    assert predict(b'{"instances": ["\xff\xfe", "\\udc00", "a\\u0000b"]}', {"s": STRING}).inputs["s"].tolist() == [
        b"\xff\xfe",
        b"\xed\xb0\x80",
        b"a\0b",
    ]
    assert said(b'{"instances": [{"\xff": 1}]}', {"x": FLOAT}).endswith("named input: \ufffd")


@pytest.mark.parametrize("extra", ['{"instances":[1], "nested":%s}', '{"nested":%s, "instances":[1]}'])
def test_deep_nesting_that_is_not_looked_at(extra: str) -> None:
    assert predict(extra % ("[" * 50_000 + "]" * 50_000), {"x": INT32}).inputs["x"].tolist() == [1]


def test_deep_nesting_is_an_error() -> None:
    deep = "[" * 50_000 + "%s" + "]" * 50_000
    assert said('{"instances":%s}' % (deep % "1"), PLAIN) == "tensor parsing error: default"
    assert "is not of expected type: int32" in said('{"instances":%s}' % (deep % '"a"'), PLAIN)
    assert "key must be a string value" in said('{"signature_name":%s}' % (deep % ""), PLAIN)
    assert "at offset: 50010" in said('{"inputs":' + "[" * 50_000, PLAIN)
    assert "for base64 data" in said('{"inputs":[' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "]}", {"x": STRING})


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
    exact = predict(body + b" x", dtypes)  # what only the exact reader takes
    for name, column in columns.items():
        given_values = [value.encode() for value in column] if dtypes[name] == STRING else column
        np.testing.assert_equal(call.inputs[name].tolist(), given_values)
        np.testing.assert_array_equal(call.inputs[name], exact.inputs[name])
        assert call.inputs[name].dtype == exact.inputs[name].dtype
    answer = json.loads(json_tensor.format_predict(call.inputs, row_format))
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
    body = json.dumps({key: value}).encode()
    found = []
    for text in (body, body + b" x"):
        try:
            found.append(predict(text, {"x": dtype}).inputs["x"])
        except RequestError as error:
            found.append(np.array([error.code, error.message]))
    np.testing.assert_array_equal(*found)
    assert found[0].dtype == found[1].dtype


@settings(max_examples=300)
@given(st.binary(max_size=40) | st.text('{}[]",:0123456789eE.-+truefalsnINay \\"', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for text in (body, b'{"instances":[' + body + b"]}"):
        try:
            predict(text, {"x": FLOAT})
        except RequestError as error:
            assert error.code == "INVALID_ARGUMENT"
            error.message.encode()


def array(values_: Any, dtype: Any = np.float32) -> np.ndarray:
    return np.array(values_, dtype)


STRINGS = array([[b"foo", b"bar"], [b"baz", b"bat"]], object)


@pytest.mark.parametrize(
    ("outputs", "row_format", "expected"),
    [
        ({"x": array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], np.int32)}, True,
         '{"predictions": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]}'),
        ({"x": array([1, 2], np.int64)}, False, '{"outputs": [1, 2]}'),
        ({"x_bytes": STRINGS[:1]}, True, '{"predictions": [[{"b64": "Zm9v"}, {"b64": "YmFy"}]]}'),
        ({"x": array([[9000000, 999999, 0.5], [0.0003, 0.00003, 555557.5]])}, True,
         '{"predictions": [[9e6, 999999.0, 0.5], [0.0003, 3e-05, 555557.5]]}'),
        ({"x": array([[NAN, INF], [3, -INF]])}, True, '{"predictions": [[NaN, Infinity], [3.0, -Infinity]]}'),
        ({"x": array([0.1, NAN], np.float64)}, False, '{"outputs": [0.1, NaN]}'),
        ({"x": array(0.2)}, False, '{"outputs": 0.2}'),
        ({"x": array(NAN), "y": array(True, bool)}, False, '{"outputs": {"x": NaN, "y": true}}'),
        ({"a": array([8, 9]), "f": array([[1], [2]]), "s": STRINGS, "t_bytes": STRINGS}, True,
         '{"predictions": [{"a": 8.0, "f": [1.0], "s": ["foo", "bar"], "t_bytes": [{"b64": "Zm9v"}, {"b64": "YmFy"}]},'
         ' {"a": 9.0, "f": [2.0], "s": ["baz", "bat"], "t_bytes": [{"b64": "YmF6"}, {"b64": "YmF0"}]}]}'),
        ({"x": array([[1], [2]], bool), "s": array([b"null", b'"\n'], object)}, False,
         '{"outputs": {"x": [[true], [true]], "s": ["null", "\\"\\n"]}}'),
        ({"x": np.zeros((0, 2), np.int32)}, True, '{"predictions": []}'),
        ({"x": np.zeros((0, 2), np.int32), "y": np.zeros((0, 3, 4), np.float32)}, True, '{"predictions": []}'),
        ({"x": array([18446744073709551615], np.uint64)}, True, '{"predictions": [18446744073709551615]}'),
    ],
)  # fmt: skip
def test_answers(outputs: dict[str, np.ndarray], row_format: bool, expected: str) -> None:
    written = json_tensor.format_predict(outputs, row_format)
    np.testing.assert_equal(json.loads(written), json.loads(expected))


def test_answers_have_no_more_digits_than_float32() -> None:
    assert json_tensor.format_predict({"x": array([0.1, 0.2])}, True) == b'{"predictions":[0.1,0.2]}'
    assert json_tensor.format_regress(array([0.1, NAN])) == b'{"results":[0.1,NaN]}'


def test_text_that_is_no_utf8_is_written_as_it_is() -> None:
    assert (
        json_tensor.format_predict({"x": array([b"\xff\xc3\xa9"], object)}, True) == b'{"predictions":["\xff\xc3\xa9"]}'
    )


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ({}, "Cannot convert empty tensor map to JSON"),
        ({"x": array([1, 2], np.complex64)}, "Failed to write JSON value for tensor type: complex64"),
        ({"x": array([1, 2], np.float16)}, "Failed to write JSON value for tensor type: half"),
        ({"x": array(1)}, "Tensor name: x has no shape information "),
        ({"x": array([1, 2]), "y": array([1])}, "Tensor name: y has inconsistent batch size: 1 expecting: 2"),
    ],
)
def test_answers_that_cannot_be_written(outputs: dict[str, np.ndarray], expected: str) -> None:
    with pytest.raises(RequestError) as raised:
        json_tensor.format_predict(outputs, True)
    assert raised.value.message == expected


def test_results() -> None:
    labels = array([[b"car", b"bike"], [b"car", b"bike"]], object)
    scores = array([[0.2, 0.7], [0.7, INF]])
    assert json.loads(json_tensor.format_classify(labels, scores))["results"] == [
        [["car", 0.2], ["bike", 0.7]],
        [["car", 0.7], ["bike", INF]],
    ]
    assert json.loads(json_tensor.format_classify(labels[:1], None))["results"] == [[["car", 0], ["bike", 0]]]
    assert json.loads(json_tensor.format_classify(None, scores[:1]))["results"] == [[["", 0.2], ["", 0.7]]]
    for written, kind in (
        (lambda: json_tensor.format_classify(labels[:0], scores[:0]), "Classification"),
        (lambda: json_tensor.format_regress(array([])), "Regression"),
    ):
        with pytest.raises(RequestError, match=f"Cannot convert empty {kind}Results to JSON"):
            written()


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
    ('{"examples": [{"x": null, "x": 1}]}', "Feature: x has element with unexpected JSON type: Null"),
    ('{"examples": [1]', "JSON Parse error: Missing a comma or '}' after an object member. at offset: 16"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), EXAMPLE_ERRORS)
@pytest.mark.parametrize("parse", [json_tensor.parse_regress, json_tensor.parse_classify])
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
    call = json_tensor.parse_regress(body.encode() + end, {})
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


CASES = json.loads((DATA / "answers.json").read_text())["cases"]


@pytest.fixture(scope="module")
def model() -> Any:
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString((DATA / "model" / "1" / "saved_model.pb").read_bytes())
    return tf.saved_model.load(DATA / "model" / "1"), dict(saved.meta_graphs[0].signature_def)


@pytest.mark.e2e
@pytest.mark.parametrize("case", CASES, ids=[f"{case['method']} {case['body'][:60]}" for case in CASES])
def test_answers_of_tf_serving(model: Any, case: dict[str, Any]) -> None:
    """The mapping; what a signature itself says to its inputs is the server's to test."""
    import tensorflow as tf

    loaded, defs = model
    body = case["body"].encode()
    try:
        if case["method"] == "predict":
            call = json_tensor.parse_predict(body, defs)
            inputs = call.inputs
        else:
            call = json_tensor.parse_regress(body, defs)
            inputs = {"inputs": np.array(call.examples, object)}
    except RequestError as error:
        assert (error.code, {"error": error.message}) == (case["code"], json.loads(case["answer"]))
        return
    assert call.signature in defs
    if "is required but could not be found" in case["answer"] or "No regression inputs" in case["answer"]:
        return
    assert case["code"] == "OK"
    outputs = loaded.signatures[call.signature](
        **{
            name: tf.reshape(tf.constant(value), [-1]) if value.ndim == 0 else tf.constant(value)
            for name, value in inputs.items()
        }
    )
    arrays = {name: value.numpy() for name, value in outputs.items()}
    if case["method"] == "predict":
        written = json_tensor.format_predict(arrays, call.row_format)
    else:
        written = json_tensor.format_regress(arrays["outputs"].ravel())
    found, expected = json.loads(written), json.loads(case["answer"])
    assert found.keys() == expected.keys()
    for key in expected:
        np.testing.assert_array_equal(np.array(found[key], np.float32), np.array(expected[key], np.float32))


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
def test_numbers_become_what_the_model_parses(value, kind, expected):
    types = {} if kind is None else {b"x": kind}
    call = json_tensor.parse_regress(b'{"examples": [{"x": %s}]}' % value.encode(), {}, lambda: types)
    assert call.examples[0].endswith(expected)
