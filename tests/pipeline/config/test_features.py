"""What the configuration says of several features together."""

from __future__ import annotations

import re

import pytest
import yaml

from components.errors import ConfigError
from pipeline.config.file import load_config

GOOD = {
    "x": "numeric",
    "log_x": {"kind": "log", "column": "x"},
    "k": "integer",
    "k2": {"kind": "power", "column": "k", "exponent": 2},
    "area": {"kind": "product", "of": ["x", "k"]},
    "c": "categorical",
}


def load(tmp_path, features):
    path = tmp_path / "p.yaml"
    value = {"name": "t", "data": {"path": "t.csv"}, "label": "y", "features": features}
    path.write_text(yaml.safe_dump(value, sort_keys=False))
    return load_config(path)


def test_a_column_stands_once_whatever_is_made_of_it(tmp_path):
    config = load(tmp_path, GOOD)
    spec = config.table_spec()
    assert spec.features == ["x", "k", "c"]
    assert (spec.numbers, spec.integers, spec.texts) == (["x", "y"], ["k"], ["c"])
    assert {name: (rule.column, rule.min, rule.too_low) for name, rule in spec.values.items()} == {
        "x": ("x", None, None),
        "log_x": ("x", 1.1754943508222875e-38, "at most 0"),
        "k": ("k", None, None),
        "k2": ("k", None, None),
    }


def test_the_columns_of_a_cross_are_texts_or_truth_values_as_other_features_take_them(tmp_path):
    config = load(tmp_path, {**GOOD, "b": "boolean", "both": {"kind": "cross", "of": ["c", "b", "d"]}})
    spec = config.table_spec()
    assert (spec.texts, spec.booleans) == (["c", "d"], ["b"])


def test_levels_are_a_rule_of_the_table(tmp_path):
    [rule] = (
        load(tmp_path, {"o": {"kind": "ordered", "column": "c", "levels": ["low", 1]}}).table_spec().values.values()
    )
    assert (rule.column, rule.levels, rule.impute) == ("c", ["low", "1"], "the levels' mean")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"t": {"kind": "categorical", "column": "x"}}, "features.t: takes the column 'x' for texts, and features.x for numbers."),
        ({"w": {"kind": "integer", "wide": True, "column": "k"}}, "features.k2: the column 'k' is wide, of whole numbers"),
        ({"y2": {"kind": "power", "column": "y", "exponent": 2}}, "features.y2: 'y' is the label; it can't be a feature too."),
        ({"y": {"kind": "log", "column": "x"}}, "features.y: 'y' is the label; it can't be a feature too."),
        ({"bad\0": {"kind": "log", "column": "x"}}, "is no name that a caller could send."),
        ({"log_x[log]": {"kind": "numeric", "column": "x"}}, "a column of it would be called 'log_x[log]', which is"),
        ({"x_missing": "numeric", "x": {"kind": "numeric", "indicator": True}}, "or set indicator: false"),
        ({"log_x": {"kind": "log", "column": "x", "min": -1}}, "features.log_x: min: -1 has no log; expected a number"),
        ({"log_x": {"kind": "log", "column": "x", "impute": 0}}, "features.log_x: impute: 0 has no log"),
        ({"log_x": {"kind": "sqrt", "column": "x", "max": -1}}, "features.log_x: max: no number up to -1 has a sqrt"),
        ({"log_x": {"kind": "log", "column": "x", "outside": "clip"}}, "features.log_x: outside: clip needs a min"),
        ({"k2": {"kind": "power", "column": "k", "exponent": 1}}, "features.k2.exponent: the power 1 is no other column"),
        ({"s": {"kind": "spline", "column": "x", "knots": 2}}, "features.s.knots"),
        ({"s": {"kind": "spline", "column": "x", "knots": [1, 3, 2]}}, "must be finite and strictly increasing"),
        ({"area": {"kind": "product", "of": ["x"]}}, "features.area.of"),
        ({"both": {"kind": "cross", "of": ["c", "k"]}}, "features.both: takes the column 'k' for texts, and features.k for"),
        ({"both": {"kind": "cross", "of": ["c"]}}, "features.both.of"),
        ({"b": "boolean", "t": {"kind": "text", "column": "b", "words": ["good"]}}, "features.t: the column 'b' has truth values"),
        ({"c[good]": "numeric", "c": {"kind": "text", "words": ["good"]}}, "a column of it would be called 'c[good]', which is"),
        ({"o": {"kind": "ordered", "levels": [1, 1.0]}}, "features.o.levels: '1' stands there twice"),
        ({"b": "boolean", "t": {"kind": "datetime", "column": "b"}}, "features.t: the column 'b' has truth values"),
        (
            {"t": {"kind": "datetime", "column": "c"}, "u": {"kind": "datetime", "column": "c", "format": "%d/%m/%Y"}},
            "features.u.format: reads the column 'c' by '%d/%m/%Y', and features.t by 'iso'.",
        ),
        ({"t": {"kind": "datetime", "column": "x"}}, "features.t: takes the column 'x' for texts, and features.x for numbers."),
        ({"t": {"kind": "datetime", "zone": "Mars"}}, "features.t.zone: must be a zone of the IANA database"),
        ({"t": {"kind": "datetime", "format": "%d %b"}}, "features.t.format: must be 'iso', 'epoch', 'epoch_ms', or digits"),
        ({"t": {"kind": "datetime", "parts": ["hours"]}}, "features.t.parts.0.part"),
        ({"t[year]": "numeric", "t": {"kind": "datetime", "parts": ["year"]}}, "would be called 't[year]'"),
        ({"q": {"kind": "buckets", "column": "x"}}, "features.q: expected one of boundaries and quantiles"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_one_line_with_a_way_out(tmp_path, changed, message):
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        load(tmp_path, {**GOOD, **changed})
    assert len(str(caught.value).splitlines()) <= 2  # of a union's branches one line each
