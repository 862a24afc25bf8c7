"""Least squares with an elastic net, exactly: an active-set method on a triangular factor, from the greatest penalty downwards.

With n the rows' weight, R and z the factor of the centred columns and the label in its terms, the minimum over β of

  ‖z − R·β‖²/(2n) + α·(ρ·‖β‖₁ + (1 − ρ)/2·‖β‖²)

is where the gradient g = Rᵀ(z − Rβ) − nα(1 − ρ)·β is nαρ·sign(βⱼ) in every column with a coefficient, and within ±nαρ in the
others (the conditions of Karush, Kuhn and Tucker). Given the columns A with a coefficient and their signs s, that is a linear
system: Cholesky's factor of the columns' products solves it where their condition number is small, else that of QR, and steps of
refinement by the columns themselves (Björck 1987, "Stability analysis of the method of seminormal equations"). A step towards its
solution ends where a coefficient would change its sign: that column leaves. Where none does, those whose gradient is beyond it
enter. The sum never grows, and no pair (A, s) is solved twice but for rounding, so that the search ends with the minimum, not near
it (Osborne, Presnell, Turlach 2000, "A new approach to variable selection in least squares problems"; Lee et al. 2006, "Efficient
sparse coding algorithms"). What rounding leaves of the conditions is kept, in units of the bound.

A column that those of A give can't enter beside them where ρ is 1. It takes the place of one: along the direction in which nothing
but ‖β‖₁ changes, until a coefficient is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack, solve_triangular

from components.linear_model.factors import triangle

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
LENGTH = 100  # of the default path
SPAN = 1e-3  # its least penalty by its greatest
DEPENDENT = 1e-10  # of a column's length: what is left of one that others give
ROUNDING = 64.0  # eps that a gradient may be off, of the lengths that it is a product of
WELL = (
    1e-10  # the reciprocal of a condition number, squared, above which products of columns are as good as the columns
)
REFINED = 2  # times that a solution is
STEPS = 20  # that a column is allowed, on average; a search takes one or two


def greatest(columns: Array, label: Array, weight: float, l1_ratio: float) -> float:
    """The least α that leaves no column: max |Rᵀz|/(n·ρ); 0 without columns."""
    return float(np.abs(columns.T @ label).max(initial=0.0)) / (weight * l1_ratio)


def default_path(alpha: float) -> Array:
    """`LENGTH` penalties from the greatest, α, down to `SPAN` of it, as scikit-learn has them; where α is 0, 1 alone."""
    return np.geomspace(alpha, alpha * SPAN, LENGTH) if alpha > 0 else np.ones(1)


class PathSolver:
    """Solves for one α after the other, each from the last one's solution.

    Attributes:
      beta: [q], the last solution.
      kkt: how far its gradient is from the conditions, in units of nαρ: the largest over all columns.
    """

    def __init__(self, columns: Array, label: Array, weight: float, l1_ratio: float) -> None:
        """Takes R [k, q], z [k], n, and ρ, above 0 and at most 1."""
        if len(columns) > columns.shape[1]:
            factor = triangle(np.column_stack([columns, label]))[: columns.shape[1]]
            columns, label = factor[:, :-1], factor[:, -1]
        self._columns, self._label = columns, label
        self._weight, self._ratio = weight, l1_ratio
        self._lengths = np.linalg.norm(columns, axis=0)
        self._sizes = np.where(self._lengths > 0, self._lengths, 1.0)
        self._products = (columns / self._sizes).T @ (columns / self._sizes)
        self._towards_label = columns.T @ label
        self._length = float(np.linalg.norm(label))
        self._active: list[int] = []
        self._signs = np.zeros(columns.shape[1])
        self._system: Array | None = None  # the factor of the active columns; None: to be made
        self._ridge = 0.0  # nα(1 − ρ), with which that was made
        self.beta: Array = np.zeros(columns.shape[1])
        self.kkt = 0.0

    def solve(self, alpha: float) -> Array:
        """β [q] at a penalty above 0."""
        bound, ridge = self._weight * alpha * self._ratio, self._weight * alpha * (1.0 - self._ratio)
        if ridge != self._ridge:
            self._system, self._ridge = None, ridge
            gradient = self._gradient(self.beta)
            likely = self._beyond(gradient, bound, set())
            if likely:  # so that the system need not be made twice
                self._enter(likely, gradient)
        entered: set[int] = set()
        barred: set[int] = set()  # that left without a step: rounding alone lets them enter
        for _ in range(STEPS * (len(self.beta) + 1)):
            left = self._towards(self._stationary(bound))
            if left:
                barred |= left & entered
                continue
            if entered & set(self._active):
                barred.clear()
            gradient = self._gradient(self.beta)
            beyond = self._beyond(gradient, bound, barred)
            if not beyond:
                break
            entered = self._enter(beyond, gradient)
            barred |= set(beyond[:1]) - entered
        self.kkt = self._residual(self._gradient(self.beta), bound)
        return self.beta.copy()

    def _factor(self, columns: list[int]) -> Array:
        """The triangular factor [≤ a, a + 1] of some columns, √(nα(1 − ρ)) on a diagonal below them, and the label.

        Of columns whose condition number is small by Cholesky's factorisation of their products, else by QR.
        """
        products, sizes = self._products[np.ix_(columns, columns)], self._sizes[columns]
        products[np.diag_indices_from(products)] += self._ridge / sizes**2
        greatest_sum = np.abs(products).sum(axis=0).max()
        upper, failed = lapack.dpotrf(products.T, overwrite_a=1)
        if not failed and lapack.dpocon(upper, greatest_sum)[0] > WELL:
            upper *= sizes
            return np.column_stack([upper, solve_triangular(upper, self._towards_label[columns], trans="T")])
        stack = np.column_stack([self._columns[:, columns], self._label])
        if self._ridge:
            stack = np.concatenate([stack, np.sqrt(self._ridge) * np.eye(len(columns), len(columns) + 1)])
        return triangle(stack)[: len(columns)]

    def _stationary(self, bound: float) -> Array:
        """Where the gradient is the bound by the active columns' signs, [a]."""
        if not self._active:
            return np.zeros(0)
        if self._system is None:
            self._system = self._factor(self._active)
        upper, projected = self._system[:, :-1], self._system[:, -1]
        drawn = bound * self._signs[self._active]
        found = np.zeros(len(self.beta))
        found[self._active] = solve_triangular(upper, projected - solve_triangular(upper, drawn, trans="T"))
        for _ in range(REFINED):
            left = self._gradient(found)[self._active] - drawn
            found[self._active] += solve_triangular(upper, solve_triangular(upper, left, trans="T"))
        return found[self._active]

    def _towards(self, target: Array) -> set[int]:
        """Goes as far as no coefficient changes its sign. Returns the columns that leave there; none if the target is reached."""
        now, signs = self.beta[self._active], self._signs[self._active]
        crossing = signs * target < 0
        if not crossing.any():
            self.beta[self._active] = target
            return set()
        steps = np.full(len(now), np.inf)
        steps[crossing] = np.abs(now[crossing]) / (np.abs(now[crossing]) + np.abs(target[crossing]))
        step = float(steps.min())
        self.beta[self._active] = np.where(steps <= step, 0.0, now + step * (target - now))
        return self._leave(np.flatnonzero(steps <= step))

    def _leave(self, places: NDArray[np.int64]) -> set[int]:
        """Columns leave, by their places among the active ones. Returns them."""
        left = {self._active[place] for place in places}
        self._system = None
        self._active = [column for column in self._active if column not in left]
        return left

    def _gradient(self, beta: Array) -> Array:
        """Rᵀ(z − Rβ) − nα(1 − ρ)·β, [q]."""
        return np.asarray(self._columns.T @ (self._label - self._columns @ beta) - self._ridge * beta)

    def _beyond(self, gradient: Array, bound: float, barred: set[int]) -> list[int]:
        """The columns whose gradient is beyond the bound by more than rounding, the farthest first."""
        products = self._length + float(self._lengths @ np.abs(self.beta))
        by = np.abs(gradient) - bound - ROUNDING * EPS * self._lengths * products
        by[[*self._active, *barred]] = 0.0
        order = np.argsort(-by, kind="stable")
        return list(order[by[order] > 0].tolist())

    def _enter(self, columns: list[int], gradient: Array) -> set[int]:
        """Columns enter with the signs of their gradients: those before the first that others give; if that is the first, alone."""
        self._signs[columns] = np.sign(gradient[columns])
        count = len(self._active)
        factor = self._factor([*self._active, *columns])
        left = np.zeros(len(columns))
        left[: len(factor) - count] = np.abs(np.diag(factor)[count:])
        given = left <= DEPENDENT * np.sqrt(self._lengths[columns] ** 2 + self._ridge)
        if given[0]:
            return self._exchange(columns[0], factor[:count, : count + 1])
        entering = columns[: int(np.argmax(given))] if given.any() else columns
        self._active += entering
        self._system = factor[: len(self._active), [*range(len(self._active)), -1]]
        return set(entering)

    def _exchange(self, column: int, factor: Array) -> set[int]:
        """A column takes over from the active ones that give it, until one has nothing left. Returns it; nothing if none does."""
        weights = self._signs[column] * solve_triangular(factor[:, :-1], factor[:, -1])
        now, shrinks = self.beta[self._active], self._signs[self._active] * weights > 0
        if not shrinks.any():
            return set()
        steps = np.full(len(now), np.inf)
        steps[shrinks] = np.abs(now[shrinks]) / np.abs(weights[shrinks])
        leaves = int(np.argmin(steps))
        self.beta[self._active] = now - steps[leaves] * weights
        self.beta[self._active[leaves]], self.beta[column] = 0.0, steps[leaves] * self._signs[column]
        self._active[leaves] = column
        self._system = None
        return {column}

    def _residual(self, gradient: Array, bound: float) -> float:
        there = self.beta != 0
        off = np.where(there, np.abs(gradient - bound * np.sign(self.beta)), np.maximum(np.abs(gradient) - bound, 0.0))
        return float(off.max(initial=0.0)) / bound
