"""The whole path of ridge penalties, and its exact cross-validation, from triangular factors alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from components.errors import DataError
from components.linear_model.factors import TriangularFactor
from components.linear_model.rank import independent_columns
from components.linear_model.singular_values import decompose

Array = NDArray[np.float64]

PATH_LENGTH = 49
PATH_SPAN = 1e-10  # least to greatest penalty above 0


class Centred:
    """The problem that is left where the intercept is not penalised.

    With the intercept as the first column, the factor's rows below the first are those of the centred columns and label.

    Rounding makes a dependent column slightly independent, which a small penalty would answer with coefficients of 10¹⁵. So each
    dependent column is taken as what the others give of it. Cutting off small singular values instead would take columns of
    small units for dependent ones.

    Attributes:
      columns: [k, q] of a factor, the intercept not among them.
      label: [k], in its terms.
    """

    def __init__(self, factor: TriangularFactor, columns: list[int], intercept: bool, tolerance: float) -> None:
        """Takes the factor of [X y], and the columns of X to use; with `intercept`, column 0 of X is all ones.

        `tolerance` says what is dependent, see `rank.dependences`.
        """
        full, first = factor.from_origin(np.zeros(len(factor.names) + 1)), int(intercept)
        self.columns: Array = full[first:, columns[first:]]
        self.label: Array = full[first:, -1]
        self._first = full[0, [*columns, -1]] if intercept else None
        independent = independent_columns(full[:, columns], tolerance)
        if len(independent) < len(columns):
            basis = np.linalg.qr(self.columns[:, [index - first for index in independent if index >= first]])[0]
            self.columns, self.label = basis.T @ self.columns, basis.T @ self.label

    def with_intercept(self, beta: Array) -> Array:
        """Coefficients [q, m] with their intercept before them, where there is one."""
        if self._first is None:
            return beta
        intercept = (self._first[-1] - self._first[1:-1] @ beta) / self._first[0]
        return np.concatenate([intercept[None, :], beta])


class RidgeSolver:
    """Solves min Σ w·(y − b − x·β)² + λ·‖β‖² for any λ; the intercept b is not penalised.

    The singular values of the centred problem give every λ at once (Golub, Van Loan, §6.1). Columns that depend on others share
    what is theirs, as the penalty has it; a penalty of 0 is the limit of small ones: the solution of least norm.
    """

    def __init__(self, factor: TriangularFactor, columns: list[int], intercept: bool, tolerance: float) -> None:
        """Arguments as of `Centred`."""
        self._centred = Centred(factor, columns, intercept, tolerance)
        self._intercept = intercept
        self._u, self.singular, self._vt = decompose(self._centred.columns)
        self._projected = self._u.T @ self._centred.label

    def coefficients(self, penalties: Array) -> Array:
        """[[1 +] q, m] coefficients for m penalties, the intercept first."""
        s = self.singular[:, None]
        damped = np.divide(s, s**2 + penalties, out=np.zeros((len(s), len(penalties))), where=s > 0)
        return self._centred.with_intercept(self._vt.T @ (damped * self._projected[:, None]))

    def degrees_of_freedom(self, penalty: float) -> float:
        """Trace of the hat matrix, the intercept's 1 among it."""
        s2 = self.singular**2
        return float(self._intercept) + float(np.sum(np.divide(s2, s2 + penalty, out=np.zeros_like(s2), where=s2 > 0)))


def squared_error(factor: TriangularFactor, columns: list[int], coefficients: Array) -> Array:
    """Σ w·(y − x·β)² over the rows that a factor stands for, of coefficients [q, m]: ‖R·(y-column − x-columns·β)‖², [m]."""
    full = factor.square()
    return np.asarray(np.sum((full[:, -1:] - full[:, columns] @ coefficients) ** 2, axis=0))


def penalties(singular: Array) -> Array:
    """The default path: 0, then powers up to ten times the square of the greatest singular value."""
    greatest = 10.0 * float(singular[0]) ** 2 if len(singular) and singular[0] > 0 else 1.0
    return np.concatenate([[0.0], np.geomspace(greatest * PATH_SPAN, greatest, PATH_LENGTH)])


@dataclasses.dataclass(frozen=True)
class CrossValidation:
    """Squared errors on held-out rows.

    Attributes:
      path: penalties, [m].
      errors: [folds, m], the mean squared error in each fold while it was held out.
      weights: [folds], sums of the folds' weights.
    """

    path: Array
    errors: Array
    weights: Array

    @property
    def mean(self) -> Array:
        """[m]: the mean squared error over all rows, every one held out once."""
        return np.asarray(self.weights @ self.errors / self.weights.sum())

    def gain(self, index: int, over: int) -> tuple[float, float]:
        """By how much the mean error of one penalty lies below another's, and the standard error of that difference.

        The folds' differences d_k are paired: what makes a fold hard for one penalty makes it hard for the other. With shares
        w_k of the weight, the difference is D = Σ w_k·d_k and its standard error √(K/(K−1)·Σ w_k²·(d_k − D)²), that of a ratio
        over K clusters (Cochran 1977, Sampling Techniques, §6.4), which for folds of equal size is s/√K. Folds share training
        rows, so that no unbiased estimate exists (Bengio, Grandvalet 2004); this is the usual one (Hastie, Tibshirani,
        Friedman, The Elements of Statistical Learning, §7.10).
        """
        shares = self.weights / self.weights.sum()
        differences = self.errors[:, over] - self.errors[:, index]
        difference = float(shares @ differences)
        folds = len(shares)
        spread = float(np.sum((shares * (differences - difference)) ** 2))
        return difference, float(np.sqrt(folds / (folds - 1) * spread))


