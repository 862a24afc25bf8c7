"""The factor of [1 X y] where X has the levels of one feature, of which there are very many: they are never dense.

The 0/1 columns of a feature's levels are orthogonal. Eliminated first, they leave an arrow: by level its weight and the means of
all other columns, and the triangular factor of what is left of these once the means are taken off. That is the QR factorisation of
the rows with the levels' columns before the others, as Frisch, Waugh and Lovell have it (Lovell 1963, "Seasonal adjustment of
economic time series and multiple regression analysis", JASA 58); memory is levels times columns.

Parts of the rows merge: the means of a level that both have seen differ by d, and √(w₁w₂/(w₁ + w₂))·d is one more row of the
factor (Chan, Golub, LeVeque 1983). So nothing is squared, and no reference level need be known while rows are gathered.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.factors import TriangularFactor, check_rows, padded, triangle
from components.linear_model.families import Family

Array = NDArray[np.float64]


ABSORBED_FROM = 256  # levels of one feature: from so many on, eliminating them costs less than to have their columns


class Levels(NamedTuple):
    """The levels that are eliminated: their term's key, the place of the first one's column, and how many there are."""

    key: str
    place: int
    number: int


def absorbed_levels(design: DesignMatrix, family: Family) -> Levels | None:
    """The levels to eliminate: of least squares those of the feature with the most, if there are many; else None."""
    widest = max(design.terms, key=lambda term: len(term.levels), default=None)
    if widest is None or not is_absorbed(len(widest.levels), family):
        return None
    return levels_of_term(design, widest.key)


def is_absorbed(levels: int, family: Family) -> bool:
    """Whether the levels of a feature, the one with the most, are eliminated."""
    return family.solver == "factors" and levels >= ABSORBED_FROM


def levels_of_term(design: DesignMatrix, key: str) -> Levels:
    """The levels of a term, by its key."""
    return next(Levels(key, place, term.width) for place, term in design.places() if term.key == key)


class AbsorbedFactor:
    """Accumulates the factor of [1 X y], rows weighted, the levels of one feature eliminated.

    Attributes:
      names: of the columns, [p], the intercept first.
      levels: of the feature.
      rows, weight, log_weight: as `TriangularFactor` has them.
      by_level: float64 [levels], the weight of each level's rows.
      means: float64 [levels, k + 1] of the k other columns (the intercept not among them) and the label, by level, less `origin`.
      origin: float64 [k + 1].
      within: float64 [≤ k + 1, k + 1], upper trapezoidal: the factor of these columns less their level's means.
    """

    def __init__(self, names: list[str], levels: Levels) -> None:
        self.names, self.levels = names, levels
        self.rows, self.weight, self.log_weight = 0, 0.0, 0.0
        width = len(names) - levels.number
        self.by_level: Array = np.zeros(levels.number)
        self.means: Array = np.zeros((levels.number, width))
        self.origin: Array = np.zeros(width)
        self.within: Array = np.zeros((0, width))

    @property
    def others(self) -> list[int]:
        """Places of the k columns that are neither the intercept nor a level of the feature."""
        first, beyond = self.levels.place, self.levels.place + self.levels.number
        return [*range(1, first), *range(beyond, len(self.names))]

    def add(self, ids: NDArray[Any], x: Array, y: Array, weights: Array | None = None) -> AbsorbedFactor:
        """Adds rows.

        Args:
          ids: integers [n], each row's level.
          x: [n, k], the other columns.
          y: [n].
          weights: [n], as `TriangularFactor.add` takes them; None is 1 each.

        Returns:
          Itself.

        Raises:
          DataError: a value is not finite, or a weight is below zero; the text names the column.
        """
        weights = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
        check_rows(x, y, weights, [self.names[place] for place in self.others])
        matrix = np.column_stack([x, y])
        used = weights > 0
        ids, matrix, weights = ids[used], matrix[used], weights[used]
        if not len(ids):
            return self
        if self.weight == 0:
            self.origin = np.median(matrix, axis=0)
        matrix -= self.origin
        there, which, first = _in_order(ids)
        matrix, weights = matrix[which], weights[which]
        number = np.repeat(np.arange(len(there)), np.diff(np.append(first, len(ids))))
        by_level = np.add.reduceat(weights, first)
        means = np.zeros((len(there), matrix.shape[1]))
        for _ in range(2):  # the second time what rounding left of the sums
            more = np.add.reduceat(matrix * weights[:, None], first, axis=0) / by_level[:, None]
            matrix -= more[number]
            means += more
        matrix *= np.sqrt(weights)[:, None]
        self.rows += len(ids)
        self.weight += float(weights.sum())
        self.log_weight += float(np.log(weights).sum())
        self._stack(there, by_level, means, matrix)
        return self

    def merge(self, other: AbsorbedFactor) -> AbsorbedFactor:
        """Adds the rows that another factor stands for. Returns itself."""
        if (other.names, other.levels) != (self.names, self.levels):
            raise ValueError("factors of other columns can't merge")
        if other.weight > self.weight:
            self.means, self.origin = self.means_from(other.origin), other.origin
        there = np.flatnonzero(other.by_level)
        self.rows += other.rows
        self.weight += other.weight
        self.log_weight += other.log_weight
        self._stack(there, other.by_level[there], other.means_from(self.origin)[there], other.within)
        return self

    def _stack(self, there: NDArray[np.int64], by_level: Array, means: Array, within: Array) -> None:
        """Adds levels `there` [m], each once, of some weights [m] and means [m, k + 1], and rows less these means."""
        mine = self.by_level[there]
        total = mine + by_level
        apart = means - self.means[there]
        both = mine > 0
        between = np.sqrt(mine[both] * by_level[both] / total[both])[:, None] * apart[both]
        self.means[there] += np.where(both, by_level / total, 1.0)[:, None] * apart
        self.by_level[there] = total
        below = np.concatenate([self.within, within, between])
        self.within = triangle(below) if len(below) else below

    def means_from(self, origin: Array) -> Array:
        """The means [levels, k + 1] less another origin [k + 1]; 0 of levels without rows."""
        return np.where(self.by_level[:, None] > 0, self.means + (self.origin - origin), 0.0)

    def rescaled(self, means: Array, stds: Array) -> AbsorbedFactor:
        """The factor of the columns (x − mean)/std, the label as it is; arguments as of `TriangularFactor.rescaled`."""
        scaled = self.copy()
        taken, by = np.append(means[self.others], 0.0), np.append(stds[self.others], 1.0)
        scaled.origin = (self.origin - taken) / by
        scaled.means, scaled.within = self.means / by, self.within / by
        return scaled

    def less(self, columns: Sequence[int]) -> AbsorbedFactor:
        """The factor of the same columns and of the label less some of them, at their places; none is a level."""
        changed = self.copy()
        at = [self.others.index(column) for column in columns]
        for name in ("origin", "means", "within"):
            values = getattr(self, name).copy()
            values[..., -1] -= values[..., at].sum(axis=-1)
            setattr(changed, name, values)
        return changed

    def aligned(self, names: list[str], places: Sequence[int], levels: Levels) -> AbsorbedFactor:
        """The factor of more columns; arguments as of `TriangularFactor.aligned`, and what the levels are among them."""
        wide = AbsorbedFactor(names, levels)
        wide.rows, wide.weight, wide.log_weight = self.rows, self.weight, self.log_weight
        own = self.levels
        ids = np.array(places[own.place : own.place + own.number]) - levels.place
        at = [wide.others.index(places[other]) for other in self.others] + [len(wide.others)]
        wide.origin[at] = self.origin
        wide.by_level[ids] = self.by_level
        wide.means[ids[:, None], at] = self.means
        wide.within = np.zeros((len(self.within), len(wide.origin)))
        wide.within[:, at] = self.within
        if len(wide.within):
            wide.within = triangle(wide.within)
        return wide

    def moved(self, by: Array) -> AbsorbedFactor:
        """The factor of columns that are larger by some numbers [p + 1], those of levels 0."""
        moved = self.copy()
        moved.origin = self.origin + by[[*self.others, -1]]
        return moved

    def dense(self) -> TriangularFactor:
        """The factor of all columns, levels among them, where there are few."""
        found = TriangularFactor(self.names, intercept=True)
        found.rows, found.weight, found.log_weight = self.rows, self.weight, self.log_weight
        place, count = self.levels[1:]
        at = [*self.others, len(self.names)]
        matrix = np.zeros((count + len(self.within), len(self.names) + 1))
        roots, rows = np.sqrt(self.by_level), self.by_rows()
        matrix[:count, 0] = roots * rows[:, 0]
        matrix[:count, place : place + count] = np.diag(roots)
        matrix[:count, at] = roots[:, None] * (rows[:, 1:] - self.origin * rows[:, :1])
        matrix[count:, at] = self.within
        found.origin[at] = self.origin
        found.factor = triangle(matrix)
        return found

    def copy(self) -> AbsorbedFactor:
        """One that can be merged into without changing this one."""
        copied = copy.copy(self)
        copied.by_level, copied.means = self.by_level.copy(), self.means.copy()
        return copied

    def by_rows(self) -> Array:
        """[levels, 1 + k + 1]: by level the mean of its rows' [1 x y], from an origin of 0; zeros where it has none."""
        return np.column_stack([self.by_level > 0, self.means_from(np.zeros(len(self.origin)))])

    def column_sums(self) -> Array:
        """[p]: by column the sum of weight times value, the intercept's being the weight."""
        sums = np.empty(len(self.names))
        sums[0] = self.weight
        sums[self.others] = (self.by_level @ self.by_rows())[1:-1]
        sums[self.levels.place : self.levels.place + self.levels.number] = self.by_level
        return sums

    def lengths(self) -> Array:
        """[1 + k + 1]: √ of the weighted squares of the columns of [1 x y], from an origin of 0."""
        squares = self.by_level @ self.by_rows() ** 2
        squares[1:] += np.sum(self.within**2, axis=0)
        return np.asarray(np.sqrt(squares))

    def without_levels(self) -> TriangularFactor:
        """The factor of [1 x y], x the k other columns, as if there were no levels."""
        found = TriangularFactor([self.names[0], *(self.names[place] for place in self.others)], intercept=True)
        found.rows, found.weight, found.log_weight = self.rows, self.weight, self.log_weight
        within = np.column_stack([np.zeros(len(self.within)), self.within])
        found.factor = triangle(np.concatenate([np.sqrt(self.by_level)[:, None] * self.by_rows(), within]))
        return found


