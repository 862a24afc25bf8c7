import pytest
from pydantic import ValidationError

from components.preprocessing.features import features_from_json, features_to_json, indicator_name
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.numeric import Numeric


def test_json_keeps_values_and_order():
    features = {"z": Numeric(min=0, impute="median"), "a": Buckets(boundaries=[1.0, 2]), "m": Categorical(vocabulary=3)}
    again = features_from_json(features_to_json(features))
    assert again == features
    assert list(again) == ["z", "a", "m"]


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ({"kind": "buckets", "boundaries": [2, 1]}, "must be finite and strictly increasing"),
        ({"kind": "buckets", "boundaries": []}, "at least 1 item"),
        ({"kind": "numeric", "min": 3, "max": 1}, "min must be below max; received min 3 and max 1"),
        ({"kind": "numeric", "impute": "mode"}, "must be 'mean', 'median' or a finite number"),
        ({"kind": "numeric", "impute": True}, "must be 'mean', 'median' or a finite number"),
        ({"kind": "categorical", "vocabulary": 0}, "greater than or equal to 1"),
        ({"kind": "text"}, "a feature is one of 'numeric', 'integer', "),
    ],
)
def test_what_a_feature_may_not_say(feature, message):
    with pytest.raises(ValidationError, match=message):
        features_from_json([{"name": "f", "columns": ["f"], **feature}])


def test_indicator_name():
    assert indicator_name("miles") == "miles_missing"
