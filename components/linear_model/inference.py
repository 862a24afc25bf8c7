"""A fit: coefficients, standard errors, intervals, and what they rest on."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from components.linear_model.absorbed_covariance import Covariance, variances
from components.linear_model.bounded_fit import Bounded
from components.linear_model.elastic_net import Selection
from components.linear_model.families import named

Array = NDArray[np.float64]

CLASSICAL = "classical"
PRIORS = "log-F(1,1) priors"  # the penalty's rule, where there are such


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fitted:
    """What every fit of a linear model has. The intercept, where there is one, comes first.

    Attributes:
      names: of the coefficients, [p].
      coefficients: [p]; 0 for a dropped column, 1 for an offset.
      covariance: of the coefficients, [p, p]; NaN for a column without a coefficient of its own, or on a bound. For a penalty it
        leaves the bias out of account. Where a feature's levels are absorbed, an `AbsorbedCovariance`.
      rows: whose weight is not zero.
      degrees_of_freedom: of the residuals: rows − rank, or rows − trace of the hat matrix for a penalty. Weights are R's analytic
        weights, so that a row counts once whatever its weight.
      rank: number of independent columns, those on a bound not among them.
      condition_number: in the 2-norm, of the independent columns brought to norm 1.
      dropped: columns left out: those that others give, or with a penalty those alone that are constant.
      penalty: λ of λ·‖β‖², the intercept not penalised, or α of an elastic net (`LeastSquaresFit.selection`); 0 is none.
      penalty_rule: how it was chosen.
      ridge_path: per penalty `{"l2", "cv_error"}`; empty without folds.
      cv_error: mean deviance (of least squares the mean squared error) on held-out rows at the chosen penalty; None without folds.
      shared: columns that others give and a penalty keeps: how they share what is common is the penalty's choice, not the data's.
      errors: what the covariance is: `classical`, or robust: `hc0` to `hc3`, or `cluster` (`diagnostics.meat`).
      clusters: how many there are; None of other errors.
      bounds: which bounds hold, and the certificate; None where no coefficient has one.
    """

    names: list[str]
    coefficients: Array
    covariance: Covariance
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
    shared: list[Dropped] = dataclasses.field(default_factory=list)
    errors: str = CLASSICAL
    clusters: int | None = None
    bounds: Bounded | None = None

    @property
    def penalised(self) -> bool:
        """Whether a penalty or priors draw the coefficients to 0."""
        return self.penalty != 0 or self.penalty_rule == PRIORS

    @property
    def test_degrees_of_freedom(self) -> float:
        """Of Student's t, by which coefficients are tested; infinite where the dispersion is known: then it is the normal law.

        With clusters it is their number less 1 (Cameron and Miller 2015, Journal of Human Resources 50).
        """
        return self.degrees_of_freedom if self.clusters is None else float(self.clusters - 1)

    @property
    def standard_errors(self) -> Array:
        """√ of the covariance's diagonal, [p]."""
        return np.sqrt(variances(self.covariance))

    @property
    def t_values(self) -> Array:
        """Coefficients by their standard errors, [p]: z where the dispersion is known."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.coefficients / self.standard_errors

    @property
    def p_values(self) -> Array:
        """Two-sided, by Student's t, [p]."""
        return np.asarray(2.0 * stats.t.sf(np.abs(self.t_values), self.test_degrees_of_freedom))

    def confidence_intervals(self, level: float = 0.95) -> Array:
        """Lower and upper ends, [p, 2], at a level between 0 and 1.

        Raises:
          ValueError: the level is not between 0 and 1.
        """
        if not 0.0 < level < 1.0:
            raise ValueError(f"level must be between 0 and 1; received {level}")
        half = stats.t.ppf(0.5 + level / 2.0, self.test_degrees_of_freedom) * self.standard_errors
        return np.column_stack([self.coefficients - half, self.coefficients + half])

    def to_json(self) -> dict[str, Any]:
        """All but the covariance as plain JSON."""
        value = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        del value["covariance"]
        columns = {key: [dataclasses.asdict(column) for column in value[key]] for key in ("dropped", "shared")}
        bounds = None if self.bounds is None else dataclasses.asdict(self.bounds)
        return {**value, **columns, "coefficients": self.coefficients.tolist(), "bounds": bounds}

    @classmethod
    def from_json(cls, value: dict[str, Any], covariance: Covariance) -> Self:
        """The inverse of `to_json`."""
        return cls(
            **{
                **value,
                "coefficients": np.array(value["coefficients"], np.float64),
                **{key: [Dropped.from_json(column) for column in value[key]] for key in ("dropped", "shared")},
                "covariance": covariance,
                "bounds": value.get("bounds") and Bounded.from_json(value["bounds"]),
            }
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class LeastSquaresFit(Fitted):
    """A linear least-squares fit. Its covariance is σ²·(XᵀX)⁻¹, for a penalty λ σ²·(XᵀX + λ)⁻¹·XᵀX·(XᵀX + λ)⁻¹.

    Attributes:
      residual_sum_of_squares: Σ w·(y − ŷ)².
      total_sum_of_squares: Σ w·(y − ȳ)², or Σ w·y² without an intercept.
      log_weight: Σ log w.
      refined: passes of refinement.
      selection: what an elastic net left of the columns; None without one. Then all of the covariance is NaN.
    """

    residual_sum_of_squares: float
    total_sum_of_squares: float
    log_weight: float
    refined: int
    selection: Selection | None = None

    def to_json(self) -> dict[str, Any]:
        """All but the covariance as plain JSON."""
        return {**super().to_json(), "selection": self.selection and dataclasses.asdict(self.selection)}

    @classmethod
    def from_json(cls, value: dict[str, Any], covariance: Covariance) -> Self:
        """The inverse of `to_json`."""
        selection = value.get("selection")
        return super().from_json({**value, "selection": selection and Selection(**selection)}, covariance)

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

    @property
    def log_likelihood(self) -> float | None:
        """Of normal labels, at the maximum, where σ² is the residual sum of squares by n; None with a penalty or without residuals.

        ℓ = −n/2·(log(2π·RSS/n) + 1) + ½·Σ log w, as statsmodels' WLS has it.
        """
        if self.penalised or self.residual_sum_of_squares <= 0:
            return None
        variance = self.residual_sum_of_squares / self.rows
        return 0.5 * (self.log_weight - self.rows * (math.log(2 * math.pi * variance) + 1))

    @property
    def aic(self) -> float | None:
        """Akaike's: −2ℓ + 2k, k the rank: σ is not counted, as statsmodels has it; R's is greater by 2."""
        found = self.log_likelihood
        return None if found is None else -2 * found + 2 * self.rank

    @property
    def bic(self) -> float | None:
        """Schwarz's: −2ℓ + k·log n, k as of `aic`."""
        found = self.log_likelihood
        return None if found is None else -2 * found + self.rank * math.log(self.rows)


@dataclasses.dataclass(frozen=True, kw_only=True)
class LikelihoodFit(Fitted):
    """A fit of maximum likelihood by Newton's steps. Its covariance is φ·(XᵀWX)⁻¹, W the expected information.

    Attributes:
      family: its text (`Family.text`).
      deviance: Σ w·d of all rows.
      null_deviance: that of the model that has the intercept (and the offset) alone.
      weight: Σ w.
      constant: Σ w·`Family.constant`.
      dispersion: φ: 1, or Pearson's Σ w·(y − μ)²/V(μ) by the degrees of freedom.
      pearson: Pearson's statistic by the degrees of freedom: far above 1 for counts, standard errors are too small.
      loss: mean of the family's loss at the fit.
      passes: over the rows.
      different_rows: how many rows were fitted, where equal ones were counted as one; None where they were not.
      decrement: the length of the step that the last pass would take, in standard errors: how far from the optimum the fit is.
      remaining_step: of the cross-validation at the penalty: the longest step that a fold's fit would still take, in standard
        errors; None without folds.
      remaining_on_path: the same at any penalty of the path.
    """

    family: str
    deviance: float
    null_deviance: float
    weight: float
    constant: float
    dispersion: float
    pearson: float
    loss: float
    passes: int
    decrement: float
    different_rows: int | None = None
    remaining_step: float | None = None
    remaining_on_path: float | None = None

    @property
    def test_degrees_of_freedom(self) -> float:
        """Infinite where the dispersion is known, and there are no clusters."""
        known = named(self.family).dispersion == "one" and self.clusters is None
        return math.inf if known else super().test_degrees_of_freedom

    @property
    def deviance_explained(self) -> float:
        """1 − deviance by null deviance: a pseudo-R²."""
        return 1.0 - self.deviance / self.null_deviance if self.null_deviance else math.nan

    @property
    def log_likelihood(self) -> float | None:
        """At the fit; None where the family's has no closed form. An estimated φ is deviance by total weight, as R has it."""
        family = named(self.family)
        if family.log_likelihood is None:
            return None
        dispersion = 1.0 if family.dispersion == "one" else self.deviance / self.weight
        return family.log_likelihood(self.deviance, self.weight, self.constant, dispersion)

    @property
    def aic(self) -> float | None:
        """Akaike's: −2ℓ + 2k, k the coefficients and an estimated dispersion."""
        return None if self.log_likelihood is None else -2 * self.log_likelihood + 2 * self._parameters

    @property
    def bic(self) -> float | None:
        """Schwarz's: −2ℓ + k·log n."""
        found = self.log_likelihood
        return None if found is None else -2 * found + self._parameters * math.log(self.rows)

    @property
    def _parameters(self) -> int:
        return self.rank + (named(self.family).dispersion == "estimated")
