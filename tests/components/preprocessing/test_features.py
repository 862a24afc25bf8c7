import pytest
from pydantic import ValidationError

from components.preprocessing.features import features_from_json, features_to_json, indicator_name
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.cross import Cross
from components.preprocessing.kinds.numeric import Numeric
from components.preprocessing.kinds.ordered import Ordered
from components.preprocessing.kinds.text import Text


def test_json_keeps_values_and_order():
    features = {
        "z": Numeric(min=0, impute="median"),
        "a": Buckets(boundaries=[1.0, 2]),
        "m": Categorical(vocabulary=3),
        "q": Buckets(quantiles=4),
        "x": Cross(of=["m", "o"], reference=["red", None]),
        "o": Ordered(levels=["low", "high"], contrasts="steps"),
        "t": Text(column="m", words=["good"]),
    }
    again = features_from_json(features_to_json(features))
    assert again == features
    assert list(again) == [*"zamqxot"]


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ({"kind": "buckets", "boundaries": [2, 1]}, "must be finite and strictly increasing"),
        ({"kind": "buckets", "boundaries": []}, "at least 1 item"),
        ({"kind": "numeric", "min": 3, "max": 1}, "min must be below max; received min 3 and max 1"),
        ({"kind": "numeric", "impute": "mode"}, "must be 'mean', 'median' or a finite number"),
        ({"kind": "numeric", "impute": True}, "must be 'mean', 'median' or a finite number"),
        ({"kind": "categorical", "vocabulary": 0}, "greater than or equal to 1"),
        ({"kind": "buckets"}, "expected one of boundaries and quantiles"),
        ({"kind": "buckets", "boundaries": [1], "quantiles": 4}, "expected one of boundaries and quantiles"),
        ({"kind": "buckets", "quantiles": 1}, "greater than or equal to 2"),
        ({"kind": "cross", "columns": ["a", "a"]}, "expected different columns; received a, a"),
        (
            {"kind": "cross", "columns": ["a", "b"], "reference": ["x"]},
            "expected a text of each column, a, b; received 1",
        ),
        ({"kind": "ordered", "levels": ["a"]}, "at least 2 items"),
        ({"kind": "ordered", "levels": ["1", "a", 1.0]}, "'1' stands there twice"),
        ({"kind": "text", "words": ["Good", "gOOD"]}, "'gOOD' stands there twice; its case does not matter"),
        ({"kind": "text", "words": [" "]}, "' ' is no word"),
        ({"kind": "hash"}, "a feature is one of 'numeric', 'integer', "),
    ],
)
def test_what_a_feature_may_not_say(feature, message):
    with pytest.raises(ValidationError, match=message):
        features_from_json([{"name": "f", "columns": ["f"], **feature}])


def test_levels_that_yaml_reads_as_other_values_are_texts():
    assert Ordered(levels=["low", 1, 2.0, True]).levels == ["low", "1", "2", "true"]
    assert Cross(of=["a", "b", "c"], reference=[7.0, None, False]).reference == ["7", None, "false"]


def test_indicator_name():
    assert indicator_name("miles") == "miles_missing"


def test_a_unit_is_in_the_json_where_there_is_one_alone():
    entries = features_to_json({"x": Numeric(unit="miles"), "y": Numeric()})
    assert [entry.get("unit") for entry in entries] == ["miles", None] and "unit" not in entries[1]
    assert features_from_json(entries) == {"x": Numeric(unit="miles"), "y": Numeric()}