def choose(found: CrossValidation, plain: str, error: str, not_plain: str | None) -> tuple[int, str]:
    """Which penalty `l2: auto` takes: the one of the least error, if it lowers that without one by more than a standard error.

    Args:
      found: a path that begins with 0, or has none.
      plain: what a fit without penalty is called.
      error: what the error is.
      not_plain: why there is no fit without penalty; None where there is.

    Returns:
      Its index, and in words why.
    """
    folds, first = len(found.weights), int(found.path[0] == 0)
    count = len(found.path) - first
    best = first + int(np.argmin(found.mean[first:]))
    if not_plain is not None:
        return best, f"least {error} of {folds}-fold cross-validation, of {count} penalties; {not_plain}"
    gain, standard_error = found.gain(best, over=0)
    if gain <= 0:
        return 0, f"{plain}: none of {count} penalties lowers the {folds}-fold error"
    share = 100.0 / float(found.mean[0])
    what = f"of {count} penalties the best lowers the {folds}-fold error by {gain * share:.2g} %"
    than = f"one standard error of that difference ({standard_error * share:.2g} %)"
    return (best, f"{what}, more than {than}") if gain > standard_error else (0, f"{plain}: {what}, less than {than}")


@dataclasses.dataclass(frozen=True)
class Chosen:
    """A penalty, and how it came about.

    Attributes:
      l2: λ.
      rule: how it was chosen, in words.
      path: per penalty `{"l2", "cv_error"}`; empty without folds.
      cv_error: at the penalty; None without folds.
    """

    l2: float
    rule: str
    path: list[dict[str, float]]
    cv_error: float | None


def choose_penalty(
    l2: float | Literal["auto"],
    weights: list[float],
    default: Callable[[], Array],
    errors: Callable[[int, Array], Array],
    saturated: bool,
) -> Chosen:
    """The penalty, and with folds the cross-validated path, whatever it is.

    Args:
      l2: as `solve.Settings` has it.
      weights: of the folds' rows.
      default: the path where nothing else is asked for.
      errors: from a fold's index and a path [m] the mean squared errors [m] on its rows of fits of all others'.
      saturated: whether there are too few rows for a fit without penalty.

    Raises:
      DataError: `l2: auto` without at least two folds that hold rows.
    """
    given = None if l2 == "auto" else float(l2)
    held = [index for index, weight in enumerate(weights) if weight > 0]
    if len(held) < 2:
        if given is None:
            raise DataError("l2: auto needs at least two folds that hold rows. Set folds, or give l2 as a number.")
        return Chosen(given, "given", [], None)
    grid = default()
    if given is not None and given not in grid:
        grid = np.sort(np.append(grid, given))
    found = CrossValidation(
        grid, np.array([errors(index, grid) for index in held]), np.array([weights[index] for index in held])
    )
    rule, chosen = "given", 0 if given is None else int(np.flatnonzero(grid == given)[0])
    if given is None:
        why = "there are too few rows for ordinary least squares" if saturated else None
        chosen, rule = choose(found, "ordinary least squares", "mean squared error", why)
    path = [{"l2": float(at), "cv_error": float(error)} for at, error in zip(grid, found.mean, strict=True)]
    return Chosen(float(grid[chosen]), rule, path, float(found.mean[chosen]))


def without(
    folds: list[TriangularFactor], index: int, columns: list[int], intercept: bool, path: Array, tolerance: float
) -> Array:
    """The coefficients [q, m] of the rows of all folds but one, for each penalty.

    Factors merge to the training factor: no row is read again, and nothing is approximated. A column that the training rows leave
    empty, or that others give there, is handled as `RidgeSolver` says.

    Args:
      folds: one factor a fold, of [X y].
      index: of the one that is held out.
      columns: of X, to use.
      intercept: whether column 0 of X is all ones.
      path: penalties, [m].
      tolerance: see `rank.dependences`.
    """
    return RidgeSolver(training_factor(folds, index), columns, intercept, tolerance).coefficients(path)


def training_factor(folds: list[TriangularFactor], index: int) -> TriangularFactor:
    """The factor of the rows of all folds but one."""
    training = TriangularFactor(folds[index].names, intercept=folds[index].intercept)
    for fold in folds[:index] + folds[index + 1 :]:
        training.merge(fold)
    return training
