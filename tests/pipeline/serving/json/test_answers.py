"""Answers over REST, among them the cases of TF Serving's own json_tensor_test.cc."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from pipeline.serving.errors import RequestError
from pipeline.serving.json.answers import format_classify, format_predict, format_regress

NAN, INF = math.nan, math.inf


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
    written = format_predict(outputs, row_format)
    np.testing.assert_equal(json.loads(written), json.loads(expected))


def test_answers_have_no_more_digits_than_float32() -> None:
    assert format_predict({"x": array([0.1, 0.2])}, True) == b'{"predictions":[0.1,0.2]}'
    assert format_regress(array([0.1, NAN])) == b'{"results":[0.1,NaN]}'


def test_text_that_is_no_utf8_is_written_as_it_is() -> None:
    assert format_predict({"x": array([b"\xff\xc3\xa9"], object)}, True) == b'{"predictions":["\xff\xc3\xa9"]}'


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
        format_predict(outputs, True)
    assert raised.value.message == expected


def test_results() -> None:
    labels = array([[b"car", b"bike"], [b"car", b"bike"]], object)
    scores = array([[0.2, 0.7], [0.7, INF]])
    assert json.loads(format_classify(labels, scores))["results"] == [
        [["car", 0.2], ["bike", 0.7]],
        [["car", 0.7], ["bike", INF]],
    ]
    assert json.loads(format_classify(labels[:1], None))["results"] == [[["car", 0], ["bike", 0]]]
    assert json.loads(format_classify(None, scores[:1]))["results"] == [[["", 0.2], ["", 0.7]]]
    for written, kind in (
        (lambda: format_classify(labels[:0], scores[:0]), "Classification"),
        (lambda: format_regress(array([])), "Regression"),
    ):
        with pytest.raises(RequestError, match=f"Cannot convert empty {kind}Results to JSON"):
            written()
