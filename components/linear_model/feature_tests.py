"""Tests of whole features: the columns that a feature gives are tested together, from the factor or the covariance alone.

A level's own t says whether it differs from the reference, and changes with it. That all coefficients of a feature are 0 is one
hypothesis whatever the reference. Wald's statistic is W = bₛᵀ·Vₛₛ⁻¹·bₛ, s the feature's q columns, V the covariance of b.

  least squares: F = W/q on q and the residuals' degrees of freedom: what leaving the feature out adds to the residual sum of
    squares, by q and by σ². With treatment contrasts R's `car::Anova(type=3)` and statsmodels' `anova_lm(typ=3)` have the same.
  other families: W, of the χ² law with q degrees of freedom; where the dispersion is estimated, F as above.
  robust errors (`Fitted.errors`): the same with the robust covariance for V, for the residuals' degrees of freedom those of the
    errors: of clusters their number less 1. So is the test of all features together.

Where coefficients are on bounds, the tests are of the others, as if the held ones were known: levels that a bound makes equal are
one column.

Sources: Seber and Lee 2003, Linear Regression Analysis, §4.3; of GVIF Fox and Monette 1992, Generalized Collinearity Diagnostics,
Journal of the American Statistical Association 87.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from components.linear_model.absorbed_covariance import AbsorbedCovariance, squared_length, variances
from components.linear_model.absorbed_factor import AbsorbedFactor
from components.linear_model.absorbed_solve import Arrow
from components.linear_model.factors import triangle
from components.linear_model.inference import CLASSICAL, LeastSquaresFit
from components.linear_model.joint_test import JointTest, joint_test, quotient
from components.linear_model.linear_fit import LinearFit

Array = NDArray[np.float64]
Places = NDArray[np.int64]

PENALISED = "coefficients that a penalty or a prior draws to 0 have no test of a whole feature"
SINGULAR = "the covariance is too near to a singular one for tests of whole features"


@dataclasses.dataclass(frozen=True)
class FeatureTest:
    """Of all columns of a feature.

    Attributes:
      feature: its name.
      test: None where none of its columns has a coefficient of its own: the others give them. NaN where the robust covariance of
        its coefficients is singular, as with no more clusters than it has columns.
      partial_r_squared: of least squares with classical errors, what part of the residuals' sum of squares without the feature it
        takes away; else None.
      gvif: by how much the others' columns blow up the (generalised) variance of the coefficients, whatever the errors; of one
        column the variance inflation factor. None as `test`, and of other families with robust errors, which leave no classical
        covariance to tell it by.
    """

    feature: str
    test: JointTest | None
    partial_r_squared: float | None
    gvif: float | None

    @property
    def gvif_root(self) -> float | None:
        """GVIF^(1/(2·df)): comparable between features, by how much a standard error is longer; of one column √VIF."""
        if self.gvif is None or self.test is None:
            return None
        return float(self.gvif ** (0.5 / self.test.degrees_of_freedom))


@dataclasses.dataclass(frozen=True)
class FeatureTests:
    """Tests of a model's features.

    Attributes:
      features: in the configuration's order; offsets have none.
      overall: that all coefficients but the intercept's are 0: of least squares by the sums of squares, else by the null deviance
        less the deviance; with robust errors Wald's. None without columns.
      because: why there is none; None where there are.
    """

    features: list[FeatureTest]
    overall: JointTest | None
    because: str | None = None


def feature_tests(found: LinearFit) -> FeatureTests:
    """Tests each feature, and all together, without a look at a row.

    Args:
      found: a fit, with an intercept.

    Returns:
      The tests; none, with the reason, of a fit with a penalty or a prior, and where the covariance is nearly singular.
    """
    fit = found.fit
    if fit.penalised:
        return FeatureTests([], None, PENALISED)
    kept = np.flatnonzero(~np.isnan(variances(fit.covariance)))[1:]
    if fit.errors != CLASSICAL:
        return _robust(found, kept)
    try:
        together = _Absorbed(found, kept) if isinstance(found.factors, list) else _Dense(found, kept)
    except np.linalg.LinAlgError:
        return FeatureTests([], None, SINGULAR)
    residual = fit.test_degrees_of_freedom
    squares = (fit.sigma**2, fit.residual_sum_of_squares) if isinstance(fit, LeastSquaresFit) else None

    def tested(feature: str, mine: Places) -> FeatureTest:
        explained, log_gvif = together.tested(mine)
        return FeatureTest(
            feature,
            joint_test(explained, 1.0 if squares is None else squares[0], len(mine), residual),
            None if squares is None else quotient(explained, explained + squares[1]),
            float(np.exp(log_gvif)),
        )

    return FeatureTests(_each(found, kept, tested), _overall(found, len(kept)))


def _each(found: LinearFit, kept: Places, tested: Callable[[str, Places], FeatureTest]) -> list[FeatureTest]:
    """The test of each feature by its columns that have a coefficient; None where it has none."""
    mine = {feature: kept[np.isin(kept, columns)] for feature, columns in found.design.by_feature().items()}
    return [
        tested(feature, places) if len(places) else FeatureTest(feature, None, None, None)
        for feature, places in mine.items()
    ]


def _robust(found: LinearFit, kept: Places) -> FeatureTests:
    """Wald's tests with a robust covariance."""
    fit, covariance = found.fit, found.fit.covariance
    classical: _Absorbed | _Dense | None = None
    if isinstance(fit, LeastSquaresFit):
        classical = _Absorbed(found, kept) if isinstance(found.factors, list) else _Dense(found, kept)

    def wald(mine: Places) -> JointTest:
        beta = fit.coefficients[mine]
        if isinstance(covariance, AbsorbedCovariance):
            explained = covariance.squared_length(mine, beta)
        else:
            explained = squared_length(covariance[np.ix_(mine, mine)], beta)
        return joint_test(explained, 1.0, len(mine), fit.test_degrees_of_freedom)

    def tested(feature: str, mine: Places) -> FeatureTest:
        gvif = None if classical is None else float(np.exp(classical.tested(mine)[1]))
        return FeatureTest(feature, wald(mine), None, gvif)

    overall = wald(kept) if len(kept) and not _held_elsewhere(found) else None
    return FeatureTests(_each(found, kept, tested), overall)


