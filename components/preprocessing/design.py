"""Which columns of the design matrix the configured features give."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from components.linear_model.design_matrix import DesignMatrix, Term, bucket_levels, text_levels
from components.preprocessing.features import Boolean, Buckets, Integer, Kind, Numeric, Offset, indicator_name


def build_design_matrix(
    features: Mapping[str, Kind],
    vocabulary: Callable[[str], list[str]],
    constant: Callable[[str, str], float],
) -> DesignMatrix:
    """The design matrix that a transform graph feeds.

    Args:
      features: as configured, by column name.
      vocabulary: the levels of a categorical feature, most frequent first.
      constant: the `"mean"` or `"variance"` (ddof 0) by which a numeric feature was scaled; the `"origin"` of an integer one.
    """
    terms: list[Term] = []
    for name, feature in features.items():
        if isinstance(feature, (Numeric, Integer)):
            scaled = isinstance(feature, Integer) or feature.scale == "zscore"
            mean = constant(name, "mean") if scaled else 0.0
            std = (math.sqrt(constant(name, "variance")) or 1.0) if scaled else 1.0
            origin = int(constant(name, "origin")) if isinstance(feature, Integer) else 0
            terms.append(Term(name, name, mean=mean, std=std, origin=origin))
            if feature.indicator:
                terms.append(Term(indicator_name(name), name))
        elif isinstance(feature, Offset):
            terms.append(Term(name, name, offset=True, log=feature.log))
        elif isinstance(feature, Buckets):
            terms.append(Term(name, name, levels=bucket_levels(feature.boundaries)))
        else:
            texts = ["false", "true"] if isinstance(feature, Boolean) else vocabulary(name)
            terms.append(Term(name, name, levels=text_levels(texts)))
    return DesignMatrix(tuple(terms))
