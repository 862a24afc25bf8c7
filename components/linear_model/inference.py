"""What a triangular factor says: coefficients, standard errors, intervals, and what they rest on."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Dropped:
    """A column that others give: left out, or kept by a penalty.

    Attributes:
      column: its place among all columns.
      because: in words and raw units.
      on: place of each column it depends on, and the factor: column = Σ factor · other; empty for a column of zeros.
    """

    column: int
    because: str
    on: dict[int, float]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Dropped:
        """The inverse of `dataclasses.asdict` and JSON, which has texts for keys."""
        return cls(value["column"], value["because"], {int(other): factor for other, factor in value["on"].items()})


@dataclasses.dataclass(frozen=True)
class LeastSquaresFit:
    """A linear least-squares fit. The intercept, where there is one, comes first.

    Attributes:
      names: of the coefficients, [p].
      coefficients: [p]; 0 for a dropped column.
      covariance: of the coefficients, [p, p]: σ²·(XᵀX)⁻¹ for ordinary least squares; for a penalty λ
        σ²·(XᵀX + λ)⁻¹·XᵀX·(XᵀX + λ)⁻¹, which leaves the bias out of account. NaN for a dropped column.
      residual_sum_of_squares: Σ w·(y − ŷ)².
      total_sum_of_squares: Σ w·(y − ȳ)², or Σ w·y² without an intercept.
      rows: whose weight is not zero.
      degrees_of_freedom: of the residuals: rows − rank, or rows − trace of the hat matrix for a penalty. Weights are R's analytic
        weights, so that a row counts once whatever its weight.
      rank: number of independent columns.
      condition_number: in the 2-norm, of the independent columns brought to norm 1.
      dropped: columns left out: those that others give, or with a penalty those alone that are constant.
      penalty: λ of λ·‖β‖², the intercept not penalised; 0 is ordinary least squares.
      penalty_rule: how λ was chosen.
      ridge_path: per penalty `{"l2", "cv_error"}`; empty without folds.
      cv_error: mean squared error on held-out rows at the chosen penalty; None without folds.
      refined: passes of refinement.
      shared: columns that others give and a penalty keeps: how they share what is common is the penalty's choice, not the data's.
    """

    names: list[str]
    coefficients: Array
    covariance: Array
    residual_sum_of_squares: float
    total_sum_of_squares: float
    rows: int
    degrees_of_freedom: float
    rank: int
    condition_number: float
    intercept: bool
    dropped: list[Dropped]
    penalty: float
    penalty_rule: str
    ridge_path: list[dict[str, float]]
    cv_error: float | None
    refined: int
    shared: list[Dropped] = dataclasses.field(default_factory=list)

    @property
    def standard_errors(self) -> Array:
        """√ of the covariance's diagonal, [p]."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def t_values(self) -> Array:
        """Coefficients by their standard errors, [p]."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.coefficients / self.standard_errors

    @property
    def p_values(self) -> Array:
        """Two-sided, by Student's t with the residuals' degrees of freedom, [p]."""
        return np.asarray(2.0 * stats.t.sf(np.abs(self.t_values), self.degrees_of_freedom))

    def confidence_intervals(self, level: float = 0.95) -> Array:
        """Lower and upper ends, [p, 2], at a level between 0 and 1.

        Raises:
          ValueError: the level is not between 0 and 1.
        """
        if not 0.0 < level < 1.0:
            raise ValueError(f"level must be between 0 and 1; received {level}")
        half = stats.t.ppf(0.5 + level / 2.0, self.degrees_of_freedom) * self.standard_errors
        return np.column_stack([self.coefficients - half, self.coefficients + half])

    @property
    def sigma(self) -> float:
        """Standard deviation of the residuals, in units of the label; NaN without degrees of freedom."""
        if self.degrees_of_freedom <= 0:
            return float("nan")
        return float(np.sqrt(self.residual_sum_of_squares / self.degrees_of_freedom))

    @property
    def r_squared(self) -> float:
        """1 − residual by total sum of squares."""
        if self.total_sum_of_squares == 0:
            return float("nan")
        return 1.0 - self.residual_sum_of_squares / self.total_sum_of_squares

    @property
    def adjusted_r_squared(self) -> float:
        """R² with both sums divided by their degrees of freedom."""
        if self.degrees_of_freedom <= 0:
            return float("nan")
        return 1.0 - (1.0 - self.r_squared) * (self.rows - self.intercept) / self.degrees_of_freedom

    def to_json(self) -> dict[str, Any]:
        """All but the covariance as plain JSON."""
        return {
            "names": self.names,
            "coefficients": self.coefficients.tolist(),
            "residual_sum_of_squares": self.residual_sum_of_squares,
            "total_sum_of_squares": self.total_sum_of_squares,
            "rows": self.rows,
            "degrees_of_freedom": self.degrees_of_freedom,
            "rank": self.rank,
            "condition_number": self.condition_number,
            "intercept": self.intercept,
            "dropped": [dataclasses.asdict(column) for column in self.dropped],
            "penalty": self.penalty,
            "penalty_rule": self.penalty_rule,
            "ridge_path": self.ridge_path,
            "cv_error": self.cv_error,
            "refined": self.refined,
            "shared": [dataclasses.asdict(column) for column in self.shared],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any], covariance: Array) -> LeastSquaresFit:
        """The inverse of `to_json`."""
        return cls(
            **{
                **value,
                "coefficients": np.array(value["coefficients"], np.float64),
                **{key: [Dropped.from_json(column) for column in value[key]] for key in ("dropped", "shared")},
                "covariance": covariance,
            }
        )
