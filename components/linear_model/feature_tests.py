"""Tests of whole features: the columns that a feature gives are tested together, from the factor or the covariance alone.

A level's own t says whether it differs from the reference, and changes with it. That all coefficients of a feature are 0 is one
hypothesis whatever the reference. Wald's statistic is W = bₛᵀ·Vₛₛ⁻¹·bₛ, s the feature's q columns, V the covariance of b.

  least squares: F = W/q on q and the residuals' degrees of freedom: what leaving the feature out adds to the residual sum of
    squares, by q and by σ². With treatment contrasts R's `car::Anova(type=3)` and statsmodels' `anova_lm(typ=3)` have the same.
  other families: W, of the χ² law with q degrees of freedom; where the dispersion is estimated, F as above.

Sources: Seber and Lee 2003, Linear Regression Analysis, §4.3; of GVIF Fox and Monette 1992, Generalized Collinearity Diagnostics,
Journal of the American Statistical Association 87.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from components.linear_model.factors import triangle
from components.linear_model.inference import LeastSquaresFit
from components.linear_model.joint_test import JointTest, joint_test, quotient
from components.linear_model.linear_fit import LinearFit
from components.linear_model.solve import merged

Array = NDArray[np.float64]

PENALISED = "coefficients that a penalty or a prior draws to 0 have no test of a whole feature"
SINGULAR = "the covariance is too near to a singular one for tests of whole features"


@dataclasses.dataclass(frozen=True)
class FeatureTest:
    """Of all columns of a feature.

    Attributes:
      feature: its name.
      test: None where none of its columns has a coefficient of its own: the others give them.
      partial_r_squared: of least squares, what part of the residuals' sum of squares without the feature it takes away; else None.
      gvif: by how much the others' columns blow up the (generalised) variance of the coefficients; of one column the variance
        inflation factor. None as `test`.
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
        less the deviance. None without columns.
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
    kept = np.flatnonzero(~np.isnan(np.diag(fit.covariance)))[1:]
    try:
        information, covariance = _roots(found, kept)
    except np.linalg.LinAlgError:
        return FeatureTests([], None, SINGULAR)
    beta, residual = fit.coefficients[kept], fit.test_degrees_of_freedom
    squares = (fit.sigma**2, fit.residual_sum_of_squares) if isinstance(fit, LeastSquaresFit) else None
    tests = []
    for feature, columns in feature_columns(found).items():
        mine = np.flatnonzero(np.isin(kept, columns))
        if not len(mine):
            tests.append(FeatureTest(feature, None, None, None))
            continue
        root = triangle(covariance[mine].T)
        explained = float(np.sum(solve_triangular(root, beta[mine], trans="T") ** 2))
        volumes = np.log(np.abs(np.diag(root))) + np.log(np.abs(np.diag(triangle(information[:, mine]))))
        tests.append(
            FeatureTest(
                feature,
                joint_test(explained, 1.0 if squares is None else squares[0], len(mine), residual),
                None if squares is None else quotient(explained, explained + squares[1]),
                float(np.exp(2 * np.sum(volumes))),
            )
        )
    return FeatureTests(tests, _overall(found, len(kept)))


def feature_columns(found: LinearFit) -> dict[str, list[int]]:
    """The places of each feature's columns, the intercept's being 0; offsets are not among them."""
    columns: dict[str, list[int]] = {}
    for place, term in found.design.places():
        if not term.offset:
            columns.setdefault(term.feature, []).extend(range(place, place + term.width))
    return columns


def _roots(found: LinearFit, kept: NDArray[np.int64]) -> tuple[Array, Array]:
    """R and M [q, q] of the q columns with a coefficient, the intercept taken out: M·Mᵀ is their covariance, of least squares
    by σ², and RᵀR its inverse.

    Of least squares both come from the triangular factor, so that the condition number is not squared; of other families from
    the covariance, which is brought to a diagonal of 1 first.

    Raises:
      LinAlgError: the covariance is singular to rounding.
    """
    if isinstance(found.fit, LeastSquaresFit):
        root = triangle(merged(found.fold_factors).square()[:, [0, *kept]])[1:, 1:]
        return root, np.asarray(solve_triangular(root, np.eye(len(kept))))
    covariance = found.fit.covariance[np.ix_(kept, kept)]
    sizes = np.sqrt(np.diag(covariance))
    lower = np.linalg.cholesky(covariance / np.outer(sizes, sizes))
    return np.asarray(solve_triangular(lower, np.diag(1 / sizes), lower=True)), sizes[:, None] * lower


def _overall(found: LinearFit, columns: int) -> JointTest | None:
    """That all coefficients but the intercept's are 0; None where there are no others."""
    fit, residual = found.fit, found.fit.test_degrees_of_freedom
    if not columns:
        return None
    if isinstance(fit, LeastSquaresFit):
        return joint_test(fit.total_sum_of_squares - fit.residual_sum_of_squares, fit.sigma**2, columns, residual)
    return joint_test(fit.null_deviance - fit.deviance, fit.dispersion, columns, residual)
