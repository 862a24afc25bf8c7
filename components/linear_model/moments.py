"""Means, spreads and correlations of the columns of a fit and of its label, from the triangular factors alone."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from components.linear_model.linear_fit import LinearFit
from components.linear_model.solve import merged

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Moments:
    """Of the training rows, weighted as they are in the table. Numbers are in raw units; levels are 0 and 1.

    Attributes:
      weight: Σ w.
      mean, deviation: [1 + p], the intercept's ones first; √ of Σ w·(x − mean)² / Σ w.
      correlation: [1 + p], with the label; NaN where either never varies.
      label_mean, label_deviation: the same of the label; of a family of classes it is 0 and 1.
    """

    weight: float
    mean: Array
    deviation: Array
    correlation: Array
    label_mean: float
    label_deviation: float

    def standardised(self, coefficients: Array) -> Array:
        """Coefficients [1 + p] in raw units as of columns and label of standard deviation 1: b·sd(x)/sd(y)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return coefficients * self.deviation / self.label_deviation


def moments(found: LinearFit) -> Moments:
    """The moments of a fit's rows."""
    square = merged(found.fold_factors).square()
    means, centred = square[0] / square[0, 0], square[1:]
    weight = float(square[0, 0] ** 2)
    norms = np.linalg.norm(centred, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = (centred[:, -1] @ centred)[:-1] / (norms[:-1] * norms[-1])
    shifts, sizes = found.design.scales()
    for place, term in found.design.places():
        shifts[place] += term.origin
    deviation = norms / np.sqrt(weight)
    return Moments(
        weight,
        shifts + sizes * means[:-1],
        sizes * deviation[:-1],
        correlation,
        float(means[-1]),
        float(deviation[-1]),
    )
