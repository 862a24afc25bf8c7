"""The fit of maximum likelihood from what was gathered: class weights, levels that separate, passes, the threshold."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import apache_beam as beam
import numpy as np
from numpy.typing import NDArray

from components.errors import DataError
from components.fit.beam_pass import passes_over
from components.fit.settings import ByCost, ByMetric, Exact
from components.gather.design_rows import DesignRows
from components.linear_model.diagnostics.look import Solved
from components.linear_model.factor_kinds import merged
from components.linear_model.factors import TriangularFactor
from components.linear_model.families import named
from components.linear_model.gathered import GatheredRows
from components.linear_model.inference import LikelihoodFit
from components.linear_model.likelihood import Likelihood
from components.linear_model.separation import no_maximum, separated_levels
from components.linear_model.solve import Settings

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class ClassFit:
    """A fit, and what a family of classes adds to it.

    Attributes:
      solved: of the rows as they were weighted.
      fit: the same; its intercept is that of the answers.
      rows: how batches become blocks, with the classes' weights.
      class_weights: of the negative class and the positive one; None where both weigh the same.
      intercept_shift: what class weights had added to the intercept, and was taken from it.
      threshold: the probability from which on a row is positive; None for other families.
    """

    solved: Solved
    fit: LikelihoodFit
    rows: DesignRows
    class_weights: tuple[float, float] | None
    intercept_shift: float
    threshold: float | None


def fit_gathered(
    gathered: GatheredRows,
    factors: list[TriangularFactor],
    exact: Exact,
    settings: Settings,
    rows: DesignRows,
    one_pass: Callable[[beam.CombineFn], dict[str, NDArray[Any]]],
) -> ClassFit:
    """Fits.

    Args:
      gathered: of the training rows.
      factors: of its scaled columns, one a fold.
      exact: the configuration's.
      settings: how to solve.
      rows: how batches become blocks.
      one_pass: a pass over all batches.

    Raises:
      DataError: the labels are separated, or the data can't be fitted otherwise.
      RunError: a pass did not see every row.
    """
    family, whole = named(gathered.family), merged(factors)
    levels = separated_levels(gathered.design, whole.square(), gathered.present, family, exact.constraints)
    separated = no_maximum(levels, family) if levels else None
    weights = _class_weights(exact, gathered.classes, whole)
    rows = dataclasses.replace(rows, class_weights=weights)
    passes = passes_over(rows, whole.rows, one_pass)
    likelihood = Likelihood(gathered.family, factors, settings, passes, separated)
    fit = likelihood.fit
    solved = Solved(gathered.family, fit, likelihood.kept, likelihood.beta, likelihood.root, likelihood.without_folds)
    shift = math.log(weights[1] / weights[0]) if weights is not None and exact.calibrate else 0.0
    coefficients = fit.coefficients.copy()
    coefficients[0] -= shift
    fit = dataclasses.replace(fit, coefficients=coefficients)
    threshold = _threshold(exact, likelihood, weights, shift) if family.classes else None
    return ClassFit(solved, fit, rows, weights, shift, threshold)


def _class_weights(exact: Exact, classes: list[str] | None, whole: TriangularFactor) -> tuple[float, float] | None:
    """What rows of the negative class and of the positive one weigh, beside their own weights.

    Raises:
      DataError: weights are given for other classes than there are.
    """
    given = exact.class_weight
    if given is None or classes is None:
        return None
    if given == "balanced":
        square = whole.square()
        total, positive = float(square[0, 0] ** 2), float(square[0, 0] * square[0, -1])
        if not 0 < positive < total:
            return None  # of one class alone: the fit says so
        return total / (2 * (total - positive)), total / (2 * positive)
    if set(given) != set(classes):
        raise DataError(
            f"model.class_weight: expected weights of the classes {', '.join(map(repr, classes))}; received those of "
            f"{', '.join(map(repr, given))}. Name the classes as the label has them."
        )
    return given[classes[0]], given[classes[1]]


def _threshold(exact: Exact, likelihood: Likelihood, weights: tuple[float, float] | None, shift: float) -> float:
    wanted = exact.threshold
    if isinstance(wanted, ByCost):
        return wanted.cost.false_positive / (wanted.cost.false_positive + wanted.cost.false_negative)
    if isinstance(wanted, ByMetric):
        return likelihood.best_threshold(wanted.metric, weights or (1.0, 1.0), -shift)
    return wanted
