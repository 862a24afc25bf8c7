"""A row to begin with, made of what a model.json says of its features: no row of the table."""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Sequence
from typing import Any

from components.linear_model.design_matrix import Term
from components.linear_model.portable import FeatureEntry, PortableModel, boundaries_of
from components.linear_model.text_features import TEXTS
from components.values.dates import EPOCHS, ISO
from components.values.numbers import LARGEST_INTEGER

NOON = datetime.datetime(2024, 1, 31, 12, tzinfo=datetime.UTC)  # of dates whose year does not matter
_FIRST_NOON = datetime.datetime(1970, 1, 1, 12, tzinfo=datetime.UTC)


def usual_row(model: PortableModel) -> dict[str, Any]:
    """Raw values by column, None where the usual value is a missing one.

    Of a number it is what stands for a missing one, of buckets the middle one's middle, of levels the reference, of ordered ones
    the middle, of words the first, of an offset the mean, of an exposure the geometric mean, of dates about the mean. Of a column
    that several features are made of, the first one says it.

    Args:
      model: the parsed model.json.
    """
    terms: dict[str, list[Term]] = {}
    for term in model.design.terms:
        terms.setdefault(term.feature, []).append(term)
    row: dict[str, Any] = {}
    for entry in model.features:
        own = terms[entry["name"]]
        usual = _usual(model, entry, own)
        for place, name in enumerate(entry["columns"]):
            column = model.raw_columns[name]
            if name in row or (column.dates and entry["kind"] != "datetime"):  # what is no date, no graph reads
                continue
            value = usual[place] if isinstance(usual, tuple) else usual
            if column.type == "int64" and isinstance(value, float):
                value = min(max(math.floor(value), -LARGEST_INTEGER), LARGEST_INTEGER)
            row[name] = value
    return row


def _usual(model: PortableModel, entry: FeatureEntry, terms: Sequence[Term]) -> Any:
    if entry["kind"] in TEXTS:
        return _text(model, entry, terms[0])
    if entry["kind"] == "offset":
        place = next(place for place, term in model.design.places() if term == terms[0])
        return math.exp(model.means[place]) if entry["log"] else float(model.means[place])
    return as_written(usual_date(terms), entry["format"]) if entry["kind"] == "datetime" else _number(entry, terms[0])


def _text(model: PortableModel, entry: FeatureEntry, term: Term) -> str | tuple[str | None, ...] | None:
    """A text, of a cross one of each column."""
    if entry["kind"] == "ordered":
        return entry["levels"][len(entry["levels"]) // 2]
    if entry["kind"] == "text":
        return entry["words"][0]
    place = model.references.get(term.key)
    return None if place is None else _text_at(model, place)


def _number(entry: FeatureEntry, term: Term) -> float:
    kind = entry["kind"]
    if kind == "product":
        return 1.0
    if kind == "buckets":
        edges = boundaries_of(entry)
        inside = [(low + high) / 2 for low, high in itertools.pairwise(edges)]
        return inside[len(inside) // 2] if inside else edges[0]
    return term.origin + round(entry["fill"]) if kind == "integer" else entry["fill"]


def usual_date(terms: Sequence[Term]) -> datetime.datetime:
    """A noon in UTC: of the mean day or in the mean year, where a feature of dates has these as numbers.

    Args:
      terms: of the feature.
    """
    means = {term.part: term.mean for term in terms if not term.levels}
    if "elapsed" in means:
        return _FIRST_NOON + datetime.timedelta(days=math.floor(means["elapsed"]))
    return NOON.replace(year=round(means["year"])) if "year" in means else NOON


def as_written(date: datetime.datetime, form: str) -> Any:
    """A date in UTC as a feature of some format reads it, of ISO 8601 without its zone."""
    if form in EPOCHS:
        return round(date.timestamp()) * 10**6 // EPOCHS[form]
    return date.replace(tzinfo=None).isoformat() if form == ISO else date.strftime(form)


def _text_at(model: PortableModel, place: int) -> str | tuple[str | None, ...] | None:
    """The text of the level whose column is at a place, of several columns that of each; None if it has none, as for a missing
    value.
    """
    for first, term in model.design.places():
        if first <= place < first + term.width:
            return term.levels[place - first].text
    raise ValueError(f"no column is at place {place}")
