"""Least squares with bounds on the coefficients, and on differences of neighbours, by a finite active-set method.

    min ‖A·β − z‖²    l ≤ γ ≤ u,   γⱼ = βⱼ, or βⱼ − βᵢ where column j comes after column i

A chain of such differences says that levels have an order. Coefficients are on a bound or free; the free ones are solved by QR, a
step that would leave the bounds ends at the first of them, and of those on a bound the one whose gradient most wants inwards is
let go (Lawson and Hanson 1974, Solving Least Squares Problems, ch. 23; Stark and Parker 1995, Bounded-variable least-squares,
Computational Statistics 10). The error only falls, and no set of bounds comes twice, so that it ends. What Karush, Kuhn and Tucker
ask of an optimum, and to how little it is missed, is the certificate (`Solved.kkt`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from components.errors import DataError
from components.linear_model.factors import triangle
from components.linear_model.rank import independent_columns

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

EPS = float(np.finfo(np.float64).eps)
NONE = -1  # in `Bounds.after`: the coefficient itself is bounded
MOST_ROUNDS = 20  # a column, and as many more


@dataclasses.dataclass(frozen=True)
class Bounds:
    """What coefficients may be; those of columns as they are fitted.

    Attributes:
      low, high: float64 [p], of γ; ∓infinity where there is no bound.
      after: int64 [p], which column's coefficient γⱼ is counted from: γⱼ = βⱼ − β[afterⱼ]; `NONE` for γⱼ = βⱼ.
    """

    low: Array
    high: Array
    after: NDArray[np.int64]

    @classmethod
    def simple(cls, low: Array, high: Array) -> Bounds:
        """Bounds [p] of the coefficients themselves."""
        return cls(low, high, np.full(len(low), NONE))

    @property
    def constrained(self) -> Mask:
        """[p]: which have a bound."""
        return np.isfinite(self.low) | np.isfinite(self.high)

    def of(self, columns: Sequence[int]) -> Bounds:
        """Of some of the columns [q], in their order; what one of them is counted from must be there too.

        Raises:
          ValueError: it is not.
        """
        place = {column: index for index, column in enumerate(columns)} | {NONE: NONE}
        after = [int(self.after[column]) for column in columns]
        if not set(after) <= set(place):
            raise ValueError(
                f"columns {sorted(set(after) - set(place))} are left out, and others are counted from them"
            )
        at = list(columns)
        return Bounds(self.low[at], self.high[at], np.array([place[column] for column in after], np.int64))

    def scaled(self, sizes: Array) -> Bounds:
        """Of coefficients that are multiplied by sizes [p] above 0, those of a chain all by the same."""
        return Bounds(self.low * sizes, self.high * sizes, self.after)

    def gamma(self, beta: Array) -> Array:
        """γ of coefficients, [p] both."""
        found = beta.copy()
        chained = self.after != NONE
        found[chained] -= beta[self.after[chained]]
        return found

    def beta(self, gamma: Array) -> Array:
        """Coefficients of γ, [p] both or [p, m] both: equal to the last bit where a difference is 0."""
        found = gamma.copy()
        for column in self.order():
            found[column] += found[self.after[column]]
        return found

    def order(self) -> list[int]:
        """The columns that are counted from others, each after that one."""
        chained = np.flatnonzero(self.after != NONE).tolist()
        done = set(np.flatnonzero(self.after == NONE).tolist())
        ordered: list[int] = []
        while chained:
            ready = [column for column in chained if int(self.after[column]) in done]
            ordered += ready
            done |= set(ready)
            chained = [column for column in chained if column not in done]
        return ordered

    def feasible(self, beta: Array) -> Array:
        """Coefficients [p] that keep the bounds, from any: every γ brought to its nearest bound."""
        return self.beta(np.clip(self.gamma(beta), self.low, self.high))

    def from_here(self, beta: Array) -> Bounds:
        """Of a step from some coefficients [p] that keep the bounds, to within rounding."""
        gamma = np.clip(self.gamma(beta), self.low, self.high)
        return Bounds(self.low - gamma, self.high - gamma, self.after)

    def held(self, beta: Array) -> Mask:
        """[p]: which γ are on a bound."""
        gamma = self.gamma(beta)
        return (gamma <= self.low) | (gamma >= self.high)

    def recedes(self, step: Array) -> bool:
        """Whether the bounds are kept however often a step [p] is taken from where they are."""
        gamma = self.gamma(step)
        return not bool(((gamma < 0) & np.isfinite(self.low)).any() or ((gamma > 0) & np.isfinite(self.high)).any())


@dataclasses.dataclass(frozen=True)
class Solved:
    """Bounded least squares, solved.

    Attributes:
      beta: [p].
      gamma: [p], exactly the bound where that holds.
      held: [p], which γ are on a bound.
    """

    beta: Array
    gamma: Array
    held: Mask


def solve_bounded(
    matrix: Array, label: Array, bounds: Bounds, start: Array | None = None, tolerance: float = 100 * EPS
) -> Solved:
    """Solves min ‖A·β − z‖² within bounds.

    Of columns that depend on others, those that are free at the beginning stay where they are; the error is least all the same.

    Args:
      matrix: A [m, p].
      label: z [m].
      bounds: [p].
      start: [p], coefficients near the solution, which need not keep the bounds; None for the one without them.
      tolerance: see `rank.dependences`.

    Raises:
      DataError: the bounds did not settle, which rounding alone can cause.
    """
    columns = _summed(matrix, bounds)
    norms = np.linalg.norm(columns, axis=0)
    low, high = bounds.low, bounds.high
    near = _unbounded(columns, label, norms, tolerance) if start is None else bounds.gamma(start)
    gamma = np.clip(near, low, high)
    free = _independent(columns, norms, (gamma > low) & (gamma < high), bounds.constrained, tolerance)
    noise = 10 * len(norms) * EPS * max(float(np.linalg.norm(label)), float(np.linalg.norm(columns * gamma)))
    barred: set[int] = set()  # released in vain since the last step
    for _ in range(MOST_ROUNDS * (len(norms) + 1)):
        gamma, free, moved = _inwards(columns, label, gamma, free, low, high)
        if moved:
            barred.clear()
        gradient = columns.T @ (label - columns @ gamma)
        wants = np.where(gradient > 0, gamma < high, gamma > low) & ~free & (np.abs(gradient) > noise * norms)
        wants[list(barred)] = False
        if not wants.any():
            return Solved(bounds.beta(gamma), gamma, (gamma <= low) | (gamma >= high))
        best = int(np.argmax(np.where(wants, np.abs(gradient) / np.where(norms > 0, norms, 1.0), -1.0)))
        barred.add(best)
        free[best] = True
    raise DataError(
        "model.constraints: which bounds hold did not settle. Columns that nearly depend on each other can cause it: leave "
        "features or constraints out, or set a penalty (model.l2)."
    )


def kkt_residual(matrix: Array, label: Array, rest: float, bounds: Bounds, beta: Array) -> float:
    """How far coefficients are from what Karush, Kuhn and Tucker ask of an optimum: 0 at it.

    The greatest of |aⱼᵀr| of a free γⱼ, and of what of it points inwards of one on a bound, by ‖aⱼ‖·‖r‖: a cosine. aⱼ is the
    column of γⱼ, r the residual, or √eps·‖z‖ where that is longer: what rounding leaves of labels that are fitted exactly.

    Args:
      matrix, label, bounds: as of `solve_bounded`.
      rest: what of the rows' residual is in no row of the factor.
      beta: [p], which keep the bounds.
    """
    columns, gamma = _summed(matrix, bounds), bounds.gamma(beta)
    residual = label - matrix @ beta
    length = np.hypot(np.linalg.norm(residual), rest)
    sizes = np.linalg.norm(columns, axis=0) * max(length, np.sqrt(EPS) * float(np.linalg.norm(label)))
    gradient = columns.T @ residual
    inwards = np.where(gamma <= bounds.low, np.maximum(gradient, 0), np.abs(gradient))
    inwards = np.where(gamma >= bounds.high, np.minimum(inwards, np.maximum(-gradient, 0)), inwards)
    return float(np.max(np.divide(inwards, sizes, out=np.zeros_like(sizes), where=sizes > 0), initial=0.0))


def bounded_step(matrix: Array, label: Array, bounds: Bounds, beta: Array, tolerance: float = 100 * EPS) -> Array:
    """Where the step s of least ‖A·s − z‖² leads from coefficients β within bounds, [p]: exactly on a bound that ends it.

    Args:
      matrix, label, tolerance: as of `solve_bounded`.
      bounds: of β, not of the step.
      beta: [p], which keep the bounds.
    """
    from_here = bounds.from_here(beta)
    step = solve_bounded(matrix, label, from_here, tolerance=tolerance).gamma
    gamma = np.clip(bounds.gamma(beta) + step, bounds.low, bounds.high)
    gamma = np.where(step <= from_here.low, bounds.low, np.where(step >= from_here.high, bounds.high, gamma))
    return bounds.beta(gamma)


def _summed(matrix: Array, bounds: Bounds) -> Array:
    """A·T with β = T·γ: to a column those are added that are counted from it."""
    found = matrix.copy()
    for column in reversed(bounds.order()):
        found[:, bounds.after[column]] += found[:, column]
    return found


def _unbounded(columns: Array, label: Array, norms: Array, tolerance: float) -> Array:
    """γ of least squares without bounds; 0 of columns that those before give."""
    there = np.flatnonzero(norms > 0)
    there = there[independent_columns(columns[:, there], tolerance)]
    gamma = np.zeros(len(norms))
    gamma[there] = _least_squares(columns[:, there], label)
    return gamma


def _independent(columns: Array, norms: Array, inside: Mask, constrained: Mask, tolerance: float) -> Mask:
    """Which of the columns inside their bounds are free at first: those that earlier ones don't give, unbounded ones first."""
    order = np.flatnonzero(inside & (norms > 0))
    order = order[np.argsort(constrained[order], kind="stable")]
    free = np.zeros(len(inside), bool)
    free[order[independent_columns(columns[:, order], tolerance)]] = True
    return free


