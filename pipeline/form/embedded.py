"""What a page holds of a model.json, for `templates/score.js` to score rows with: plain JSON, as small as that allows.

Numbers of the design matrix have the places that `coefficients` and the covariance have here, 0 the intercept's: where a model has
more levels than a page can hold, the frequent ones are kept and the places are others than model.json's. Arrays are base64 of
little-endian float64. A row whose level was left out is refused by name, never taken for another one.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.linear_model.absorbed_covariance import AbsorbedCovariance
from components.linear_model.bases.domain import limits
from components.linear_model.contrasts import level_columns
from components.linear_model.design_matrix import LARGEST_Z, Term
from components.linear_model.portable import UNBOUNDED, FeatureEntry, PortableModel, boundaries_of
from components.linear_model.scoring import AGREE
from components.linear_model.text_features import TEXTS
from components.values import calendar_parts, dates
from components.values.numbers import INT64, marks_of, whole_marks
from components.values.texts import CANONICAL, TRUTHS, nothing

MOST_LEVELS = 400_000  # bytes of the texts of levels, and of their coefficients
MOST_INTERVAL = 600_000  # bytes of the covariance
LEFT_AWAY = (
    "This page has no intervals: the covariance has more numbers than a page should hold. The served model has them."
)
NONE = "This model has no intervals: its solver gives no covariance."
Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class _Kept:
    """A term, and which of its columns the page has.

    Attributes:
      term: as model.json has it.
      place: of its first column here.
      columns: int64 [width], the places of the kept columns in model.json, in their order there.
      first: the place of its first column in model.json.
    """

    term: Term
    place: int
    columns: NDArray[np.int64]
    first: int

    @property
    def ids(self) -> list[int]:
        """Of levels the kept ones."""
        return (self.columns - self.first).tolist()


def embedded(model: PortableModel) -> dict[str, Any]:
    """What `templates/score.js` takes."""
    kept = _kept(model)
    places = np.concatenate([[0], *(own.columns for own in kept)]).astype(np.int64)
    family, link = model.of_family, model.of_family.link
    interval = _interval(model, places)
    if model.interval is None:
        no_interval: str | None = NONE
    else:
        no_interval = LEFT_AWAY if interval is None else None
    terms: dict[str, list[_Kept]] = {}
    for own in kept:
        terms.setdefault(own.term.feature, []).append(own)
    return {
        **text_rules(model.missing),
        "marks": marks_of(model.missing),
        "whole_marks": [str(mark) for mark in whole_marks(model.missing)],
        "truths": {truth: spellings.split("|") for truth, spellings in TRUTHS.items()},
        "dates": _dates(),
        "columns": {
            name: {"type": column.type, "boolean": column.boolean} for name, column in model.raw_columns.items()
        },
        "features": [_feature(model, entry, terms[entry["name"]]) for entry in model.features],
        "coefficients": _floats(model.coefficients[places]),
        "baseline": float(model.means @ model.coefficients),
        "answer": family.answer,
        "link": {"name": link.name, "power": family.transform.power if family.transform else None},
        "transform": family.transform.name if family.transform else None,
        "smearing": model.smearing,
        "classes": model.classes,
        "threshold": model.threshold,
        "interval": interval,
        "no_interval": no_interval,
        "agree": AGREE,
        "largest": LARGEST_Z,
        "unbounded": UNBOUNDED,
    }


def text_rules(missing: Sequence[str]) -> dict[str, Any]:
    """What `templates/values.js` takes: how texts are spelt, and which stand for nothing."""
    return {"missing": sorted(nothing(missing)), "canonical": _rules(CANONICAL)}


def javascript(pattern: str) -> str:
    """A pattern of RE2, as `components.values` has them, for JavaScript's flag `u`."""
    return pattern.replace(r"\A", "^").replace(r"\z", "$").replace(r"\x{", r"\u{")


def _rules(rules: dates.Rules) -> list[list[str]]:
    """Patterns and what they become, where `\\1` is `$01`: a digit after it is none of its own."""
    return [[javascript(pattern), re.sub(r"\\(\d)", r"$0\1", rewrite)] for pattern, rewrite in rules]


def _dates() -> dict[str, Any]:
    return {
        "valid": javascript(dates.VALID),
        "without_zone": javascript(dates.WITHOUT_ZONE),
        "stamp": _rules(dates.STAMP),
        "fraction": _rules(dates.FRACTION),
        "offset": _rules(dates.OFFSET),
        "ends": [str(calendar_parts.FIRST), str(calendar_parts.LAST)],
    }


def _floats(values: Array) -> str:
    return base64.b64encode(np.ascontiguousarray(values, "<f8").tobytes()).decode()


def _kept(model: PortableModel) -> list[_Kept]:
    """The terms with what of their levels is kept: as many of each as let all of them fit."""
    listed = {term.key: _listed(term) for term in model.design.terms if term.levels}
    sizes = [np.cumsum(_sizes(term, listed[term.key])) for term in model.design.terms if term.levels]
    most = max(map(len, sizes), default=0)
    while most and sum(own[:most][-1] for own in sizes if len(own)) > MOST_LEVELS:
        most //= 2
    kept, place = [], 1
    for first, term in model.design.places():
        ids = [0] if not term.levels else [*listed[term.key][:most], *_special(term)]
        columns = first + np.array(ids, np.int64)
        kept.append(_Kept(term, place, columns, first))
        place += len(columns)
    return kept


