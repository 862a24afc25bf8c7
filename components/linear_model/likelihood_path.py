"""Ridge penalties of a generalised linear model by cross-validation: fits of all rows but a fold's, for every fold and penalty.

At some penalties, the anchors, the model of all rows is fitted, and its last pass leaves a factor of each fold. From the nearest
anchor each fold's fit takes one Newton step with the other folds' own factor, and then steps that keep that factor and take the
gradient alone, of all fits in one pass. The longest step that a fit would still take is told: nothing is promised beyond it.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.linear_model.blocks import Block, Pass
from components.linear_model.bounded import Bounds
from components.linear_model.bounded_path import BoundedFit
from components.linear_model.factors import triangle
from components.linear_model.families import named
from components.linear_model.ridge import CrossValidation
from components.linear_model.singular_values import decompose
from components.progress import tell

Array = NDArray[np.float64]

NULL = 1e-7  # of the greatest singular value: a direction that says less is not in a fold's training rows
ENOUGH = 1e-3  # standard errors: a fold's fit that is nearer to its optimum is not improved
SOLVED = 0.1  # standard errors: a fit that is farther from its optimum tells nothing of its penalty
MOST_PASSES = 12
TINY = 1e-300  # a penalty below all
MEMORY = 6  # earlier steps that the next one heeds


@dataclasses.dataclass(frozen=True)
class Anchor:
    """A fit of all rows, and its information by fold.

    Attributes:
      penalty: λ.
      beta: [q].
      factors: [folds, q + 1, q + 1], `NewtonPass.factors` there.
    """

    penalty: float
    beta: Array
    factors: Array


@dataclasses.dataclass(frozen=True)
class FoldFits:
    """The fits.

    Attributes:
      found: their errors on the rows held out.
      betas: [folds, m, q].
      remaining: [folds, m], the step that each would still take, in standard errors of a dispersion of 1.
      passes: over all rows.
    """

    found: CrossValidation
    betas: Array
    remaining: Array
    passes: int

    def solved(self) -> FoldFits:
        """Those penalties alone of which every fold's fit is near its optimum."""
        there = self.remaining.max(axis=0) <= SOLVED
        found = CrossValidation(self.found.path[there], self.found.errors[:, there], self.found.weights)
        return FoldFits(found, self.betas[:, there], self.remaining[:, there], self.passes)


class GradientPass:
    """Of fits of all rows but a fold's: the gradient of the log likelihood, and the deviance of that fold's rows.

    Attributes:
      gradients: [folds, m, q].
      deviances: [folds, m], weighted sums over the fold that is held out.
      weights: [folds].
    """

    by_fold = True

    def __init__(self, family: str, betas: Array) -> None:
        self._family = named(family)
        self._betas = betas
        self.gradients: Array = np.zeros(betas.shape)
        self.deviances: Array = np.zeros(betas.shape[:2])
        self.weights: Array = np.zeros(len(betas))

    def add(self, block: Block) -> Self:
        """Adds rows."""
        assert self._family.curves is not None  # noqa: S101 (families of Newton's have them)
        folds, many, width = self._betas.shape
        with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
            for fold in np.unique(block.fold):
                mine = np.flatnonzero(block.fold == fold)
                x, label, weight = block.x[mine], block.label[mine, None], block.weight[mine]
                offset = block.offset[mine, None]
                held_out = x @ self._betas[fold].T + offset
                self.deviances[fold] += weight @ self._family.deviance(label, held_out)
                self.weights[fold] += weight.sum()
                others = [index for index in range(folds) if index != fold]
                eta = x @ self._betas[others].reshape(-1, width).T + offset
                score = self._family.curves(label, eta).score * weight[:, None]
                self.gradients[others] += (score.T @ x).reshape(folds - 1, many, width)
        return self

    def merge(self, other: GradientPass) -> Self:
        """Adds other rows'."""
        self.gradients = self.gradients + other.gradients
        self.deviances = self.deviances + other.deviances
        self.weights = self.weights + other.weights
        return self

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it."""
        return {"gradients": self.gradients, "deviances": self.deviances, "weights": self.weights}

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        self.gradients, self.deviances, self.weights = (arrays[key] for key in ("gradients", "deviances", "weights"))
        return self


class Metric:
    """The penalised information H + λD of some rows at some coefficients, for any λ; D is 0 for the intercept, else 1.

    With the intercept first, the rows below the first of H's triangular factor are those of the problem without it; their singular
    values give every λ (as in `ridge.RidgeSolver`).
    """

    def __init__(self, factor: Array, intercept: bool) -> None:
        """Takes a factor [q + 1, q + 1] of √W·[X, u/h]."""
        self._first = int(intercept)
        upper = np.triu(factor[:-1, :-1])
        self._corner, self._row = float(upper[0, 0]), upper[0, 1:]  # of the intercept
        _, self._singular, self._vt = decompose(upper[self._first :, self._first :])
        self._known = (
            self._singular > NULL * max(self._singular[0], 1e-300) if len(self._singular) else np.zeros(0, bool)
        )
        self.gradient = upper.T @ factor[:-1, -1]

    def solve(self, gradient: Array, penalty: float) -> Array:
        """The step for a gradient, [q] both; none in a direction that the rows and the penalty say nothing of."""
        rest = gradient[self._first :]
        if self._first:
            rest = rest - self._row * (gradient[0] / self._corner)
        damped = np.divide(
            1.0, self._singular**2 + penalty, out=np.zeros(len(self._singular)), where=self._known | (penalty > 0)
        )
        step = self._vt.T @ (damped * (self._vt @ rest))
        if not self._first:
            return np.asarray(step)
        return np.concatenate([[(gradient[0] / self._corner - self._row @ step) / self._corner], step])

    def without_unknown(self, beta: Array) -> Array:
        """Coefficients [q] without what these rows can't have told of them."""
        found = beta.copy()
        unknown = self._vt[~self._known]
        found[self._first :] -= unknown.T @ (unknown @ found[self._first :])
        return found


