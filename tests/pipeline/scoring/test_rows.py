import json
import math

import pytest

from components.errors import ConfigError
from pipeline.scoring.rows import parse_rows
from tests.pipeline.config.test_file import GOOD, load


@pytest.fixture
def spec(tmp_path):
    return load(
        tmp_path, GOOD.replace("x: numeric,", "x: numeric, n: integer, w: {kind: integer, wide: true}, b: boolean,")
    ).table_spec()


def rows(spec, **odd):
    usual = {"x": 1, "n": 5, "w": 7, "b": True, "c": "a", "h": 7}
    return parse_rows(json.dumps({**usual, **odd}), spec)


def test_null_is_a_missing_value_and_5_is_5_0(spec):
    assert rows(spec, **dict.fromkeys(["x", "n", "w", "b", "c", "h"])) == {
        name: [None] for name in ["x", "n", "w", "b", "c", "h"]
    }
    assert rows(spec, x=5, n=5.0, h=5) == rows(spec, x=5.0, n=5, h=5.0)
    assert rows(spec, w=2**62 + 1)["w"] == rows(spec, w=str(2**62 + 1))["w"] == [2**62 + 1]
    assert rows(spec, b="YES", c=7.0) == rows(spec, b=1, c="7")
    assert rows(spec, c=1e16)["c"] == ["1e+16"]  # as a Parquet column of floats is read
    assert rows(spec, c=True) == rows(spec, c="TRUE")
    assert rows(spec, c=" NA ", x=math.nan)["c"] == [None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{x: 1}", "not valid JSON"),
        ("3", "expected an object by feature"),
        ("[]", "expected an object by feature"),
        (f'{{"x": {"1" * 5000}}}', "not valid JSON"),
        ('{"x": 1, "c": "a"}', "is missing. Give it a value, or null"),
        ('{"x": 1, "z": 2}', "'z' is not a feature. The features: x, n, w, b, c, h."),
    ],
)
def test_wrong_texts(spec, text, message):
    with pytest.raises(ConfigError) as caught:
        parse_rows(text, spec)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"x": "1"}, "feature 'x' takes a number or null; received '1'"),
        ({"x": True}, "feature 'x' takes a number or null; received True"),
        ({"x": [1]}, "feature 'x' takes a number or null; received [1]"),
        ({"c": [1]}, "feature 'c' takes a text or null; received [1]"),
        ({"x": math.inf}, "row 1, column 'x': expected a finite number that a 32-bit float holds; received inf"),
        ({"x": 1e39}, "row 1, column 'x': expected a finite number that a 32-bit float holds"),
        ({"x": 1e-46}, "too near zero"),
        ({"n": 5.5}, "column 'n': expected a whole number"),
        ({"n": 2**60}, "column 'n': expected a whole number within 2^53"),
        ({"w": 2**70}, "column 'w': expected a whole number within 64 bits"),
        ({"c": "\ud800"}, "feature 'c' takes Unicode; received"),
        ({"b": "maybe"}, "column 'b': expected a truth value"),
    ],
)
def test_what_ingest_would_reject(spec, odd, message):
    with pytest.raises(ConfigError) as caught:
        rows(spec, **odd)
    assert message in str(caught.value)
