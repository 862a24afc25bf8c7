"""Models made by hand that have features of every kind, and rows for them: random ones, and odd ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from components.linear_model.absorbed_covariance import AbsorbedCovariance
from components.linear_model.bases import dates, has_basis, parts_of
from components.linear_model.contrasts import level_columns
from components.linear_model.design_matrix import (
    DesignMatrix,
    Level,
    Term,
    bucket_levels,
    date_levels,
    part_name,
    text_levels,
)
from components.linear_model.portable import Interval, PortableModel, boundaries_of
from components.preprocessing.features import Feature, features_to_json, indicator_name
from components.preprocessing.kinds.offset import Offset
from components.values.zones import zone_of
from tests.components.models import made_model

PARTS = [
    *({"part": part, "as": "levels"} for part in ("hour", "weekday", "month", "quarter")),
    *({"part": part, "as": "cyclic"} for part in ("hour", "weekday", "month", "quarter", "day_of_year")),
    "year",
    "elapsed",
]
MISSING = ["", "NA", "-999", "7.0", "nothing ", "1970-01-03"]
TEXTS: dict[str, Any] = {
    "city": ["Bergen", "Oslo", "true", "7.5", "2024-01-31", 'x"\\\n', "Zürich"],
    "street": [f"street {index}" for index in range(300)],
    "where": [("true", "Oslo"), ("false", None), (None, "Bergen")],
    "night": ["false", "true"],
    "none": [],
}
FEATURES: dict[str, Any] = {
    "num": {"kind": "numeric", "min": 0, "max": 9, "indicator": True},
    "clip": {"kind": "numeric", "min": -1.1, "max": 4, "outside": "clip", "scale": "none"},
    "whole": {"kind": "integer", "min": -5, "max": 60},
    "wide": {"kind": "integer", "wide": True, "outside": "clip", "min": 2**60 - 9, "indicator": True},
    "of_whole": {"kind": "sqrt", "column": "whole"},
    "whole_cut": {"kind": "buckets", "column": "whole", "boundaries": [-1, 3, 20]},
    "cut": {"kind": "buckets", "column": "num", "boundaries": [0.1, 3.3, 6]},
    "log": {"kind": "log", "column": "num", "indicator": True},
    "log1p": {"kind": "log1p", "column": "clip"},
    "root": {"kind": "sqrt", "column": "num"},
    "inverse": {"kind": "power", "column": "num", "exponent": -0.5},
    "square": {"kind": "power", "column": "clip", "exponent": 2},
    "cubic": {"kind": "polynomial", "column": "clip", "degree": 3},
    "smooth": {"kind": "polynomial", "column": "num", "degree": 3, "orthogonal": True},
    "curve": {"kind": "spline", "column": "num", "knots": [0.5, 2, 4.5, 8], "indicator": True},
    "both": {"kind": "product", "of": ["num", "clip"]},
    "night": "boolean",
    "city": "categorical",
    "street": "categorical",
    "none": "categorical",
    "where": {"kind": "cross", "of": ["night", "city"]},
    "size": {"kind": "ordered", "levels": ["low", "mid", "high", "1"], "indicator": True},
    "steps": {"kind": "ordered", "column": "size", "levels": ["low", "mid", "high"], "contrasts": "steps"},
    "note": {"kind": "text", "words": ["good", "very bad", "İn", "it", "ß", "c++"], "indicator": True},
    "at": {"kind": "datetime", "zone": "Europe/Berlin", "parts": PARTS},
    "day": {"kind": "datetime", "format": "%d/%m/%y %H:%M", "parts": ["elapsed", "month"]},
    "sent": {"kind": "datetime", "format": "epoch_ms", "zone": "America/New_York", "parts": PARTS},
}  # fmt: skip


def _terms(entry: dict[str, Any], random: np.random.Generator) -> list[Term]:
    name, kind = entry["name"], entry["kind"]

    def number(part: str, **others: Any) -> Term:
        mean, std = random.normal(), random.uniform(0.5, 3)
        return Term(part_name(name, part) if part else name, name, (), mean, std, part=part, **others)

    if kind in ("boolean", "categorical", "cross"):
        levels = text_levels(TEXTS[name]) if TEXTS[name] else (Level("(none)"), *text_levels(()))
        return [Term(name, name, levels)]
    if kind == "buckets":
        return [Term(name, name, bucket_levels(boundaries_of(entry)))]  # type: ignore[arg-type]
    if kind == "datetime":
        named = dates.level_names(entry)
        return [
            Term(part_name(name, part), name, date_levels(named[part]), part=part) if part in named else number(part)
            for part in dict.fromkeys(dates.parts_of(entry))
        ]
    if kind == "offset":
        return [Term(name, name, offset=True, log=entry["log"])]
    if kind == "ordered":
        made = [number(f"c{index}") for index in range(level_columns(entry).shape[1])]
    elif kind == "text":
        made = [Term(part_name(name, word), name, part=word) for word in entry["words"]]
    elif has_basis(entry):
        made = [number(part) for part in parts_of(entry)]
    else:
        made = [number("", origin=2**60 if name == "wide" else 0)]
    if kind in ("ordered", "text"):
        made = [dataclasses.replace(term, mean=0.0, std=1.0) for term in made]
    return made + [Term(indicator_name(name), name)] * entry.get("indicator", False)


def _entry(entry: dict[str, Any], random: np.random.Generator) -> dict[str, Any]:
    learned: dict[str, Any] = {}
    if entry["kind"] == "spline":
        learned = {"knots": entry["knots"]}
    elif entry["kind"] == "polynomial" and entry["orthogonal"]:
        learned = {"centre": 3.5, "spread": 2.25, "basis": np.tril(random.normal(size=(4, 4))).tolist()}
    elif entry["kind"] == "datetime":
        learned = dataclasses.asdict(zone_of(entry["zone"]))
    return {**entry, "fill": 2.25, "learned": learned}


def every_kind(
    family: str, seed: int, features: dict[str, Any] | None = None, *, absorbed: bool = False, exposure: bool = False
) -> PortableModel:
    """A model of some family, of coefficients, means and a covariance by chance, some columns of which depend on others."""
    random = np.random.default_rng(seed)
    parsed = TypeAdapter(dict[str, Feature]).validate_python(FEATURES if features is None else features)
    entries = [_entry(entry, random) for entry in features_to_json({**parsed, "units": Offset(log=exposure)})]
    design = DesignMatrix(tuple(term for entry in entries for term in _terms(entry, random)))
    model = made_model(entries, design, MISSING)  # type: ignore[arg-type]
    width = 1 + design.width
    coefficients = random.normal(scale=0.1, size=width)
    coefficients[design.offsets] = 1.0
    low_rank = random.normal(scale=0.05, size=(width, 6))
    own = random.uniform(0.001, 0.01, width)
    covariance: Any = AbsorbedCovariance(own, low_rank, np.eye(6)) if absorbed else np.diag(own) + low_rank @ low_rank.T
    dropped: list[Any] = []
    for place, term in design.places():
        if term.feature == "city":
            dropped += [{"column": place + other, "on": {}} for other in (2, len(term.levels) - 2)]
        if term.feature == "night":
            dropped.append({"column": place + 2, "on": {"0": 1.0, str(place): -1.0, str(place + 1): -1.0}})
    interval = Interval(0.9, 1.7, 40.0, 0.3 if family.startswith("gaussian") else 0.0, covariance, dropped)
    classes: dict[str, Any] = {"classes": ["no", "yes"], "threshold": 0.4} if family.startswith("binomial") else {}
    smearing = [1.2, 0.4][: 2 if "sqrt" in family else 1] if "smearing" in family else None
    return dataclasses.replace(
        model,
        family=family,
        coefficients=coefficients,
        means=random.uniform(0, 1, width) / 3,
        interval=interval,
        smearing=smearing,
        **classes,
    )


ODD: dict[str, list[Any]] = {
    "num": [None, 0.0, 9.0, -0.001, 9.0001, 0.1, 0.5, 8.0, 1e-40, -999.0, 7.0, 1e30, 3.3, 6.0, 8.00001, 0.4999],
    "clip": [None, -1.1, 4.0, -50.0, 1e6, -999.0, 7.0, -0.99999],
    "whole": [None, -5, 60, -6, 61, -1, 3, 20, 7, -999, 0, 2**53],
    "wide": [None, str(2**63 - 1), str(-(2**63)), str(2**60), str(2**60 + 12345), str(2**60 - 9), "7"],
    "night": [None, "true", "FALSE", " Yes ", "on", "0", "maybe", "NA", "1.0"],
    "city": [None, "Bergen", " Bergen", "TRUE", "7.50", "7.0", " 7 ", "2024-01-31T00:00:00", "Zürich", "Zu\u0308rich", 'x"\\\n',
             "nothing", "\x1cNA\x85", "", "Paris", "\ufeffOslo", "-999", "-999.0"],
    "street": [None, "street 0", "street 299", "street 300"],
    "none": [None, "a"],
    "size": [None, "low", "mid", "high", "1", "1.0", "huge"],
    "note": [None, "GOOD", "very  bad", "so Very Bad!", "goods", "in", "İN", "it's", "IT", "ıt", "C++", "c++x", "STRASSE ß", "ẞ",
             "good_", "𝔸good", "a good"],
    "at": [None, "2024-03-31T02:30", "2024-03-31T01:59:59.999999", "2024-10-27 02:30", "2024-10-27T02:30:00+01:00", "0001-01-01",
           "9999-12-31T23:59:59Z", "2024-02-29", " 2024-12-31 23:59:59.1234567Z ", "1969-12-31T23:59:59.5Z", "2023-02-29", "soon",
           "NA", "1970-01-03", "1945-05-24T03:00", "2100-07-01T12:00", "2150-07-01T12:00:00-23:30", "2024-01-31T00:00:00"],
    "day": [None, "31/1/24 7:05", "1/12/68 23:59", "1/12/69 23:59", "2024-01-31T23:59:00Z", "31/13/24 1:00", "NA", "29/02/23 1:00"],
    "sent": [None, 0, -1, 1706745540123, -62135596800000, -62135596800001, 253402300799999, 253402300800000, -999],
    "units": [1.0, 0.25, 1e-30, 3.5],
}  # fmt: skip
NAN = float("nan")
REFUSED = {"units": [None, NAN, -999.0]}


def rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Rows for `every_kind`: some values of each at random, others out of `ODD`."""
    random = np.random.default_rng(seed)
    drawn: dict[str, Callable[[], Any]] = {
        "num": lambda: float(random.uniform(0, 10)),
        "clip": lambda: float(random.normal(1, 3)),
        "whole": lambda: int(random.integers(-8, 70)),
        "wide": lambda: str(2**60 + int(random.integers(-20, 10**9))),
        "at": lambda: str(np.datetime64("1900-01-01T00:00:00.000001") + np.timedelta64(int(random.integers(2**62 // 1000)), "us")),
        "sent": lambda: int(random.integers(-(2**41), 2**42)),
        "units": lambda: float(random.uniform(0.1, 4)),
    }  # fmt: skip
    return [
        {
            name: drawn[name]() if name in drawn and random.random() < 0.5 else values[random.integers(len(values))]
            for name, values in ODD.items()
        }
        for _ in range(count)
    ]
