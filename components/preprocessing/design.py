"""Which columns of the design matrix the configured features give."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from components.linear_model.bases import has_basis, parts_of
from components.linear_model.design_matrix import DesignMatrix, Term, bucket_levels, part_name, text_levels
from components.preprocessing.features import Kind, features_to_json, indicator_name
from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.offset import Offset


def build_design_matrix(
    features: Mapping[str, Kind],
    vocabulary: Callable[[str], list[str]],
    constant: Callable[[str, str], float],
) -> DesignMatrix:
    """The design matrix that a transform graph feeds.

    Args:
      features: as configured, by name.
      vocabulary: the levels of a categorical feature, most frequent first.
      constant: by transformed name the `"mean"` or `"variance"` (ddof 0) by which a number was scaled; the `"origin"` of an
        integer one.
    """
    terms: list[Term] = []
    for (name, feature), entry in zip(features.items(), features_to_json(features), strict=True):
        if isinstance(feature, Offset):
            terms.append(Term(name, name, offset=True, log=feature.log))
        elif isinstance(feature, Buckets):
            terms.append(Term(name, name, levels=bucket_levels(feature.boundaries)))
        elif isinstance(feature, (Boolean, Categorical)):
            texts = ["false", "true"] if isinstance(feature, Boolean) else vocabulary(name)
            terms.append(Term(name, name, levels=text_levels(texts)))
        elif has_basis(entry):
            terms += [_scaled(part_name(name, part), name, constant, part=part) for part in parts_of(entry)]
        elif entry.get("scale") == "none":
            terms.append(Term(name, name))
        else:
            origin = int(constant(name, "origin")) if isinstance(feature, Integer) else 0
            terms.append(_scaled(name, name, constant, origin))
        if entry.get("indicator"):
            terms.append(Term(indicator_name(name), name))
    return DesignMatrix(tuple(terms))


def _scaled(key: str, feature: str, constant: Callable[[str, str], float], origin: int = 0, part: str = "") -> Term:
    std = math.sqrt(constant(key, "variance")) or 1.0
    return Term(key, feature, mean=constant(key, "mean"), std=std, origin=origin, part=part)