def _inwards(
    columns: Array, label: Array, gamma: Array, free: Mask, low: Array, high: Array
) -> tuple[Array, Mask, bool]:
    """Least squares of the free columns; what that would take out of its bounds is put on them, until nothing is.

    Returns:
      γ, which are free, and whether γ moved.
    """
    gamma, free, moved = gamma.copy(), free.copy(), False
    while free.any():
        step = _step(columns, label, gamma, free)
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(step > 0, (high - gamma) / step, np.where(step < 0, (low - gamma) / step, np.inf))
        part = float(np.min(room))
        if part > 1:
            gamma = np.clip(gamma + step, low, high)
            # What rounding left of the step, which a second one of the residual takes.
            gamma[free] = np.clip(gamma + _step(columns, label, gamma, free), low, high)[free]
            return gamma, free & (gamma > low) & (gamma < high), True
        out = room <= part
        gamma = np.clip(gamma + part * step, low, high)
        gamma[out] = np.where(step > 0, high, low)[out]
        free &= ~out
        moved = moved or part > 0
    return gamma, free, moved


def _step(columns: Array, label: Array, gamma: Array, free: Mask) -> Array:
    """The free columns' least-squares step from γ, at their places; 0 elsewhere."""
    step = np.zeros_like(gamma)
    step[free] = _least_squares(columns[:, free], label - columns @ gamma)
    return step


def _least_squares(columns: Array, label: Array) -> Array:
    """[f], of independent columns [m, f]."""
    factor = triangle(np.column_stack([columns, label]))
    width = columns.shape[1]
    return np.asarray(solve_triangular(factor[:width, :width], factor[:width, -1]))
