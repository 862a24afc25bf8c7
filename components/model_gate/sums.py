"""What the gate's means and ratios are computed from: weighted sums of measures of rows, and of their products.

A measure is a number of a row: its label, its prediction, its deviance and so on (`MEASURES`). Labels and predictions are taken
about the labels' mean, and merging moves that mean (as Chan, Golub and LeVeque do, 1983), so that nothing cancels. The deviance
from the mean label moves with it: d(y, c') = d(y, c) + d(c, c') + β·(y − c), as what c has to do with is linear in y.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from components.linear_model.families import Family

Array = NDArray[np.float64]
MEASURES = (
    "one",
    "label",
    "prediction",
    "null",  # the deviance from the labels' mean
    "deviance",
    "squared",
    "absolute",
    "true_positive",
    "false_positive",
    "false_negative",
)
_PLACE = {name: place for place, name in enumerate(MEASURES)}
_NEAR = 1e-5  # relative: nearer means' difference of deviances is rounding


@dataclasses.dataclass(frozen=True)
class Sums:
    """Sums over rows, float64.

    Attributes:
      rows: their number.
      weight: Σw.
      label: weighted mean of the labels.
      totals: Σw·z [k] of the `MEASURES` z, label and prediction less `label`.
      products: Σw²·z·zᵀ [k, k].
    """

    rows: float
    weight: float
    label: float
    totals: Array
    products: Array

    def of(self, measure: str) -> Array:
        """A measure by those about the mean, [k]."""
        found = np.zeros(len(MEASURES))
        found[_PLACE[measure]] = 1.0
        if measure in ("label", "prediction"):
            found[_PLACE["one"]] = self.label
        return found


def no_sums(rows: float = 0.0) -> Sums:
    """Of rows that weigh nothing."""
    number = len(MEASURES)
    return Sums(rows, 0.0, 0.0, np.zeros(number), np.zeros((number, number)))


class Rows(NamedTuple):
    """Rows as arrays, float64 [n] each.

    Attributes:
      label, prediction, weight: of each row.
      predicted: the predicted class, 1 or 0; None for a model without classes.
    """

    label: Array
    prediction: Array
    weight: Array
    predicted: Array | None


def rows_of(label: ArrayLike, prediction: ArrayLike, weight: ArrayLike) -> Rows:
    """Rows as TFMA has them.

    Args:
      label: of n rows, of any shape.
      prediction: of n rows, of any shape; or [n, 2], with 1 or 0 for the class.
      weight: of n rows, or one for all.

    Raises:
      ValueError: there are neither one nor two predictions a label, or neither one weight nor n.
    """
    y, p, w = (np.asarray(value, np.float64).ravel() for value in (label, prediction, weight))
    if len(p) not in {len(y), 2 * len(y)} or len(w) not in {1, len(y)}:
        raise ValueError(f"expected a label, a prediction and a weight a row; received {len(y)}, {len(p)} and {len(w)}")
    p = p.reshape(len(y), -1) if len(y) else p.reshape(0, 1)
    return Rows(y, p[:, 0], np.broadcast_to(w, y.shape), p[:, 1] if p.shape[1] > 1 else None)


def sums_of(family: Family, rows: Rows) -> Sums:
    """Sums over rows. Predictions are clipped for the deviance, as the family has it; rows without a predicted class count as
    negative ones.
    """
    label, prediction, weight, predicted = rows
    total = float(weight.sum())
    if total == 0:
        return no_sums(float(len(label)))
    mean = float(weight @ label) / total
    error = label - prediction
    measures = np.zeros((len(MEASURES), len(label)))
    measures[0] = 1.0
    measures[1], measures[2] = label - mean, prediction - mean
    measures[3] = family.unit_deviance(label, np.full_like(label, mean))
    measures[4] = family.unit_deviance(label, np.clip(prediction, *family.clipped))
    measures[5], measures[6] = error * error, np.abs(error)
    if family.classes:
        positive = np.zeros_like(label) if predicted is None else predicted
        measures[7:] = label * positive, (1 - label) * positive, label * (1 - positive)
    weighted = measures * weight
    return Sums(float(len(label)), total, mean, weighted.sum(axis=1), weighted @ weighted.T)


def merge(family: Family, a: Sums, b: Sums) -> Sums:
    """The sums over the rows of both."""
    weight = a.weight + b.weight
    if weight == 0:
        return no_sums(a.rows + b.rows)
    label = a.label + (b.label - a.label) * (b.weight / weight)
    totals, products = np.zeros_like(a.totals), np.zeros_like(a.products)
    for part in (a, b):
        if part.weight:
            moved = _moved(family, part.label, label)
            totals += moved @ part.totals
            products += moved @ part.products @ moved.T
    return Sums(a.rows + b.rows, weight, label, totals, products)


def _moved(family: Family, old: float, new: float) -> Array:
    """The measures about another mean by those about the old one, [k, k]."""
    matrix = np.eye(len(MEASURES))
    shift = new - old
    if shift:
        one, label, prediction, null = (_PLACE[name] for name in ("one", "label", "prediction", "null"))
        matrix[label, one] = matrix[prediction, one] = -shift
        ends = np.array([old, new])
        forth, back = family.unit_deviance(ends, ends[::-1])
        middle = (old + new) / 2
        slope = -(forth + back) / shift
        if abs(shift) <= _NEAR * abs(middle):
            slope = -2 * shift / float(np.asarray(family.variance(np.array([middle])))[0])
        matrix[null, one] = forth
        # A mean on the border of the family's is that of rows that are all there: their labels less the mean are 0.
        matrix[null, label] = slope if math.isfinite(slope) else 0.0
    return matrix


def ratio(sums: Sums, above: dict[str, float], below: dict[str, float]) -> tuple[float, float]:
    """A ratio of weighted sums of measures, Σw·u/Σw·v, and its standard error over rows drawn at random.

    The standard error is √(n/(n − 1)·Σw²(u − R·v)²)/Σw·v (Cochran 1977, "Sampling Techniques", §6.4, the ratio estimator; by the
    delta method).

    Args:
      sums: over the rows.
      above, below: factors of the measures in u and in v.

    Returns:
      Both; NaN where Σw·v is not above 0, the standard error also of a single row.
    """

    def vector(factors: dict[str, float]) -> Array:
        found: Any = sum(factor * sums.of(name) for name, factor in factors.items())
        return np.asarray(found)

    u, v = vector(above), vector(below)
    base = float(v @ sums.totals)
    if not base > 0:
        return math.nan, math.nan
    value = float(u @ sums.totals) / base
    influence = u - value * v
    scatter = max(float(influence @ sums.products @ influence), 0.0)
    return value, math.sqrt(sums.rows / (sums.rows - 1) * scatter) / base if sums.rows > 1 else math.nan
