"""Rows of the design matrix in which a term with many levels is the place of its one column that is 1.

Such a row times a matrix B, [1 + p, m], is its numbers times their rows of B, and the rows of B at those places: nothing is as wide
as the levels are many.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.linear_model.absorbed_covariance import AbsorbedCovariance, Covariance
from components.linear_model.design_matrix import DesignMatrix, Term

LOOKED_UP = 256  # columns of a term from which on they are looked up: below, a product with 0 and 1 is as quick
Array = NDArray[np.float64]


def is_looked_up(term: Term) -> bool:
    """Whether a term's columns are looked up by its ids."""
    return len(term.levels) >= LOOKED_UP


@dataclasses.dataclass(frozen=True)
class FeatureLayout:
    """Where a feature's columns are.

    Attributes:
      numbers: of those that rows have as numbers, the places among `Layout.places`.
      looked_up: of its terms that are looked up, the places among `Layout.looked_up`.
    """

    numbers: list[int]
    looked_up: list[int]


@dataclasses.dataclass(frozen=True)
class Layout:
    """What of a row is a number, and what is looked up.

    Attributes:
      places: int64 [q], of the columns of the design matrix that rows have as numbers, the intercept's 0 first.
      numbers: the terms of these columns.
      looked_up: the other terms, each with the place of its first column.
      features: by name.
    """

    places: NDArray[np.int64]
    numbers: DesignMatrix
    looked_up: list[tuple[int, Term]]
    features: dict[str, FeatureLayout]

    @classmethod
    def of(cls, design: DesignMatrix) -> Layout:
        """The layout of a design matrix."""
        places, looked_up, features = [0], list[tuple[int, Term]](), dict[str, FeatureLayout]()
        for place, term in design.places():
            feature = features.setdefault(term.feature, FeatureLayout([], []))
            if is_looked_up(term):
                feature.looked_up.append(len(looked_up))
                looked_up.append((place, term))
            else:
                feature.numbers.extend(range(len(places), len(places) + term.width))
                places.extend(range(place, place + term.width))
        numbers = DesignMatrix(tuple(term for term in design.terms if not is_looked_up(term)))
        return cls(np.array(places), numbers, looked_up, features)

    def number(self, place: int) -> int:
        """Where among `places` a place of the design matrix is."""
        return int(np.searchsorted(self.places, place))

    def rows(self, columns: Mapping[str, NDArray[Any]]) -> LookedUpRows:
        """Rows of transformed columns, [n] by name, as `DesignMatrix.dense` takes them."""
        dense = self.numbers.dense(columns)
        ones = [place + columns[term.key].astype(np.int64) for place, term in self.looked_up]
        return LookedUpRows(self.places, np.column_stack([np.ones(len(dense)), dense]), ones)

    def shares(self, values: Array) -> Array:
        """The sums of values of all columns, [1 + p], over those of each term that is looked up."""
        return np.array([values[place : place + term.width].sum() for place, term in self.looked_up])


@dataclasses.dataclass(frozen=True)
class LookedUpRows:
    """Rows of the design matrix.

    Attributes:
      places: [q], as of `Layout`.
      numbers: float64 [n, q].
      ones: of each term that is looked up, the places of the columns that are 1, int64 [n].
    """

    places: NDArray[np.int64]
    numbers: Array
    ones: Sequence[NDArray[np.int64]]

    def dot(self, matrix: Array) -> Array:
        """The rows, [n, 1 + p], times [1 + p] or [1 + p, m]."""
        found = self.numbers @ matrix[self.places]
        for places in self.ones:
            found += matrix[places]
        return np.asarray(found)

    def sizes(self, matrix: Array) -> Array:
        """The sums of the sizes of what `dot` adds up."""
        sizes = np.abs(matrix)
        return LookedUpRows(self.places, np.abs(self.numbers), self.ones).dot(sizes)

    def variances(self, covariance: Covariance) -> Array:
        """x·C·x of each row x, [n]; C is [1 + p, 1 + p] or absorbed."""
        if isinstance(covariance, AbsorbedCovariance):
            own = covariance.own
            along = self.dot(covariance.rows)
            found = np.einsum("ij,ij->i", along @ covariance.inner, along) + self.numbers**2 @ own[self.places]
            return np.asarray(found + sum(own[places] for places in self.ones))
        beside = covariance[:, self.places]
        across = self.numbers @ beside[self.places] + sum(2 * beside[places] for places in self.ones)
        found = np.einsum("ij,ij->i", across, self.numbers)
        for one, other in itertools.product(self.ones, repeat=2):
            found += covariance[one, other]
        return np.asarray(found)