def to_arrays(factors: list[AbsorbedFactor]) -> dict[str, NDArray[Any]]:
    """All of m factors: `rows`, `weight`, `log_weight` [m], `levels` [2], `by_level`, `means`, `origin`, `within`, [m, …] each."""
    return {
        **{key: np.array([getattr(factor, key) for factor in factors]) for key in ("rows", "weight", "log_weight")},
        "levels": np.array(factors[0].levels[1:]),
        **{key: np.array([getattr(factor, key) for factor in factors]) for key in ("by_level", "means", "origin")},
        "within": np.array([padded(own.within) for own in factors]),
    }


def from_arrays(names: list[str], key: str, arrays: Mapping[str, NDArray[Any]]) -> list[AbsorbedFactor]:
    """What `to_arrays` was given, of the levels of a term."""
    found = []
    for index in range(len(arrays["rows"])):
        factor = AbsorbedFactor(names, Levels(key, *arrays["levels"].tolist()))
        factor.rows = int(arrays["rows"][index])
        factor.weight, factor.log_weight = float(arrays["weight"][index]), float(arrays["log_weight"][index])
        factor.by_level, factor.means = arrays["by_level"][index], arrays["means"][index]
        factor.origin, factor.within = arrays["origin"][index], arrays["within"][index]
        found.append(factor)
    return found


def _in_order(ids: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The levels that there are, an order in which rows of one level follow each other, and where each level's begin."""
    order = np.argsort(ids, kind="stable")
    there, first = np.unique(ids[order], return_index=True)
    return there.astype(np.int64), order, first
