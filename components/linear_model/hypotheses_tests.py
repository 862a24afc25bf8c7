"""Tests of linear hypotheses L·b = c, m of them, about the coefficients of a fit in raw units.

Wald: W = (Lb − c)ᵀ·(L·V·Lᵀ)⁻¹·(Lb − c), V the covariance of b, robust where the fit has it so. F = W/m on m and the residuals'
degrees of freedom, with clusters their number less 1; where the dispersion is known, W is χ² with m degrees of freedom.

Likelihood ratio, χ² with m degrees of freedom: of least squares n·log(RSS₀/RSS), 0 being the fit that the hypotheses hold in; of
other families (D₀ − D)/φ, D the deviance and φ the dispersion of the fit without them. RSS₀ − RSS is
(Lb − c)ᵀ·(L·(XᵀX)⁻¹·Lᵀ)⁻¹·(Lb − c), from the triangular factor, so that no digit is lost in a difference.

Sources: Seber and Lee 2003, Linear Regression Analysis, §4.3; McCullagh and Nelder 1989, Generalized Linear Models, §2.3. Of least
squares statsmodels' `f_test` and `compare_lr_test` have the same, and R's `car::linearHypothesis` the F.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import chdtrc

from components.linear_model.absorbed_covariance import AbsorbedCovariance, Covariance, squared_length, variances
from components.linear_model.absorbed_solve import Arrow
from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.factors import triangle
from components.linear_model.hypotheses import Hypotheses
from components.linear_model.inference import LeastSquaresFit, LikelihoodFit
from components.linear_model.joint_test import JointTest, joint_test, quotient
from components.linear_model.linear_fit import LinearFit

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class WaldTest:
    """Of hypotheses, [m].

    Attributes:
      estimates: Lb − c.
      standard_errors: of these.
      test: F or χ² of all together; NaN where the estimates' covariance is singular to rounding.
    """

    estimates: Array
    standard_errors: Array
    test: JointTest


def wald(found: LinearFit, hypotheses: Hypotheses) -> WaldTest:
    """Wald's test, by the covariance that the fit has."""
    raw, places = found.raw, hypotheses.places
    matrix, constants = hypotheses.system()
    estimates = matrix @ raw.coefficients[places] - constants
    covariance = matrix @ _of(raw.covariance, places) @ matrix.T
    errors = np.sqrt(np.diag(covariance))
    explained = squared_length(covariance, estimates)
    return WaldTest(estimates, errors, joint_test(explained, 1.0, len(estimates), raw.test_degrees_of_freedom))


def least_squares_ratio(found: LinearFit, fit: LeastSquaresFit, hypotheses: Hypotheses) -> JointTest:
    """The likelihood ratio of least squares: of sums of squares, whatever errors are asked for."""
    kept = coefficients_of(fit)
    matrix = in_scaled_units(found.design, hypotheses, kept)
    estimates = matrix @ fit.coefficients[kept] - hypotheses.system()[1]
    half = _eliminated(found, matrix, kept) if isinstance(found.factors, list) else _dense(found, matrix, kept)
    explained = float(np.sum(solve_triangular(triangle(half), estimates, trans="T") ** 2))
    ratio = fit.rows * math.log1p(quotient(explained, fit.residual_sum_of_squares))
    return _by_chi_squared(ratio, len(estimates))


def deviance_ratio(fit: LikelihoodFit, restricted: float, number: int) -> JointTest:
    """The likelihood ratio of a fit's deviance and of that with so many hypotheses."""
    return _by_chi_squared(max(quotient(restricted - fit.deviance, fit.dispersion), 0.0), number)


def coefficients_of(fit: LeastSquaresFit | LikelihoodFit) -> list[int]:
    """Places of the coefficients that were estimated, the intercept's first."""
    return np.flatnonzero(~np.isnan(variances(fit.covariance))).tolist()


def in_scaled_units(design: DesignMatrix, hypotheses: Hypotheses, kept: list[int]) -> Array:
    """A [m, q] of the kept columns' coefficients as they were fitted: A·β is L·b of raw units."""
    matrix, _ = hypotheses.system()
    wide = np.zeros((len(matrix), 1 + design.width))
    wide[:, hypotheses.places] = matrix
    intercept = wide[:, 0].copy()
    for place, term in design.places():
        if not term.levels:
            wide[:, place] = (wide[:, place] - intercept * (term.origin + term.mean)) / term.std
    return wide[:, kept]


def _dense(found: LinearFit, matrix: Array, kept: list[int]) -> Array:
    """H [q, m], HᵀH = A·(XᵀX)⁻¹·Aᵀ, A [m, q] of the kept columns."""
    upper = triangle(found.whole_factor.square()[:, kept])
    return np.asarray(solve_triangular(upper, matrix.T, trans="T"))


def _eliminated(found: LinearFit, matrix: Array, kept: list[int]) -> Array:
    """The same where a feature's levels are eliminated (`absorbed_solve` has the formula)."""
    total = found.whole_factor
    levels, places = total.levels, np.array(kept)
    of_levels = (places >= levels.place) & (places < levels.place + levels.number)
    arrow = Arrow(total, places[~of_levels].tolist(), found.references[levels.key] - levels.place, 0.0)
    named = matrix[:, of_levels]
    rows = places[of_levels] - levels.place
    others = matrix[:, ~of_levels] - named @ arrow.rows[rows, :-1]
    half = solve_triangular(arrow.remaining(0.0)[:-1, :-1], others.T, trans="T")
    return np.concatenate([half, (named / np.sqrt(arrow.weights[rows])).T])


def _by_chi_squared(statistic: float, number: int) -> JointTest:
    return JointTest(statistic, number, float(chdtrc(number, statistic)))


def _of(covariance: Covariance, places: list[int]) -> Array:
    """The covariance [k, k] of some coefficients."""
    if isinstance(covariance, AbsorbedCovariance):
        rows = covariance.rows[places]
        return np.asarray(np.diag(covariance.own[places]) + rows @ covariance.inner @ rows.T)
    return covariance[np.ix_(places, places)]
