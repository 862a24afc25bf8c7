import math

import pytest

from components.errors import ConfigError
from pipeline.predict import parse_rows
from tests.pipeline.test_config import GOOD, load


@pytest.fixture
def config(tmp_path):
    return load(tmp_path, GOOD)


def test_null_is_a_missing_value(config):
    [row] = parse_rows('{"x": null, "c": null, "h": 7}', config)
    assert math.isnan(row["x"])
    assert (row["c"], row["h"]) == ("", 7)
    assert len(parse_rows('[{"x": 1, "c": "a", "h": 7}, {"x": 2, "c": "b", "h": 8}]', config)) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{x: 1}", "not valid JSON"),
        ("3", "expected an object by feature"),
        ("[]", "expected an object by feature"),
        ('{"x": 1, "c": "a"}', "feature 'h' is missing. Give it a value, or null"),
        ('{"x": 1, "c": "a", "h": 1, "z": 2}', "'z' is not a feature. The features: x, c, h."),
        ('{"x": "1", "c": "a", "h": 1}', "feature 'x' takes a number or null; received '1'"),
        ('{"x": true, "c": "a", "h": 1}', "feature 'x' takes a number or null; received True"),
        ('{"x": 1, "c": 5, "h": 1}', "feature 'c' takes a text or null; received 5"),
    ],
)
def test_wrong_rows(config, text, message):
    with pytest.raises(ConfigError) as caught:
        parse_rows(text, config)
    assert message in str(caught.value)
