"""What the form is filled with when its page opens: the usual row, its numbers rounded as one would enter them."""

from __future__ import annotations

import datetime
import math

from components.linear_model.portable import FeatureEntry, PortableModel
from components.linear_model.raw_columns import RawColumn
from components.linear_model.usual_row import usual_date, usual_row

_SCALED = ("numeric", "spline", "polynomial")  # whose first column is the number itself


def example_of(model: PortableModel) -> dict[str, str]:
    """What each column's input is filled with, by its name; empty for a missing value (`usual_row`)."""
    row = usual_row(model)
    first: dict[str, FeatureEntry] = {}
    for entry in model.features:
        for name in entry["columns"]:
            first.setdefault(name, entry)
    return {name: _text(column, first[name], row[name], model) for name, column in model.raw_columns.items()}


def _text(column: RawColumn, entry: FeatureEntry, value: object, model: PortableModel) -> str:
    if value is None:
        return ""
    if column.dates:
        dated = next(own for own in model.features if own["kind"] == "datetime" and column.name in own["columns"])
        return _date(usual_date([term for term in model.design.terms if term.feature == dated["name"]]))
    if not isinstance(value, float):
        return str(value)
    return f"{_rounded(value, entry, model):.15g}"


def _date(date: datetime.datetime) -> str:
    return date.strftime("%Y-%m-%dT%H:%M")


def _rounded(value: float, entry: FeatureEntry, model: PortableModel) -> float:
    """To a tenth of what the column spreads, or to three digits; where that is not valid, as it is."""
    term = next(term for term in model.design.terms if term.feature == entry["name"])
    scaled = entry["kind"] in _SCALED and term.std > 0 and term.std != 1
    size = term.std if scaled else abs(value) / 10
    if entry["kind"] == "buckets" or not size or not math.isfinite(value):
        return value
    found = round(value, 1 - math.floor(math.log10(size)))
    low, high = entry.get("min"), entry.get("max")
    return found if (low is None or found >= low) and (high is None or found <= high) else value