def _special(term: Term) -> list[int]:
    """The ids that have no text."""
    return [index for index, level in enumerate(term.levels) if level.text is None]


def _listed(term: Term) -> list[int]:
    """The ids of levels with a text, the most frequent first."""
    return [index for index, level in enumerate(term.levels) if level.text is not None]


def _sizes(term: Term, ids: Sequence[int]) -> list[int]:
    """How many bytes each level's text and coefficient take."""
    return [len(json.dumps(term.levels[index].text)) + 13 for index in ids]


def _interval(model: PortableModel, places: NDArray[np.int64]) -> dict[str, Any] | None:
    """What intervals are made of; None where there are none, or where they are too large."""
    found = model.interval
    if found is None:
        return None
    if isinstance(found.covariance, AbsorbedCovariance):
        own, rows = found.covariance.own[places], found.covariance.rows[places]
        arrays = {"own": own, "rows": rows, "inner": found.covariance.inner}
    else:
        arrays = {"triangle": found.covariance[np.ix_(places, places)][np.tril_indices(len(places))]}
    if sum(array.size for array in arrays.values()) * 32 / 3 > MOST_INTERVAL:
        return None
    here = {place: index for index, place in enumerate(places.tolist())}
    dependences = [
        [[here[place], column[place]] for place in np.flatnonzero(column).tolist() if place in here]
        for column in model.dependences.T
    ]
    return {
        "level": found.level,
        "t": found.t,
        "sigma": found.sigma,
        **{name: _floats(array) for name, array in arrays.items()},
        "dependences": [factors for factors in dependences if factors],
    }


def _feature(model: PortableModel, entry: FeatureEntry, kept: Sequence[_Kept]) -> dict[str, Any]:
    terms = [_term(model, entry, own) for own in kept]
    made = {"name": entry["name"], "columns": entry["columns"], "kind": entry["kind"], "terms": terms}
    return made | _said(model, entry, kept[0].term)


def _term(model: PortableModel, entry: FeatureEntry, own: _Kept) -> dict[str, Any]:
    term = own.term
    if not term.levels:
        centre = float(model.means[own.first])
        return {"place": own.place, "mean": term.mean, "std": term.std, "part": term.part, "centre": centre}
    every = slice(own.first, own.first + term.width)
    share = float(model.means[every] @ model.coefficients[every])
    made: dict[str, Any] = {"place": own.place, "levels": len(own.columns), "part": term.part, "share": share}
    if entry["kind"] in TEXTS:
        levels = [term.levels[index] for index in own.ids]
        made["texts"] = [level.text for level in levels if level.text is not None]
        for special in ("missing", "other"):
            made[special] = next((index for index, level in enumerate(levels) if level.special == special), None)
        made["unlisted"] = sum(level.text is not None for level in term.levels) - len(made["texts"])
    return made


def _said(model: PortableModel, entry: FeatureEntry, term: Term) -> dict[str, Any]:
    """What a kind of feature has of its own."""
    kind, column = entry["kind"], model.raw_columns[entry["columns"][0]]
    if kind in TEXTS:
        return _of_texts(entry)
    if kind == "offset":
        return {"log": entry["log"], "expected": column.expected}
    if kind == "datetime":
        return _of_dates(entry)
    stored = np.float64 if column.type == "int64" else np.float32
    if kind == "buckets":
        return {"boundaries": [float(stored(end)) for end in boundaries_of(entry)]}
    return {"fill": entry["fill"]} if kind == "product" else _of_numbers(model, entry, term, stored)


def _of_texts(entry: FeatureEntry) -> dict[str, Any]:
    if entry["kind"] == "ordered":
        return {"levels": entry["levels"], "contrasts": level_columns(entry).tolist()}
    return {"words": entry["words"]} if entry["kind"] == "text" else {}


def _of_numbers(model: PortableModel, entry: FeatureEntry, term: Term, stored: Any) -> dict[str, Any]:
    """A feature of a column's numbers; `stored` is the type that they have."""
    made = {"fill": entry["fill"], "clip": entry["outside"] == "clip"}
    if entry["kind"] == "integer":
        low = -INT64 if entry["min"] is None else int(entry["min"])
        high = INT64 - 1 if entry["max"] is None else int(entry["max"])
        return {**made, "low": str(low), "high": str(high), "origin": str(term.origin)}
    low_high = [None if end is None else float(stored(end)) for end in limits(entry)]
    return {**made, "low": low_high[0], "high": low_high[1], **_basis(model, entry)}


def _basis(model: PortableModel, entry: FeatureEntry) -> dict[str, Any]:
    kind = entry["kind"]
    if kind == "spline":
        return {"knots": entry["learned"]["knots"], "ends": list(model.spline_ends[entry["name"]][1:])}
    if kind == "polynomial":
        return {"degree": entry["degree"], "learned": entry["learned"] if entry["orthogonal"] else None}
    return {"exponent": entry["exponent"]} if kind == "power" else {}


def _of_dates(entry: FeatureEntry) -> dict[str, Any]:
    form = entry["format"]
    return {
        "unit": str(dates.EPOCHS[form]) if form in dates.EPOCHS else None,
        "rules": [] if form in dates.EPOCHS else _rules(dates.rules(form)),
        "expected": dates.expected(form),
        "starts": list(entry["learned"]["starts"]),
        "offsets": list(entry["learned"]["offsets"]),
        "counts": {part: len(levels) for part, levels in calendar_parts.LEVELS.items()},
    }
