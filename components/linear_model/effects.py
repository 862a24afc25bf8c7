"""What each feature of a fitted model does: how much of the variance of η it brings, and how η changes along its values."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.linear_model.absorbed_covariance import AbsorbedCovariance, Covariance
from components.linear_model.absorbed_factor import AbsorbedFactor
from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.factors import TriangularFactor
from components.linear_model.looked_up import LookedUpRows
from components.linear_model.portable import PortableModel
from components.linear_model.scoring import transformed_columns

Array = NDArray[np.float64]


def variance_shares(factor: TriangularFactor | AbsorbedFactor, coefficients: Array) -> Array:
    """Each column's share of the variance of η = X·b over the rows: Cov(x_j·b_j, η)/Var(η).

    Of least squares it is b_j·sd(x_j)/sd(y)·r_j/R², r_j the column's correlation with the label: Pratt's measure (Pratt 1987,
    "Dividing the indivisible"). Shares add up to 1; that of a column whose contribution runs against η is below 0.

    Args:
      factor: of [1 X y] of all rows, as they weigh in the table.
      coefficients: [1 + p], the intercept's first.

    Returns:
      float64 [1 + p], 0 for the intercept; NaN where η does not vary.
    """
    along = (_along_absorbed if isinstance(factor, AbsorbedFactor) else _along)(factor, coefficients)
    parts = coefficients * along
    parts[0] = 0.0
    variance = float(parts.sum())
    return parts / variance if variance > 0 else np.full(len(parts), np.nan)


def _along(factor: Any, coefficients: Array) -> Array:
    """S·b of the columns, [1 + p]; S their products less their means."""
    centred = factor.square()[1:, :-1]
    return np.asarray(centred.T @ (centred @ coefficients))


def _along_absorbed(factor: Any, coefficients: Array) -> Array:
    """As `_along`, the levels by their weights and the other columns' means in them."""
    others = [0, *factor.others]
    levels = slice(factor.levels.place, factor.levels.place + factor.levels.number)
    own, by_level = coefficients[levels], factor.by_level
    rows = factor.by_rows()
    means = by_level @ rows / by_level.sum()
    gaps = (rows - means * rows[:, :1])[:, 1:-1]  # of the other columns, by level
    found = np.zeros(len(coefficients))
    found[others] = _along(factor.without_levels(), coefficients[others])
    found[factor.others] += gaps.T @ (by_level * own)
    found[levels] = by_level * (gaps @ coefficients[factor.others] + own - by_level @ own / by_level.sum())
    return found


def columns_along(model: PortableModel, feature: str, column: str, values: Sequence[Any]) -> LookedUpRows:
    """What a feature's columns are, less their means over the training rows, along values of one of its raw columns.

    Args:
      model: the parsed model.json.
      feature: one of numbers, so that no column of it is looked up.
      column: of a table.
      values: [n], raw.

    Returns:
      Rows [n] of its columns alone: times the coefficients they are the feature's contributions.
    """
    [entry] = [entry for entry in model.features if entry["name"] == feature]
    rows: dict[str, Sequence[Any]] = {name: [None] * len(values) for name in entry["columns"]}
    rows[column] = values
    own = DesignMatrix(tuple(term for term in model.design.terms if term.feature == feature))
    numbers = own.dense(transformed_columns(dataclasses.replace(model, features=[entry]), rows))
    places = model.layout.places[model.layout.features[feature].numbers]
    return LookedUpRows(places, numbers - model.means[places], [])


def difference(one: LookedUpRows, other: LookedUpRows) -> LookedUpRows:
    """One less another, of rows without columns that are looked up."""
    return LookedUpRows(one.places, one.numbers - other.numbers, [])


def contrast_variance(covariance: Covariance, one: int, other: int) -> float:
    """The variance of the difference of two coefficients, by their places; a column without one has the variance 0."""
    if isinstance(covariance, AbsorbedCovariance):
        apart = covariance.rows[one] - covariance.rows[other]
        return float(covariance.own[one] + covariance.own[other] + apart @ covariance.inner @ apart)
    return float(covariance[one, one] + covariance[other, other] - 2 * covariance[one, other])
