"""The usual row of models written by hand."""

from __future__ import annotations

import dataclasses
import datetime
import math
from typing import Any

import numpy as np
import pytest

from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.usual_row import as_written, usual_date, usual_row
from tests.components.models import made_model


def test_numbers_levels_and_words() -> None:
    features: list[Any] = [
        {"name": "x", "kind": "numeric", "fill": 2.5},
        {"name": "n", "kind": "integer", "fill": 2.6, "wide": True},
        {"name": "cut", "columns": ["b"], "kind": "buckets", "boundaries": [0.0, 2.0, 3.0]},
        {"name": "c", "kind": "categorical"},
        {"name": "d", "kind": "categorical"},
        {"name": "o", "kind": "ordered", "levels": ["low", "mid", "high"]},
        {"name": "w", "kind": "text", "words": ["good", "bad"]},
        {"name": "both", "columns": ["c", "e"], "kind": "cross"},
        {"name": "twice", "columns": ["x", "y"], "kind": "product", "fill": 4.0},
    ]
    terms = {entry["name"]: Term(entry["name"], entry["name"]) for entry in features}
    terms["n"] = Term("n", "n", origin=2**60)
    for name, texts in (("c", ["red", "blue"]), ("d", ["u"]), ("both", [("red", None), ("blue", "large")])):
        terms[name] = Term(name, name, text_levels(texts))
    design = DesignMatrix(tuple(terms.values()))
    places = {term.key: place for place, term in design.places()}
    references = {"c": places["c"], "d": places["d"] + 1, "both": places["both"] + 1}
    assert usual_row(made_model(features, design, references=references)) == {
        "x": 2.5, "n": 2**60 + 3, "b": 2.5, "c": "red", "d": None, "o": "mid", "w": "good", "e": "large", "y": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(("log", "expected"), [(False, 1.5), (True, math.exp(1.5))])
def test_an_offset_is_the_mean_and_an_exposure_the_geometric_one(log: bool, expected: float) -> None:
    entries: list[Any] = [{"name": "x", "kind": "numeric", "fill": 0.0}, {"name": "t", "kind": "offset", "log": log}]
    model = made_model(entries, DesignMatrix((Term("x", "x"), Term("t", "t", offset=True, log=log))))
    assert usual_row(dataclasses.replace(model, means=np.array([1.0, 7.0, 1.5])))["t"] == pytest.approx(expected)


def test_a_date_is_about_the_mean() -> None:
    def noon(year: int, month: int, day: int) -> datetime.datetime:
        return datetime.datetime(year, month, day, 12, tzinfo=datetime.UTC)

    means = {"elapsed": 19000.7, "year": 1999.6, "month sin": 0.3}
    elapsed, year, month = (Term(f"at[{part}]", "at", mean=mean, part=part) for part, mean in means.items())
    assert usual_date([month, elapsed, year]) == noon(2022, 1, 8)
    assert usual_date([month, year]) == noon(2000, 1, 31)
    assert usual_date([month]) == noon(2024, 1, 31)


@pytest.mark.parametrize(
    ("form", "expected"),
    [("iso", "2024-01-31T12:00:00"), ("epoch", 1706702400), ("epoch_ms", 1706702400000), ("%d/%m/%y", "31/01/24")],
)
def test_dates_are_written_as_a_feature_reads_them(form: str, expected: Any) -> None:
    assert as_written(datetime.datetime(2024, 1, 31, 12, tzinfo=datetime.UTC), form) == expected