class _Dense:
    """Of factors and a covariance with all columns.

    R and M [q, q] are of the q columns with a coefficient, the intercept taken out: M·Mᵀ is their covariance, of least squares by
    σ², and RᵀR its inverse. Of least squares both come from the triangular factor, so that the condition number is not squared; of
    other families from the covariance, which is brought to a diagonal of 1 first.
    """

    def __init__(self, found: LinearFit, kept: Places) -> None:
        """Takes the places of the columns with a coefficient.

        Raises:
          LinAlgError: the covariance is singular to rounding.
        """
        self._kept, self._beta = kept, found.fit.coefficients
        if isinstance(found.fit, LeastSquaresFit):
            columns = [0, *kept.tolist()]
            square = found.whole_factor.square()
            bounds = found.fit.bounds
            if bounds is not None:
                square = square[:, :-1] @ bounds.merging(len(square) - 1)
            self._information = triangle(square[:, columns])[1:, 1:]
            self._covariance = np.asarray(solve_triangular(self._information, np.eye(len(kept))))
            return
        covariance = np.asarray(found.fit.covariance)[np.ix_(kept, kept)]
        sizes = np.sqrt(np.diag(covariance))
        lower = np.linalg.cholesky(covariance / np.outer(sizes, sizes))
        self._information = np.asarray(solve_triangular(lower, np.diag(1 / sizes), lower=True))
        self._covariance = sizes[:, None] * lower

    def tested(self, mine: Places) -> tuple[float, float]:
        """bₛᵀ·Vₛₛ⁻¹·bₛ and log GVIF of some of the columns, by their places."""
        at = np.searchsorted(self._kept, mine)
        root = triangle(self._covariance[at].T)
        return _explained(root, self._beta[mine]), 2 * (_log_volume(root) + _log_volume(self._information[:, at]))


