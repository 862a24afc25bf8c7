from __future__ import annotations

import pytest
from pydantic import ValidationError

from components.preprocessing.features import features_from_json, features_to_json
from components.preprocessing.kinds.datetime import Datetime


def test_parts_are_what_they_usually_are():
    names = ["hour", "weekday", "month", "day_of_year", "quarter", "year", "elapsed"]
    found = Datetime(parts=names)
    assert [(said.part, said.as_) for said in found.parts] == [
        ("hour", "cyclic"),
        ("weekday", "levels"),
        ("month", "cyclic"),
        ("day_of_year", "cyclic"),
        ("quarter", "levels"),
        ("year", "number"),
        ("elapsed", "number"),
    ]
    assert [said.part for said in Datetime().parts] == ["elapsed", "month", "weekday"]


def test_there_and_back():
    features = {
        "when": Datetime(parts=["elapsed", {"part": "hour", "as": "levels"}], zone="Europe/Berlin", indicator=True),
        "day": Datetime(column="at", format="epoch_ms"),
    }
    entries = features_to_json(features)
    assert entries[0]["parts"] == [{"part": "elapsed", "as": "number"}, {"part": "hour", "as": "levels"}]
    assert entries[1]["columns"] == ["at"]
    assert features_from_json(entries) == features


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"parts": ["second"]}, "Input should be 'hour'"),
        ({"parts": []}, "at least 1 item"),
        ({"parts": ["hour", {"part": "hour", "as": "cyclic"}]}, "must be apart; one stands there twice"),
        ({"parts": [{"part": "year", "as": "levels"}]}, "as: year can be number alone"),
        ({"parts": [{"part": "hour", "as": "number"}]}, "as: hour can be levels or cyclic alone"),
        ({"format": "%d %b %Y"}, "%b is none of these"),
        ({"format": "day"}, "with one of %Y and %y"),
        ({"zone": "Berlin"}, "must be a zone of the IANA database, such as Europe/Berlin"),
    ],
)
def test_what_is_refused(said, message):
    with pytest.raises(ValidationError, match=message):
        Datetime(**said)