def cross_validate(
    one_pass: Pass,
    family: str,
    anchors: Sequence[Anchor],
    penalties: Array,
    intercept: bool,
    bounds: Bounds | None = None,
) -> FoldFits:
    """Fits of all rows but a fold's.

    Args:
      one_pass: over all rows.
      family: its text.
      anchors: at some penalties.
      penalties: [m], all of them.
      intercept: whether column 0 is all ones.
      bounds: that the anchors' coefficients keep, and every fit is to keep; None for none.
    """
    folds, width = len(anchors[0].factors), len(anchors[0].beta)
    factor = functools.cache(lambda anchor, fold: _without(anchors[anchor].factors, fold))
    metric = functools.cache(lambda anchor, fold: Metric(factor(anchor, fold), intercept))

    def begin(fold: int, penalty: float) -> _Fit | BoundedFit:
        nearest = _nearest(anchors, penalty)
        beta = anchors[nearest].beta
        if bounds is None:
            return _Fit(beta, metric(nearest, fold), penalty, intercept)
        known = beta if penalty else metric(nearest, fold).without_unknown(beta)
        return BoundedFit(beta, known, factor(nearest, fold), penalty, intercept, bounds)

    fits = [begin(fold, float(penalty)) for fold in range(folds) for penalty in penalties]
    passes = 0
    while True:
        betas = np.array([fit.beta for fit in fits]).reshape(folds, len(penalties), width)
        found = one_pass(functools.partial(GradientPass, family, betas))
        passes += 1
        steps = [fit.next(gradient) for fit, gradient in zip(fits, found.gradients.reshape(-1, width), strict=True)]
        tell(
            f"cross-validation, pass {passes}: {len(fits):,} fits, the longest next step {max(steps):.2g} standard errors"
        )
        if max(steps) <= ENOUGH or passes == MOST_PASSES:
            break
        for fit in fits:
            fit.take()
    errors = found.deviances / found.weights[:, None]
    remaining = np.array(steps).reshape(folds, len(penalties))
    return FoldFits(CrossValidation(np.asarray(penalties), errors, found.weights), betas, remaining, passes)


def _nearest(anchors: Sequence[Anchor], penalty: float) -> int:
    """Index of the anchor whose penalty is nearest in ratio; 0 is below all."""

    def apart(anchor: Anchor) -> float:
        return float(abs(np.log(anchor.penalty + TINY) - np.log(penalty + TINY)))

    return min(range(len(anchors)), key=lambda index: apart(anchors[index]))


def _without(factors: Array, fold: int) -> Array:
    """The factor of all folds but one."""
    return triangle(np.concatenate([factor for index, factor in enumerate(factors) if index != fold]))


class _Fit:
    """A fold's fit on its way: steps of a metric that is kept, corrected by what earlier steps showed (L-BFGS, Nocedal 1980)."""

    def __init__(self, beta: Array, metric: Metric, penalty: float, intercept: bool) -> None:
        """Takes an anchor's coefficients, the metric of the other folds' rows there, and the penalty."""
        self._metric = metric
        self._l2 = penalty
        self._penalty = np.full(len(beta), penalty)
        self._penalty[: int(intercept)] = 0.0
        self.beta = beta if penalty else metric.without_unknown(beta)
        self.beta = self.beta + metric.solve(metric.gradient - self._penalty * beta, penalty)
        self._earlier: list[tuple[Array, Array]] = []
        self._before: tuple[Array, Array] | None = None
        self._step = np.zeros_like(self.beta)

    def next(self, gradient: Array) -> float:
        """Takes the gradient at β, of the likelihood alone. Returns the length of the step that it asks for."""
        whole = gradient - self._penalty * self.beta
        if not np.isfinite(whole).all():  # of a fold without a maximum: it stays where it was
            self.beta = self.beta if self._before is None else self._before[0]
            self._step = np.zeros_like(self.beta)
            return np.inf
        if self._before is not None:
            moved, changed = self.beta - self._before[0], self._before[1] - whole
            if moved @ changed > 0:
                self._earlier = [*self._earlier, (moved, changed)][-MEMORY:]
        self._before = self.beta, whole
        q, kept = whole.copy(), []
        for moved, changed in reversed(self._earlier):
            share = (moved @ q) / (moved @ changed)
            kept.append(share)
            q = q - share * changed
        step = np.array(self._metric.solve(q, self._l2))
        for (moved, changed), share in zip(self._earlier, reversed(kept), strict=True):
            step = step + (share - (changed @ step) / (moved @ changed)) * moved
        self._step = step
        return math.sqrt(max(float(whole @ step), 0.0))

    def take(self) -> None:
        """Takes the step."""
        self.beta = self.beta + self._step