class _Absorbed:
    """Of factors of which a feature's levels are eliminated.

    What the levels explain is what the other columns leave of their effects; their GVIF is that of all others together.
    """

    def __init__(self, found: LinearFit, kept: Places) -> None:
        self._total: AbsorbedFactor = found.whole_factor
        self._beta, levels = found.fit.coefficients, self._total.levels
        self._levels = range(levels.place, levels.place + levels.number)
        self._others = [place for place in kept.tolist() if place not in self._levels]
        reference = found.references[levels.key] - levels.place
        self._whole = self._total.without_levels().factor
        self._arrow = Arrow(self._total, [0, *self._others], reference, 0.0)
        self._remaining = self._arrow.remaining(0.0)[:-1, :-1]

    def _plain(self, places: list[int]) -> Array:
        """The factor of the intercept and some of the others, as if there were no levels."""
        at = [self._total.others.index(place) + 1 for place in places]
        return triangle(self._whole[:, [0, *at]])

    def tested(self, mine: Places) -> tuple[float, float]:
        """As `_Dense.tested`."""
        own = [place for place in mine.tolist() if place not in self._levels]
        at = [1 + self._others.index(place) for place in own]
        if len(own) == len(mine):
            inverse = solve_triangular(self._remaining, np.eye(len(self._remaining)))
            root = triangle(inverse[at].T)
            return _explained(root, self._beta[mine]), 2 * (_log_volume(root) + _log_volume(self._plain(own)[1:, 1:]))
        rest = [1 + index for index, place in enumerate(self._others) if place not in own]
        arrow, beta = self._arrow, self._beta[own]
        within = np.column_stack([np.zeros(len(self._total.within)), self._total.within])
        columns = [0, *(1 + self._total.others.index(place) for place in self._others)]
        inside = within[:, columns]
        effects = self._beta[self._levels.start : self._levels.stop] + arrow.rows[:, at] @ beta
        between = np.column_stack([arrow.rows[:, [0, *rest]], effects]) * np.sqrt(self._total.by_level)[:, None]
        of_rest = np.column_stack([inside[:, [0, *rest]], inside[:, at] @ beta])
        left = triangle(np.concatenate([of_rest, between]))
        explained = float(left[-1, -1] ** 2) if len(left) == left.shape[1] else 0.0
        given = triangle(self._remaining[:, [0, *at, *rest]])[1 + len(at) :, 1 + len(at) :]
        alone = self._plain([self._others[index - 1] for index in rest])[1:, 1:]
        return explained, 2 * (_log_volume(alone) - _log_volume(given))


def _explained(root: Array, beta: Array) -> float:
    """βᵀ·(RᵀR)⁻¹·β."""
    return float(np.sum(solve_triangular(root, beta, trans="T") ** 2))


def _log_volume(columns: Array) -> float:
    """½·log det XᵀX; 0 of no columns."""
    return float(np.sum(np.log(np.abs(np.diag(triangle(columns)))))) if columns.shape[1] else 0.0


def _overall(found: LinearFit, columns: int) -> JointTest | None:
    """That all coefficients but the intercept's are 0; None where there are no others, or a bound holds one to another number."""
    fit, residual = found.fit, found.fit.test_degrees_of_freedom
    if not columns or _held_elsewhere(found):
        return None
    if isinstance(fit, LeastSquaresFit):
        return joint_test(fit.total_sum_of_squares - fit.residual_sum_of_squares, fit.sigma**2, columns, residual)
    return joint_test(fit.null_deviance - fit.deviance, fit.dispersion, columns, residual)


def _held_elsewhere(found: LinearFit) -> bool:
    """Whether a bound holds a coefficient to another number than 0."""
    bounds = found.fit.bounds
    held = [] if bounds is None else [held.column for held in bounds.held if held.like is None]
    return bool(found.fit.coefficients[held].any())
