"""The whole path of ridge penalties, and its exact cross-validation, from triangular factors alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.least_squares.tsqr import TriangularFactor

Array = NDArray[np.float64]

PATH_LENGTH = 49
PATH_SPAN = 1e-10  # least to greatest penalty above 0


class RidgeSolver:
    """Solves min Σ w·(y − b − x·β)² + λ·‖β‖² for any λ; the intercept b is not penalised.

    With the intercept as the first column, the factor's rows below the first are those of the centred problem. Its singular
    values give every λ at once (Golub, Van Loan, §6.1).
    """

    def __init__(self, factor: TriangularFactor, columns: list[int], intercept: bool) -> None:
        """Takes the factor of [X y], and the columns of X to use; with `intercept`, column 0 of X is all ones."""
        self._full = factor.square()
        self._columns = columns
        self._intercept = intercept
        first = int(intercept)
        penalised = columns[first:]
        self._u, self.singular, self._vt = np.linalg.svd(self._full[first:, penalised], full_matrices=False)
        self._projected = self._u.T @ self._full[first:, -1]

    def coefficients(self, penalty: float) -> Array:
        """[1 +] q coefficients, the intercept first."""
        s = self.singular
        damped = np.divide(s, s**2 + penalty, out=np.zeros_like(s), where=s > 0)
        beta = self._vt.T @ (damped * self._projected)
        if not self._intercept:
            return beta
        first = self._full[0]
        intercept = (first[-1] - first[self._columns[1:]] @ beta) / first[0]
        return np.concatenate([[intercept], beta])

    def degrees_of_freedom(self, penalty: float) -> float:
        """Trace of the hat matrix, the intercept's 1 among it."""
        s2 = self.singular**2
        return float(self._intercept) + float(np.sum(np.divide(s2, s2 + penalty, out=np.zeros_like(s2), where=s2 > 0)))


def squared_error(factor: TriangularFactor, columns: list[int], coefficients: Array) -> float:
    """Σ w·(y − x·β)² over the rows that a factor stands for: ‖R·(y-column − x-columns·β)‖²."""
    full = factor.square()
    return float(np.sum((full[:, -1] - full[:, columns] @ coefficients) ** 2))


def penalties(singular: Array) -> Array:
    """The default path: 0, then powers up to ten times the square of the greatest singular value."""
    greatest = 10.0 * float(singular[0]) ** 2 if len(singular) and singular[0] > 0 else 1.0
    return np.concatenate([[0.0], np.geomspace(greatest * PATH_SPAN, greatest, PATH_LENGTH)])


def cross_validate(folds: list[TriangularFactor], columns: list[int], intercept: bool, path: Array) -> Array:
    """Mean squared error on held-out rows, for each penalty.

    Every fold is held out once; the factors of the others merge to the training factor, and the held-out error comes from
    the held-out factor. No row is read again, and nothing is approximated.

    Args:
      folds: one factor a fold, of [X y].
      columns: of X, to use.
      intercept: whether column 0 of X is all ones.
      path: penalties, [m].

    Returns:
      float64 [m]: errors summed over all folds, by the sum of the weights.
    """
    errors = np.zeros(len(path))
    for held_out in range(len(folds)):
        training = TriangularFactor(folds[0].names, intercept=intercept)
        for index, fold in enumerate(folds):
            if index != held_out:
                training.merge(fold)
        solver = RidgeSolver(training, columns, intercept)
        errors += [squared_error(folds[held_out], columns, solver.coefficients(penalty)) for penalty in path]
    return errors / sum(fold.weight for fold in folds)


def fold_of_rows(x: NDArray[np.generic], y: NDArray[np.generic], folds: int) -> NDArray[np.int64]:
    """A row's fold, by a hash of its values: the same wherever and in whatever order the row is read.

    Args:
      x: [n, p].
      y: [n].
      folds: how many.

    Returns:
      int64 [n], 0 to folds − 1. Rows that are equal share a fold.
    """
    values = np.column_stack([x, y]).astype(np.float64) + 0.0  # −0 is 0
    bits = np.ascontiguousarray(values).view(np.uint64)
    state = np.full(len(bits), 0x9E3779B97F4A7C15, np.uint64)
    for column in range(bits.shape[1]):  # splitmix64 (Steele, Lea, Flood 2014) over the columns
        state = (state ^ bits[:, column]) + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return (state % np.uint64(folds)).astype(np.int64)
