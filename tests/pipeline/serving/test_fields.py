"""The fields of the form, from a signature's inputs and a model.json."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.portable import PortableModel
from components.preprocessing.features import Feature, features_to_json
from pipeline.serving.fields import MOST_CHOICES, FormField, fields_of
from tests.components.models import made_model

FLOAT, DOUBLE, INT64, STRING, BOOL, HALF = 1, 2, 9, 7, 10, 19


def of(levels: dict[str, list[str]] | None = None, **features: Any) -> PortableModel:
    """A model of features as the configuration has them."""
    parsed = TypeAdapter(dict[str, Feature]).validate_python(features)
    entries: Any = features_to_json(parsed)
    terms = [
        Term(entry["name"], entry["name"], levels=text_levels((levels or {}).get(entry["name"], ())))
        for entry in entries
    ]
    return made_model(entries, DesignMatrix(tuple(terms)))


def fields(model: PortableModel) -> list[FormField]:
    types = {"bytes": STRING, "int64": DOUBLE, "float": FLOAT}
    return fields_of({name: types[column.type] for name, column in model.raw_columns.items()}, model)


def test_without_a_model_json_the_types_alone_say_what_is_entered() -> None:
    assert fields_of({"b": BOOL, "a": STRING, "c": INT64, "d": DOUBLE}, None) == [
        FormField("a", "text"),
        FormField("b", "truth"),
        FormField("c", "integer"),
        FormField("d", "number"),
    ]
    assert fields_of({}, None) == fields_of({"x": FLOAT, "y": HALF}, None) == []


def test_a_column_has_one_field_in_the_order_of_the_features() -> None:
    model = of(
        z={"kind": "numeric", "min": 0, "max": 9},
        z_log={"kind": "log", "column": "z", "min": 0.5},
        a={"kind": "product", "of": ["z", "y"]},
    )
    assert fields(model) == [FormField("z", "number"), FormField("y", "number")]  # a product takes any number
    assert [field.name for field in fields_of({"b": FLOAT, "y": FLOAT, "z": FLOAT}, model)] == ["z", "y", "b"]


def test_numbers_say_what_is_valid_for_one_feature_at_least() -> None:
    model = of(
        miles={"kind": "numeric", "min": 0, "max": 9},
        far={"kind": "spline", "column": "miles", "min": 2, "max": 90, "outside": "clip"},
        root="sqrt",
        riders={"kind": "integer", "min": 1},
        id={"kind": "integer", "wide": True},
    )
    assert fields(model) == [
        FormField("miles", "number", (), 0, 90),
        FormField("root", "number", (), 0.0, None),
        FormField("riders", "whole", (), 1, None),
        FormField("id", "digits"),
    ]


def test_truth_values_and_levels_are_chosen() -> None:
    many = [f"v{index}" for index in range(MOST_CHOICES + 10)]
    model = of({"city": ["b", "a"], "code": many}, night="boolean", city="categorical", code="categorical")
    night, city, code = fields(model)
    assert night == FormField("night", "choice", ("true", "false"))
    assert city == FormField("city", "text", ("b", "a"))
    assert code.choices == tuple(many[:MOST_CHOICES])


def test_dates_are_picked_with_a_time_where_the_hour_counts() -> None:
    model = of(
        day={"kind": "datetime"},
        begun={"kind": "datetime", "parts": ["elapsed"]},
        hour={"kind": "datetime", "column": "begun", "parts": ["hour"]},
        sent={"kind": "datetime", "format": "epoch_ms"},
    )
    assert fields(model) == [FormField("day", "date"), FormField("begun", "time"), FormField("sent", "epoch_ms")]
