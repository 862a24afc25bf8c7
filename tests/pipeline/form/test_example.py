"""What a form begins with."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from components.linear_model.scoring import score
from pipeline.form.example import example_of
from tests.pipeline.form.every_kind import every_kind


def test_every_column_has_a_value_as_its_input_takes_it() -> None:
    model = every_kind("gaussian", 4)
    places = {term.key: place for place, term in model.design.places()}
    found = example_of(dataclasses.replace(model, references={"city": 1 + places["city"], "where": places["where"]}))
    assert list(found) == list(model.raw_columns)
    assert found["city"] == "Oslo" and found["night"] == "" and found["size"] == "high" and found["note"] == "good"
    assert (
        float(found["units"]) == pytest.approx(model.means[places["units"]], rel=0.02)
        and found["whole"] == "2"
        and found["wide"] == str(2**60 + 2)
    )
    assert found["sent"].endswith("T12:00") and found["at"].endswith("T12:00")


def test_numbers_are_rounded_to_a_tenth_of_what_they_spread() -> None:
    model = every_kind("gaussian", 4)
    entries: list[Any] = [{**entry, "fill": 3.14159265} for entry in model.features]
    terms = [dataclasses.replace(term, std=0.02) if term.feature == "num" else term for term in model.design.terms]
    changed = dataclasses.replace(model, features=entries, design=dataclasses.replace(model.design, terms=tuple(terms)))
    assert example_of(changed)["num"] == "3.142"
    low: list[Any] = [{**entry, "max": 3.1416} for entry in entries]
    assert example_of(dataclasses.replace(changed, features=low))["num"] == "3.14159265"  # 3.142 is not valid


def test_the_example_can_be_scored() -> None:
    model = every_kind("poisson", 4, exposure=True)
    found = example_of(model)
    numbers = {name: float(found[name]) for name, column in model.raw_columns.items() if column.type == "float"}
    whole = {name: [int(found[name])] for name in ("whole", "wide")} | {"sent": [0]}
    texts = {name: [text or None] for name, text in found.items()}
    answer = score(model, texts | {name: [number] for name, number in numbers.items()} | whole)
    assert len(answer["prediction"]) == 1
