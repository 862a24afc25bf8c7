"""The fields of the form, from a model.json."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import TypeAdapter

from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.portable import PortableModel
from components.preprocessing.features import Feature, features_to_json
from components.preprocessing.kinds.offset import Offset
from pipeline.form.fields import MOST_CHOICES, FormField, fields_of
from tests.components.models import made_model


def of(levels: dict[str, list[Any]] | None = None, **features: Any) -> PortableModel:
    """A model of features as the configuration has them; 2.25 stands for each missing number."""
    parsed = TypeAdapter(dict[str, Offset | Feature]).validate_python(features)
    entries: Any = [{**entry, "fill": 2.25} for entry in features_to_json(parsed)]
    terms = [
        Term(entry["name"], entry["name"], levels=text_levels((levels or {}).get(entry["name"], ())))
        for entry in entries
    ]
    return made_model(entries, DesignMatrix(tuple(terms)), ["", "-1"])


def bare(model: PortableModel) -> list[FormField]:
    """The fields without their words."""
    said = {"blank": None, "unknown": None, "outside": None, "value": "", "marks": ()}
    return [dataclasses.replace(field, **said) for field in fields_of(model)]


def test_a_column_has_one_field_in_the_order_of_the_features() -> None:
    model = of(
        z={"kind": "numeric", "min": 0, "max": 9},
        z_log={"kind": "log", "column": "z", "min": 0.5, "unit": "miles"},
        a={"kind": "product", "of": ["z", "y"]},
    )
    assert bare(model) == [
        FormField("z", "number", unit="miles"),
        FormField("y", "number"),
    ]  # a product takes any number


def test_numbers_say_what_is_valid_for_one_feature_at_least() -> None:
    model = of(
        miles={"kind": "numeric", "min": 0, "max": 9},
        far={"kind": "spline", "column": "miles", "min": 2, "max": 90, "outside": "clip"},
        root="sqrt",
        riders={"kind": "integer", "min": 1, "unit": "people"},
        id={"kind": "integer", "wide": True},
        level={"kind": "numeric", "max": 1e6, "outside": "clip"},
    )
    assert bare(model) == [
        FormField("miles", "number", (), 0, 90),
        FormField("root", "number", (), 0.0, None),
        FormField("riders", "whole", (), 1, None, "people"),
        FormField("id", "digits"),
        FormField("level", "number", (), None, 1e6),
    ]
    found = fields_of(model)
    assert [field.outside for field in found] == [
        "Valid is at least 0 and at most 90. What is beyond is taken for a missing one.",
        "Valid is at least 0. What is beyond is taken for a missing one.",
        "Valid is at least 1. What is beyond is taken for a missing one.",
        None,
        "Valid is at most 1e+06. What is beyond is taken for the nearest valid number.",
    ]
    assert {field.blank for field in found} == {"Blank: 2.25 stands for it."}
    assert {field.marks for field in found} == {(-1.0,)}


def test_an_exposure_is_needed() -> None:
    (field,) = fields_of(of(units=Offset(log=True)))
    assert (field.required, field.value, field.least) == (True, "1", 0.0)
    assert field.blank == field.outside == "The model needs an exposure, a number above 0, in every row."


def test_truth_values_and_levels_are_chosen() -> None:
    many = [f"v{index}" for index in range(MOST_CHOICES + 10)]
    model = of({"city": ["b", "a"], "code": many}, night="boolean", city="categorical", code="categorical")
    night, city, code = fields_of(model)
    missing = "Blank: taken for (missing)."
    assert night == FormField("night", "choice", ("true", "false"), blank=missing)
    unknown = "None of the 2 texts that the model knows here. It is taken for (other)."
    assert city == FormField("city", "text", ("b", "a"), blank=missing, unknown=unknown)
    assert code.choices == tuple(many[:MOST_CHOICES])
    assert code.unknown == (
        "None of the 500 most frequent of 510 levels. If the model knows none such: It is taken for (other)."
    )


def test_many_columns_of_texts_have_fewer_choices_each() -> None:
    many = [f"v{index}" for index in range(300)]
    names = [f"c{index}" for index in range(20)]
    found = fields_of(of(dict.fromkeys(names, many), **dict.fromkeys(names, "categorical")))
    assert {field.choices for field in found} == {tuple(many[:200])}


def test_texts_of_crosses_and_orders_are_chosen_too() -> None:
    model = of(
        {"both": [("red", "large"), (None, "small"), ("blue", "large")]},
        size={"kind": "ordered", "levels": ["low", "high"]},
        both={"kind": "cross", "of": ["color", "size"]},
        note={"kind": "text", "words": ["good"]},
    )
    size, color, note = fields_of(model)
    assert size.choices == ("low", "high", "large", "small") and color.choices == ("red", "blue")
    assert size.unknown == "None of the 4 texts that the model knows here. Its effect is the mean of the levels'."
    assert color.unknown == "None of the 2 texts that the model knows here. It is taken for (other)."
    assert (note.choices, note.unknown, note.blank) == (
        (), None, "Blank: taken for a text without any of the model's words.",
    )  # fmt: skip


def test_dates_are_picked_with_a_time_where_the_hour_counts() -> None:
    model = of(
        day={"kind": "datetime"},
        begun={"kind": "datetime", "parts": ["elapsed"]},
        hour={"kind": "datetime", "column": "begun", "parts": ["hour"]},
        sent={"kind": "datetime", "format": "epoch_ms"},
    )
    assert bare(model) == [FormField("day", "date"), FormField("begun", "time"), FormField("sent", "epoch_ms")]
    assert [field.value for field in fields_of(model)] == ["2024-01-31", "2024-01-31T12:00", "2024-01-31T12:00"]
