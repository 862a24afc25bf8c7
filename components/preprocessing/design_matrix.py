"""The columns of the design matrix: their names and their order."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.preprocessing.features import Buckets, Categorical, Numeric, indicator_name

MISSING_LEVEL = "(missing)"
OTHER_LEVEL = "(other)"


@dataclass(frozen=True)
class Term:
    """What one transformed column gives to the design matrix.

    A number gives one column, z = (x − mean)/std. A level id gives one 0/1 column per level, in the order of the ids.

    Attributes:
      key: name of the transformed column.
      feature: name of the raw column it comes from.
      levels: names of the levels; empty for a number.
      mean, std: raw units of the feature; 0 and 1 where nothing was scaled.
    """

    key: str
    feature: str
    levels: tuple[str, ...] = ()
    mean: float = 0.0
    std: float = 1.0

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.levels) or 1

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, as every table shows them: `key`, or `feature[level]`."""
        return [f"{self.feature}[{level}]" for level in self.levels] or [self.key]


@dataclass(frozen=True)
class DesignMatrix:
    """All terms, in the order of the configuration's features."""

    terms: tuple[Term, ...]

    @property
    def width(self) -> int:
        """Number of columns, the intercept not among them."""
        return sum(term.width for term in self.terms)

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, the intercept not among them."""
        return [name for term in self.terms for name in term.column_names]

    def dense(self, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """The design matrix of some transformed rows.

        Args:
          columns: by transformed name, arrays of shape [n]; level ids are integers.

        Returns:
          float64 [n, width], without the intercept.
        """
        rows = len(next(iter(columns.values())))
        matrix = np.zeros((rows, self.width))
        start = 0
        for term in self.terms:
            values = columns[term.key]
            if term.levels:
                matrix[np.arange(rows), start + values.astype(np.int64)] = 1.0
            else:
                matrix[:, start] = values
            start += term.width
        return matrix

    def to_json(self) -> list[dict[str, Any]]:
        """The terms as plain JSON."""
        return [asdict(term) for term in self.terms]

    @classmethod
    def from_json(cls, value: list[dict[str, Any]]) -> DesignMatrix:
        """The inverse of `to_json`."""
        return cls(tuple(Term(**{**term, "levels": tuple(term["levels"])}) for term in value))


def bucket_levels(boundaries: list[float]) -> tuple[str, ...]:
    """Names of the levels of buckets, in the order of their ids; the last is the missing value."""
    inner = [f"{a:g} to {b:g}" for a, b in pairwise(boundaries)]
    return (f"< {boundaries[0]:g}", *inner, f">= {boundaries[-1]:g}", MISSING_LEVEL)


def build_design_matrix(
    features: Mapping[str, Numeric | Buckets | Categorical],
    vocabulary: Callable[[str], list[str]],
    constant: Callable[[str, str], float],
) -> DesignMatrix:
    """The design matrix that a transform graph feeds.

    Args:
      features: as configured, by column name.
      vocabulary: the levels of a categorical feature, most frequent first.
      constant: the `"mean"` or `"variance"` (ddof 0) by which a numeric feature was scaled.
    """
    terms: list[Term] = []
    for name, feature in features.items():
        if isinstance(feature, Numeric):
            scaled = feature.scale == "zscore"
            mean = constant(name, "mean") if scaled else 0.0
            std = (math.sqrt(constant(name, "variance")) or 1.0) if scaled else 1.0
            terms.append(Term(name, name, mean=mean, std=std))
            if feature.indicator:
                terms.append(Term(indicator_name(name), name))
        elif isinstance(feature, Buckets):
            terms.append(Term(name, name, levels=bucket_levels(feature.boundaries)))
        else:
            terms.append(Term(name, name, levels=(*vocabulary(name), OTHER_LEVEL)))
    return DesignMatrix(tuple(terms))
