"""Which columns of the design matrix the configured features give."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from components.linear_model.bases import dates, has_basis
from components.linear_model.design_matrix import DesignMatrix, Term, bucket_levels, date_levels, part_name, text_levels
from components.linear_model.parts import parts_of
from components.preprocessing.features import Kind, features_to_json, indicator_name
from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.cross import Cross
from components.preprocessing.kinds.datetime import Datetime
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.offset import Offset


def build_design_matrix(
    features: Mapping[str, Kind],
    vocabulary: Callable[[str], list[Any]],
    constant: Callable[[str, str], float],
    learned: Mapping[str, Mapping[str, Any]],
) -> DesignMatrix:
    """The design matrix that a transform graph feeds.

    Args:
      features: as configured, by name.
      vocabulary: the levels of a categorical feature or a cross, most frequent first: texts, or a tuple of texts each.
      constant: by transformed name the `"mean"` or `"variance"` (ddof 0) by which a number was scaled; the `"origin"` of an
        integer one.
      learned: by name what training found out, of a basis or the `boundaries` of quantiles.
    """
    terms: list[Term] = []
    for (name, feature), entry in zip(features.items(), features_to_json(features), strict=True):
        if isinstance(feature, Offset):
            terms.append(Term(name, name, offset=True, log=feature.log))
        elif isinstance(feature, Buckets):
            boundaries = learned[name]["boundaries"] if feature.boundaries is None else feature.boundaries
            terms.append(Term(name, name, levels=bucket_levels(boundaries)))
        elif isinstance(feature, (Boolean, Categorical, Cross)):
            texts = ["false", "true"] if isinstance(feature, Boolean) else vocabulary(name)
            terms.append(Term(name, name, levels=text_levels(texts)))
        elif isinstance(feature, Datetime):
            terms += _dates(entry, constant)
        elif has_basis(entry):
            found = tuple(float(value) for which in learned.get(name, {}).values() for value in np.ravel(which))
            for part in parts_of(entry):
                terms.append(replace(_scaled(part_name(name, part), name, constant, part=part), learned=found))
        elif parts := parts_of(entry):
            terms += [Term(part_name(name, part), name, part=part) for part in parts]
        elif entry.get("scale") == "none":
            terms.append(Term(name, name))
        else:
            origin = int(constant(name, "origin")) if isinstance(feature, Integer) else 0
            terms.append(_scaled(name, name, constant, origin))
        if entry.get("indicator"):
            terms.append(Term(indicator_name(name), name))
    return DesignMatrix(tuple(terms))


def _dates(entry: Mapping[str, Any], constant: Callable[[str, str], float]) -> list[Term]:
    name, numbers, levels = entry["name"], dates.number_parts(entry), dates.level_names(entry)
    return [
        _scaled(part_name(name, part), name, constant, part=part)
        if part in numbers
        else Term(part_name(name, part), name, levels=date_levels(levels[part]) if part in levels else (), part=part)
        for part in parts_of(entry)
    ]


def own_names(entry: Mapping[str, Any]) -> list[str]:
    """Names of a feature's transformed columns, its missing indicator not among them."""
    return [part_name(entry["name"], part) for part in parts_of(entry)] or [entry["name"]]


def _scaled(key: str, feature: str, constant: Callable[[str, str], float], origin: int = 0, part: str = "") -> Term:
    std = math.sqrt(constant(key, "variance")) or 1.0
    return Term(key, feature, mean=constant(key, "mean"), std=std, origin=origin, part=part)
