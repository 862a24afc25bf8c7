"""`leaks.find_leaks` where a feature's levels are eliminated: from the factors, without their columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from components.linear_model.absorbed_factor import AbsorbedFactor
from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.factor_kinds import merged
from components.linear_model.factors import padded, triangle
from components.linear_model.leaks import (
    ALONE,
    LEAST_FOLDS,
    Labels,
    adjusted,
    explained,
    in_words,
    indicators,
)

Array = NDArray[np.float64]


def find_absorbed_leaks(
    design: DesignMatrix, factors: list[AbsorbedFactor], rows: int, label: str, adjusted_r_squared: float
) -> list[str]:
    """As `leaks.find_leaks`, from one factor a fold."""
    plain = np.array([padded(factor.without_levels().factor) for factor in factors])
    whole = triangle(plain.reshape(-1, plain.shape[2]))
    labels = Labels(label, whole, plain, rows)
    if not labels.vary:
        return []
    total: AbsorbedFactor = merged(factors)
    place_of = {place: index + 1 for index, place in enumerate(total.others)}
    shares, own = {}, ""
    for feature, places in design.by_feature().items():
        columns = [place_of[place] for place in places if place in place_of]
        if len(columns) == len(places):
            shares[feature] = explained(whole, columns, labels)
        else:
            own = feature
            shares[feature] = _explained_with_levels(total, columns, labels)
    found = in_words(label, shares, adjusted_r_squared)
    for feature, name, indicator in indicators(design.less(total.levels.key), plain):
        if shares[feature] <= ALONE:
            found += labels.only_one(name, indicator)
    if shares[own] <= ALONE:
        for name, by_fold, distances in _levels(factors, labels.mean):
            found += labels.only_one_of(name, by_fold, distances)
    return found


def _explained_with_levels(total: AbsorbedFactor, columns: list[int], labels: Labels) -> float:
    """Adjusted R² of a regression of the label on the levels, and on some other columns at their places in `by_rows`."""
    x = total.within[:, [column - 1 for column in columns]]
    beta, _, rank, _ = np.linalg.lstsq(x, total.within[:, -1], rcond=None)
    rest = float(np.sum((total.within[:, -1] - x @ beta) ** 2))
    return adjusted(rest, int(rank) + np.count_nonzero(total.by_level) - 1, labels)


def _levels(factors: list[AbsorbedFactor], mean: float) -> Iterator[tuple[str, Array, Array]]:
    """Names, weights by fold and mean distances of the label by fold, [folds] each, of levels that enough folds have."""
    by_fold = np.array([factor.by_level for factor in factors])
    distances = np.array([factor.by_rows()[:, -1] - mean for factor in factors])
    first = factors[0].levels.place
    for level in np.flatnonzero(np.count_nonzero(by_fold, axis=0) >= LEAST_FOLDS):
        yield factors[0].names[first + level], by_fold[:, level], distances[:, level]
