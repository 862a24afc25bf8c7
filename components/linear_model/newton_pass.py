"""What one pass over the rows tells of a generalised linear model at some coefficients: all that Newton's next step needs.

The step is that of QR in its delta form: the triangular factor of √(w·h)·[X, u/h], u the score and h the observed information of
each row, gives β + R⁻¹·Qᵀz. XᵀWX is never formed, which would square the condition number; nor is a working response, in which the
step is lost beside β (Higham 2002, Accuracy and Stability of Numerical Algorithms, §20).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from components.linear_model import array_functions
from components.linear_model.blocks import Block
from components.linear_model.factors import triangle
from components.linear_model.families import named

Array = NDArray[np.float64]

HALVINGS = 2.0 ** -np.arange(12)  # parts of the last step at which the deviance is taken: 1, ½, … 2⁻¹¹
LEAST = 1e-290  # of an information: below, a row says nothing of the step
MISFIT = 1e12  # greatest u²/h of a row whose dispersion is known, and
LEAST_ADDED = 1e-6  # what its h is brought to at most
PANEL = 16  # columns that LAPACK's blocked factorisation takes at a time


@dataclasses.dataclass(frozen=True)
class At:
    """Where a pass looks. Travels to an engine's workers.

    Attributes:
      family: its text.
      beta: [q], the coefficients.
      step: [q], the step that led there; zeros at first.
      null: the intercept of the model without columns.
      halve: whether deviances on the way are wanted.
      folds: how many folds' factors are wanted; 1 is all rows in one.
      figures: whether the loss and the constant are wanted, which no step needs; else they are 0.
      rows: how many there are, where equal ones were counted as one; 0 for as many as a pass sees.
    """

    family: str
    beta: Array
    step: Array
    null: float
    halve: bool = True
    folds: int = 1
    figures: bool = True
    rows: int = 0


class NewtonPass:
    """What is collected.

    Attributes:
      factors: [folds, q + 1, q + 1]: of √(w·h)·[X, u/h].
      expected: [q, q]: of √(w·e)·X, e the expected information, where that is another one.
      deviances: [12], at β − (1 − t)·step, t of `HALVINGS`; the first alone where none on the way is wanted.
      margin: least of what the labels say for the step in a row: below 0 where one speaks against it (`Family.margin`).
      reach: the greatest that the step changes η by.
      sums: rows, Σw, Pearson's Σ w·(y − μ)²/V, Σ w·h, Σ w·loss, Σ w·constant.
      null: of the model without columns its deviance, ∂ℓ/∂α and −∂²ℓ/∂α².
    """

    def __init__(self, at: At) -> None:
        self._at = at
        self._family = named(at.family)
        self.by_fold = at.folds > 1
        width = len(at.beta)
        self.factors: Array = np.zeros((at.folds, width + 1, width + 1))
        self.expected: Array = np.zeros((width, width))
        self.deviances: Array = np.zeros(len(HALVINGS) if at.halve else 1)
        self.margin = np.inf
        self.reach = 0.0
        self.sums: Array = np.zeros(6)
        self.null: Array = np.zeros(3)

    @property
    def weight(self) -> float:
        """Σ w."""
        return float(self.sums[1])

    @property
    def dispersion(self) -> float:
        """φ at β: 1, or Pearson's statistic by the degrees of freedom; 1 too where there are none, or nothing is left over."""
        freedom = (self._at.rows or self.sums[0]) - len(self._at.beta)
        if self._family.dispersion == "one" or not freedom > 0 or not self.sums[2] > 0:
            return 1.0
        return float(self.sums[2] / freedom)

    @property
    def noise(self) -> float:
        """What rounding leaves of the length of a step in standard errors, but for eps and the condition number.

        A row's u/√h is off by eps of itself, and by eps of the √h that y − μ is a difference of.
        """
        return float(np.sqrt((np.sum(self.factors[:, :, -1] ** 2) + self.sums[3]) / self.dispersion))

    @property
    def deviance(self) -> float:
        """At β."""
        return float(self.deviances[0])

    def add(self, block: Block) -> Self:
        """Adds rows."""
        at, family, weight, label = self._at, self._family, block.weight, block.label
        assert family.curves is not None and family.margin is not None  # noqa: S101 (families of Newton's have them)
        eta = block.x @ at.beta + block.offset
        with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
            curves = family.curves(label, eta)
            observed = curves.observed
            if family.dispersion == "one":
                # A row whose label was next to impossible has hardly an h: its u/√h would drown all others' digits. A greater h
                # leaves the gradient as it is.
                observed = np.maximum(observed, np.minimum(curves.score**2 / MISFIT, LEAST_ADDED))
            self._add_factors(block, weight * observed, curves.score / observed)
            if curves.expected is not curves.observed:
                self.expected = _below(self.expected, block.x, np.sqrt(weight * curves.expected))
            self.deviances[0] += weight @ family.deviance(label, eta)
            if at.step.any():
                change = block.x @ at.step
                if at.halve:
                    for index, part in enumerate(HALVINGS[1:], 1):
                        self.deviances[index] += weight @ family.deviance(label, eta - (1.0 - part) * change)
                self.margin = min(self.margin, float(np.min(family.margin(label, change), initial=np.inf)))
                self.reach = max(self.reach, float(np.max(np.abs(change), initial=0.0)))
            # (y − μ)²/V by what it is made of: where μ rounds to 1, V rounds to 0.
            pearson = weight @ (curves.score**2 / np.maximum(curves.expected, LEAST))
            self.sums[:4] += [len(label), weight.sum(), pearson, weight @ curves.observed]
            if at.figures:
                loss = family.loss(label, eta, array_functions)
                self.sums[4:] += [weight @ loss, weight @ family.constant(label)]
            alone = at.null + (block.offset if block.offset.any() else np.zeros(1))  # one number for all rows is enough
            null = family.curves(label, alone)
            of_rows = family.deviance(label, alone), null.score, null.observed
            self.null += [float(np.sum(weight * values)) for values in of_rows]
        return self

    def _add_factors(self, block: Block, weight: Array, response: Array) -> None:
        """Adds rows √weight·[x, response] to the factors of their folds; those whose weight underflows say nothing."""
        root = np.sqrt(weight)
        last = response * root
        untold = weight < LEAST
        if untold.any():
            root[untold] = last[untold] = 0.0
        if len(self.factors) == 1:
            self.factors[0] = _below(self.factors[0], block.x, root, last)
            return
        order = np.argsort(block.fold.astype(np.uint16), kind="stable")  # of so few bits it is sorted by counting
        x, root, last = np.take(block.x.T, order, axis=1).T, root[order], last[order]  # columns stay whole
        ends = np.cumsum(np.bincount(block.fold, minlength=len(self.factors)))
        for index, (begin, end) in enumerate(pairwise([0, *ends])):
            self.factors[index] = _below(self.factors[index], x[begin:end], root[begin:end], last[begin:end])

    def merge(self, other: NewtonPass) -> Self:
        """Adds what another pass collected of other rows."""
        for index, (mine, its) in enumerate(zip(self.factors, other.factors, strict=True)):
            self.factors[index] = triangle(np.concatenate([mine, its]))
        self.expected = triangle(np.concatenate([self.expected, other.expected]))
        self.deviances = self.deviances + other.deviances
        self.margin, self.reach = min(self.margin, other.margin), max(self.reach, other.reach)
        self.sums, self.null = self.sums + other.sums, self.null + other.null
        return self

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it."""
        return {
            "factors": self.factors,
            "expected": self.expected,
            "deviances": self.deviances,
            "margin": np.array(self.margin),
            "reach": np.array(self.reach),
            "sums": self.sums,
            "null": self.null,
        }

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        self.factors, self.expected = arrays["factors"], arrays["expected"]
        self.deviances, self.sums, self.null = arrays["deviances"], arrays["sums"], arrays["null"]
        self.margin, self.reach = float(arrays["margin"]), float(arrays["reach"])
        return self

    def factor(self) -> Array:
        """[q + 1, q + 1]: of all rows."""
        return self.factors[0] if len(self.factors) == 1 else triangle(np.concatenate(list(self.factors)))

    def information(self) -> Array:
        """[q, q]: the triangular factor of the expected information."""
        return self.expected if self.expected.any() else np.triu(self.factor()[:-1, :-1])


def _below(factor: Array, x: Array, root: Array, last: Array | None = None) -> Array:
    """The triangular factor of one [q, q] and of rows root·x [n, q] below it, `last` [n] being the last column if x has one less.

    All stands in one array in the order of columns, and is factored in its place: for few columns `numpy.linalg.qr` takes four
    times as long, and with two threads ten times.
    """
    rows, width = x.shape
    stack = np.empty((len(factor) + rows, len(factor)), order="F")
    stack[: len(factor)] = factor
    np.multiply(x, root[:, None], out=stack[len(factor) :, :width])
    if last is not None:
        stack[len(factor) :, -1] = last
    factored, *_ = lapack.dgeqrt(min(PANEL, len(factor)), stack, overwrite_a=True)
    return np.triu(factored[: len(factor)])
