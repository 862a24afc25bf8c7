"""How far coefficients that were found in another way are from the exact fit's, in its standard errors."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from components.linear_model.absorbed_covariance import variances
from components.linear_model.absorbed_factor import Levels
from components.linear_model.absorbed_solve import Arrow
from components.linear_model.inference import Fitted, LeastSquaresFit
from components.linear_model.linear_fit import LinearFit, raw_units

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)


@dataclasses.dataclass(frozen=True)
class Distance:
    """How far.

    Attributes:
      length: √((b − b̂)ᵀ·C⁻¹·(b − b̂)), b̂ and C the exact fit's coefficients and their covariance: of all coefficients together.
      largest: greatest |b − b̂| by its standard error, of coefficients in raw units.
      column: its name.
    """

    length: float
    largest: float
    column: str


def distance(found: LinearFit, coefficients: Array) -> Distance | None:
    """The distance of coefficients from the exact fit's.

    Coefficients of reference levels and of columns that others give are first shared out among the columns that the exact fit
    has, so that every row's prediction stays what it is.

    Args:
      found: the exact fit.
      coefficients: [1 + p] of the transformed columns, the intercept first, references and dropped columns among them.

    Returns:
      The distance; None where the exact fit has no standard errors above 0.
    """
    fit, moved = found.fit, coefficients.astype(np.float64)
    for place, term in found.design.places():
        if term.levels:
            reference = moved[found.references[term.key]]
            moved[place : place + term.width] -= reference
            moved[0] += reference
    for column in fit.dropped:
        for other, factor in column.on.items():
            moved[other] += factor * moved[column.column]
    kept = np.flatnonzero(variances(fit.covariance) > 0)
    if not len(kept):
        return None
    apart = np.zeros_like(moved)
    apart[kept] = (moved - fit.coefficients)[kept]
    raw = found.raw
    sizes = np.abs(raw_units(found.design, apart))[kept] / raw.standard_errors[kept]
    greatest = int(np.argmax(sizes))
    length = _absorbed_length(found, kept, apart) if isinstance(found.factors, list) else _length(fit, kept, apart)
    return Distance(length, float(sizes[greatest]), raw.names[kept[greatest]])


def _length(fit: Fitted, kept: NDArray[np.int64], apart: Array) -> float:
    """√(dᵀ·C⁻¹·d) of differences [1 + p] of the kept coefficients."""
    errors = fit.standard_errors[kept]
    values, vectors = np.linalg.eigh(np.asarray(fit.covariance)[np.ix_(kept, kept)] / np.outer(errors, errors))
    along = vectors.T @ (apart[kept] / errors)
    return math.sqrt(float(np.sum(along**2 / np.maximum(values, EPS * values[-1]))))


def _absorbed_length(found: LinearFit, kept: NDArray[np.int64], apart: Array) -> float:
    """The same where a feature's levels are eliminated.

    There σ²·C⁻¹ = (XᵀX + λD)·(XᵀX)⁻¹·(XᵀX + λD) = XᵀX + 2λD + λ²·D·(XᵀX)⁻¹·D, D zero for the intercept.
    """
    fit, total = found.fit, found.whole_factor
    levels: Levels = total.levels
    block = range(levels.place, levels.place + levels.number)
    others = [place for place in kept.tolist() if place not in block]
    arrow = Arrow(total, others, found.references[levels.key] - levels.place, 0.0)
    theta, gamma = apart[levels.place : levels.place + levels.number], apart[others]
    effects, rest = arrow.product(theta, gamma)
    squares = theta @ effects + gamma @ rest
    if fit.penalty:
        drawn = np.concatenate([[0.0], gamma[1:]])
        root = arrow.remaining(0.0)[:-1, :-1]
        there, beside = arrow.inverse_product(theta, drawn, root)
        squares += 2 * fit.penalty * (theta @ theta + drawn @ drawn)
        squares += fit.penalty**2 * (theta @ there + drawn @ beside)
    return math.sqrt(squares) / fit.sigma if isinstance(fit, LeastSquaresFit) else math.nan
