"""A model of maximum likelihood fitted again so that linear hypotheses hold in it exactly.

A·β = c is solved for m of the coefficients, β_s = h − B·γ, γ being the others: rows are of the columns X_f − X_s·B, and X_s·h is
added to their offset. Which ones are solved for is what QR with column pivoting finds, so that B is no larger than it needs to be;
the intercept is among them only where it must be.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from components.errors import DataError
from components.linear_model.blocks import Block, Collector, Pass
from components.linear_model.factors import TriangularFactor, triangle
from components.linear_model.hypotheses import Hypotheses
from components.linear_model.hypotheses_tests import coefficients_of, in_scaled_units
from components.linear_model.likelihood import Likelihood
from components.linear_model.linear_fit import LinearFit
from components.linear_model.newton_pass import At, NewtonPass
from components.linear_model.solve import Settings

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)


def restricted_deviance(found: LinearFit, hypotheses: Hypotheses, rows: Callable[[list[int]], Pass]) -> float:
    """The least deviance of all coefficients for which the hypotheses hold.

    Args:
      found: a fit of maximum likelihood without a penalty.
      hypotheses: about its coefficients in raw units.
      rows: passes over the rows that it was fitted on, with some of its scaled columns.

    Raises:
      DataError: as of `Likelihood`; or the hypotheses are so far from the labels that no double holds their means.
    """
    try:
        with np.errstate(all="ignore"):
            return _restricted_deviance(found, hypotheses, rows)
    except np.linalg.LinAlgError as error:
        raise DataError("with these coefficients means are beyond the range of 64 bits.") from error


def _restricted_deviance(found: LinearFit, hypotheses: Hypotheses, rows: Callable[[list[int]], Pass]) -> float:
    kept = coefficients_of(found.fit)
    restriction = _Restriction(in_scaled_units(found.design, hypotheses, kept), hypotheses.system()[1])
    one_pass = rows(kept)
    if not len(restriction.free):
        nothing = At(found.family, np.zeros(1), np.zeros(1), 0.0, halve=False)
        return float(_through(one_pass, restriction.of_ones)(functools.partial(NewtonPass, nothing)).deviance)

    def passes(columns: list[int]) -> Pass:
        return _through(one_pass, functools.partial(restriction.block, columns=columns))

    factor = restriction.factor(found.whole_factor, kept)
    settings = Settings(intercept=factor.intercept)
    again = Likelihood(found.family, [factor], settings, passes).fit
    if again.dropped:
        raise DataError(f"the columns that the hypotheses leave are not independent: {again.dropped[0].because}.")
    return again.deviance


class _Restriction:
    """A·β = c of coefficients β [q].

    Attributes:
      free: places of γ, [q − m].
      solved: of the others, [m].
      slopes: B [m, q − m].
      constants: h [m].
      intercept: whether column 0 is free, and its values the ones that they were.
    """

    def __init__(self, matrix: Array, constants: Array) -> None:
        """Takes A [m, q], of rank m, and c [m]."""
        columns = matrix.shape[1]
        self.solved = _pivots(matrix)
        self.free = np.setdiff1d(np.arange(columns), self.solved)
        solved = np.linalg.solve(matrix[:, self.solved], np.column_stack([matrix[:, self.free], constants]))
        self.slopes, self.constants = solved[:, :-1], solved[:, -1]
        self.intercept = bool(len(self.free)) and self.free[0] == 0 and not matrix[:, 0].any()

    def block(self, block: Block, columns: list[int]) -> Block:
        """Rows with some of the columns of γ, each whole in memory as it came."""
        x = np.take(block.x.T, self.free[columns], axis=0).T
        slopes, fixed = self.slopes[:, columns], np.take(block.x.T, self.solved, axis=0).T
        changed = np.flatnonzero(slopes.any(axis=0))
        x[:, changed] -= fixed @ slopes[:, changed]
        return dataclasses.replace(block, x=x, offset=block.offset + fixed @ self.constants)

    def of_ones(self, block: Block) -> Block:
        """Rows of which nothing is left to fit, with a column of ones."""
        fixed = block.x[:, self.solved] @ self.constants
        return dataclasses.replace(block, x=np.ones((len(fixed), 1)), offset=block.offset + fixed)

    def factor(self, whole: TriangularFactor, kept: list[int]) -> TriangularFactor:
        """The factor of the columns of γ, from that of all columns."""
        square = whole.square()
        of_kept, names = square[:, kept], [whole.names[place] for place in kept]
        columns = of_kept[:, self.free] - of_kept[:, self.solved] @ self.slopes
        factor = TriangularFactor([names[place] for place in self.free], intercept=self.intercept)
        factor.rows, factor.weight, factor.log_weight = whole.rows, whole.weight, whole.log_weight
        factor.factor = triangle(np.column_stack([columns, square[:, -1]]))
        return factor


def _pivots(matrix: Array) -> NDArray[np.int64]:
    """Places of the columns [m] to solve for; the intercept's, the first, only where the others don't have the rank."""
    number = len(matrix)
    triangular, order = qr(matrix[:, 1:], mode="r", pivoting=True)
    sizes = np.abs(np.diag(triangular))
    if len(sizes) >= number and sizes[number - 1] > number * EPS * sizes[0] * 10:
        return np.sort(order[:number] + 1)
    return np.sort(qr(matrix, mode="r", pivoting=True)[1][:number])


class _Changed:
    """A collector of blocks that are changed before it sees them."""

    def __init__(self, inner: Collector, change: Callable[[Block], Block]) -> None:
        self.inner, self._change = inner, change
        self.by_fold = inner.by_fold

    def add(self, block: Block) -> _Changed:
        self.inner.add(self._change(block))
        return self

    def merge(self, other: _Changed) -> _Changed:
        self.inner.merge(other.inner)
        return self


def _through(one_pass: Pass, change: Callable[[Block], Block]) -> Pass:
    """Passes over the same rows, changed."""

    def changed(make: Callable[[], Any]) -> Any:
        return one_pass(lambda: _Changed(make(), change)).inner

    return changed
