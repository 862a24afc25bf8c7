"""What looks like the label's own value among the features: a leak. Computed from the triangular factors alone, numpy alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.factors import triangle

Array = NDArray[np.float64]

ALONE = 0.99  # of the label's variance, explained by one feature
TOGETHER = 0.9999  # R² of all features
LEAST_ROWS = 5  # of a level that decides the label
LEAST_FOLDS = 3  # that hold rows of it
BY_CHANCE = 1e-6  # probability below which rows of one label are no accident
SAME = 1e-6  # of the label's standard deviation: means within this are the same, for values are 32-bit floats
CONSTANT = 1e-9  # of the label's length: a label that varies by less does not
NEGLIGIBLE = 1e-6  # of a column's length: shorter rests are rounding


def find_leaks(design: DesignMatrix, factors: Array, rows: int, label: str, adjusted_r_squared: float) -> list[str]:
    """Says which features may be known only once the label is.

    1. A feature that alone explains more than 99 % of the label's variance: adjusted R² of a regression on its columns, so
       that a feature with a level for nearly each row is not one.
    2. An adjusted R² above 0.9999 of all features together.
    3. A level, or a value of a 0/1 column, whose training rows have one and the same label, while others vary. The factors know
       sums of y and of y², not those of y² by level; but rows of equal label have the same mean in every fold, which others
       have by accident at most: at least three folds must hold some. That a value c at d standard deviations from the mean has
       a probability of at most 1/(1 + d²) (Cantelli; equality for a label of two values) keeps out what chance gives a small level.

    Args:
      design: the columns.
      factors: [folds, p + 2, p + 2], the factor of [1 X y] of each fold.
      rows: of the training split, whose weight is not zero.
      label: its name.
      adjusted_r_squared: of the fit.

    Returns:
      A line each, as it is printed; none for a label that does not vary.
    """
    whole = triangle(factors.reshape(-1, factors.shape[2]))
    labels = Labels(label, whole, factors, rows)
    if not labels.vary:
        return []
    shares = {name: explained(whole, columns, labels) for name, columns in design.by_feature().items()}
    alone = {feature for feature, share in shares.items() if share > ALONE}
    found = in_words(label, shares, adjusted_r_squared)
    for feature, name, indicator in indicators(design, factors):
        if feature not in alone:
            found += labels.only_one(name, indicator)
    return found


def in_words(label: str, shares: Mapping[str, float], adjusted_r_squared: float) -> list[str]:
    """The first two of `find_leaks`, from what each feature alone explains of the label's variance, and all do."""
    found = [
        f"a leak? {feature} alone explains {_percent(share)} of {label}'s variance: is it known before the label is?"
        for feature, share in shares.items()
        if share > ALONE
    ]
    if adjusted_r_squared > TOGETHER:
        found.append(
            f"a leak? the features together explain {_percent(adjusted_r_squared)} of {label}'s variance: is one of them made "
            "from it?"
        )
    return found


class Labels:
    """The label in the factors' terms.

    Attributes:
      total: Σ w·(y − ȳ)².
      rows: whose weight is not zero.
      vary: whether they do.
    """

    def __init__(self, name: str, whole: Array, factors: Array, rows: int) -> None:
        """Takes the factor of all rows [q, q] and those of each fold [folds, q, q], the intercept's ones first, the label last."""
        self.total, self.rows = float(np.sum(whole[1:, -1] ** 2)), rows
        self.vary = math.sqrt(self.total) > CONSTANT * float(np.linalg.norm(whole[:, -1]))
        self.mean = float(whole[0, -1] / whole[0, 0])
        self._name = name
        self._weight = float(np.sum(factors[:, 0, 0] ** 2))
        self._binary = _is_binary(factors[:, :, -1], factors[:, :, 0])
        self._distances = factors[:, :, -1] - self.mean * factors[:, :, 0]  # from the mean: less to cancel

    def only_one(self, name: str, indicator: Array) -> list[str]:
        """A line if all rows of an indicator, [folds, q] in the factors' terms, seem to have one label."""
        by_fold = np.sum(indicator**2, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.only_one_of(name, by_fold, np.sum(indicator * self._distances, axis=1) / by_fold)

    def only_one_of(self, name: str, by_fold: Array, distances: Array) -> list[str]:
        """The same, from the weight of its rows by fold and their label's mean distance from that of all, [folds] each."""
        present = by_fold > NEGLIGIBLE * self._weight / self.rows
        count = float(by_fold[present].sum()) * self.rows / self._weight
        if present.sum() < LEAST_FOLDS or count < LEAST_ROWS:
            return []
        means = distances[present]
        distance, deviation = float(np.mean(means)), math.sqrt(self.total / self._weight)
        by_chance = -count * math.log1p((distance / deviation) ** 2)
        if np.ptp(means) > SAME * deviation or by_chance > math.log(BY_CHANCE):
            return []
        value = round(self.mean + distance, 6 - math.floor(math.log10(deviation))) + 0.0  # −0 is 0
        if self._binary and min(abs(value), abs(value - 1.0)) > NEGLIGIBLE:
            return []
        return [
            f"a leak? {self._name} seems to be {value:.6g} in all training rows of {name}, and varies elsewhere: is it known "
            "before the label is?"
        ]


def explained(whole: Array, columns: list[int], labels: Labels) -> float:
    """Adjusted R² of a regression of the label on some columns; 0 without degrees of freedom."""
    norms = np.linalg.norm(whole[:, columns], axis=0)
    centred = whole[1:, columns]
    varies = np.linalg.norm(centred, axis=0) > NEGLIGIBLE * norms
    centred = centred[:, varies] / norms[varies]
    beta, _, rank, _ = np.linalg.lstsq(centred, whole[1:, -1], rcond=NEGLIGIBLE)
    return adjusted(float(np.sum((whole[1:, -1] - centred @ beta) ** 2)), int(rank), labels)


def adjusted(rest: float, rank: int, labels: Labels) -> float:
    """Adjusted R² of what leaves a residual sum of squares with some columns; 0 without degrees of freedom."""
    freedom = labels.rows - 1 - rank
    return 1.0 - (rest / freedom) / (labels.total / (labels.rows - 1)) if freedom > 0 else 0.0


def _is_binary(column: Array, ones: Array) -> bool:
    """Whether all values are 0 or 1, of a column in the factors' terms [folds, p + 2].

    Then Σx² = Σx in every fold, which has no other solution among whole numbers, and none but by accident among others.
    """
    squares, sums = np.sum(column**2, axis=1), np.sum(column * ones, axis=1)
    return bool(np.all(np.abs(squares - sums) <= NEGLIGIBLE * np.abs(squares)))


def indicators(design: DesignMatrix, factors: Array) -> Iterator[tuple[str, str, Array]]:
    """Columns of zeros and ones, [folds, p + 2] in the factors' terms, with their feature and name.

    They are the levels, the indicators of missing values, and both values of a number that is 0 or 1.
    """
    ones, names = factors[:, :, 0], design.column_names
    for start, term in design.places():
        for offset in range(term.width):
            name = names[start + offset - 1]
            column = (term.origin + term.mean) * ones + term.std * factors[:, :, start + offset]
            if term.levels:
                yield term.feature, name, column
            elif _is_binary(column, ones):
                yield term.feature, f"{name} = 1", column
                yield term.feature, f"{name} = 0", ones - column


def _percent(share: float) -> str:
    return f"{100 * share:.6g} %"
