"""Means, spreads and correlations of the columns of a fit and of its label, from the triangular factors alone."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from components.linear_model.absorbed_factor import AbsorbedFactor
from components.linear_model.factors import TriangularFactor
from components.linear_model.linear_fit import LinearFit

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
    whole = found.whole_factor
    weight, means, norms, products = (_of_absorbed if isinstance(whole, AbsorbedFactor) else _of_all)(whole)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = products[:-1] / (norms[:-1] * norms[-1])
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


def _of_all(factor: TriangularFactor) -> tuple[float, Array, Array, Array]:
    """The weight; of [1 X y] the means, the lengths of the columns less these, and products with the label's, [p + 1] each."""
    square = factor.square()
    centred = square[1:]
    return (
        float(square[0, 0] ** 2),
        square[0] / square[0, 0],
        np.linalg.norm(centred, axis=0),
        centred[:, -1] @ centred,
    )


def _of_absorbed(factor: AbsorbedFactor) -> tuple[float, Array, Array, Array]:
    """As `_of_all`."""
    weight, own_means, own_norms, own_products = _of_all(factor.without_levels())
    others = [0, *factor.others, len(factor.names)]
    levels = slice(factor.levels.place, factor.levels.place + factor.levels.number)
    means, norms, products = (np.empty(len(factor.names) + 1) for _ in range(3))
    means[others], norms[others], products[others] = own_means, own_norms, own_products
    share = factor.by_level / weight
    means[levels], norms[levels] = share, np.sqrt(factor.by_level * (1.0 - share))
    rows = factor.by_rows()
    products[levels] = factor.by_level * (rows[:, -1] - own_means[-1] * rows[:, 0])
    return weight, means, norms, products
