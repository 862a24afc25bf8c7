"""What a column is, from the features that are made of it."""

from __future__ import annotations

from components.linear_model.raw_columns import RawColumn, raw_columns
from components.preprocessing.features import features_from_json, features_to_json


def columns(features):
    entries = [{"name": name, "columns": [name], **feature} for name, feature in features.items()]
    return raw_columns(features_to_json(features_from_json(entries)))


def test_a_column_stands_once_and_has_whole_numbers_if_one_feature_says_so():
    found = columns(
        {
            "log_x": {"kind": "log", "columns": ["x"]},
            "x": {"kind": "numeric"},
            "spline": {"kind": "spline", "columns": ["k"]},
            "k": {"kind": "integer"},
            "both": {"kind": "product", "columns": ["k", "z"]},
            "c": {"kind": "categorical"},
            "b": {"kind": "boolean"},
            "months": {"kind": "offset", "log": True},
        }
    )
    assert list(found.values()) == [
        RawColumn("x", "float"),
        RawColumn("k", "int64"),
        RawColumn("z", "float"),
        RawColumn("c", "bytes"),
        RawColumn("b", "bytes", boolean=True),
        RawColumn("months", "float", offset="exposure"),
    ]
    assert found["months"].expected == "an exposure, a number above 0, in every row"
