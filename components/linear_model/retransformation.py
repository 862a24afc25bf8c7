"""What a fit of a transformed label (`families.label`) is in the label's own units, by passes over the rows.

The averages of smearing are over the residuals of the fit. The cross-validated error is that of answers in the label's units: the
factors, which give it for least squares without a pass, know the label on the fitted scale alone. Each row is answered by the fit
without its fold, with the averages over that fit's own residuals.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.linear_model import array_functions
from components.linear_model.blocks import Block, Pass
from components.linear_model.families import named
from components.linear_model.families.label import Smearing

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class InUnits:
    """What a fit is in the label's units.

    Attributes:
      averages: over the residuals, for the mean (`label.Smearing`); None where the median is answered.
      held_out: the mean squared error of held-out answers, and the labels' variance, by the rows' weight; None without folds.
    """

    averages: list[float] | None
    held_out: tuple[float, float] | None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> InUnits:
        """The inverse of `dataclasses.asdict` and JSON, which has no tuples."""
        return cls(value["averages"], value["held_out"] and tuple(value["held_out"]))


def in_units(family: str, coefficients: Array, without: Array | None, passes: Pass) -> InUnits:
    """Two passes where the mean is answered, one where the median is.

    Args:
      family: text of a family with a transformed label.
      coefficients: [q], of the fit.
      without: [folds, q], of the fits without each fold; None without folds.
      passes: over the rows, with the q columns.
    """
    averages: Array | None = None
    if named(family).smearing:
        fits = coefficients[None, :] if without is None else np.concatenate([coefficients[None, :], without])
        averages = passes(functools.partial(Residuals, family, fits)).averages
    held_out = None
    if without is not None:
        make = functools.partial(HeldOut, family, without, None if averages is None else averages[1:])
        held_out = passes(make).means
    return InUnits(None if averages is None else averages[0].tolist(), held_out)


class Residuals:
    """The averages of smearing: of the fit of all rows, then of each fit without a fold, over the rows that it was fitted to.

    Attributes:
      weights: [fits], of these rows.
      sums: [fits, k], weighted, of what is averaged.
    """

    by_fold = True

    def __init__(self, family: str, coefficients: Array) -> None:
        """`coefficients` [fits, q]; the first are those of all rows."""
        self._family, self._coefficients = family, coefficients
        self.weights: Array = np.zeros(len(coefficients))
        self.sums: Array = np.zeros((len(coefficients), self._smearing.averages))

    @property
    def _smearing(self) -> Smearing:
        transform = named(self._family).transform
        if transform is None or transform.smearing is None:
            raise ValueError(f"expected a family with smearing; received {self._family}")
        return transform.smearing

    def add(self, block: Block) -> Self:
        """Adds rows."""
        residual = (block.label - block.offset)[:, None] - block.x @ self._coefficients.T
        fitted = block.fold[:, None] != np.arange(len(self._coefficients)) - 1
        weight = np.where(fitted, block.weight[:, None], 0.0)
        with np.errstate(over="ignore"):
            parts = np.stack(self._smearing.of_residuals(np.where(fitted, residual, 0.0), array_functions))
        self.weights = self.weights + weight.sum(axis=0)
        self.sums = self.sums + np.einsum("kij,ij->jk", parts, weight)
        return self

    def merge(self, other: Residuals) -> Self:
        """Adds what another one collected of other rows."""
        self.weights, self.sums = self.weights + other.weights, self.sums + other.sums
        return self

    @property
    def averages(self) -> Array:
        """[fits, k]."""
        return self.sums / self.weights[:, None]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it."""
        return {"weights": self.weights, "sums": self.sums}

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        self.weights, self.sums = arrays["weights"], arrays["sums"]
        return self


class HeldOut:
    """The squared errors of held-out answers, and the labels' variance, both in the label's units.

    Attributes:
      sums: [4]: the weight, the labels' mean, their weighted squares about it, the weighted squared errors.
    """

    by_fold = True

    def __init__(self, family: str, coefficients: Array, averages: Array | None) -> None:
        """Takes coefficients [folds, q] of the fits without each fold, and their averages [folds, k] where the mean is answered."""
        self._family, self._coefficients, self._averages = family, coefficients, averages
        self.sums: Array = np.zeros(4)

    def add(self, block: Block) -> Self:
        """Adds rows."""
        if not len(block.label):
            return self
        family = named(self._family)
        eta = np.einsum("ij,ij->i", block.x, self._coefficients[block.fold]) + block.offset
        averages = None if self._averages is None else list(self._averages[block.fold].T)
        with np.errstate(over="ignore", divide="ignore"):
            label = family.link.inverse(block.label, array_functions)
            errors = (label - family.answered(eta, averages, array_functions)) ** 2
        weight = float(block.weight.sum())
        mean = float(block.weight @ label) / weight
        return self._plus(np.array([weight, mean, block.weight @ (label - mean) ** 2, block.weight @ errors]))

    def merge(self, other: HeldOut) -> Self:
        """Adds what another one collected of other rows."""
        return self._plus(other.sums)

    def _plus(self, other: Array) -> Self:
        """Squares about two means add up to those about the common one (Chan, Golub, LeVeque 1983)."""
        weight = self.sums[0] + other[0]
        if weight:
            apart, share = other[1] - self.sums[1], other[0] / weight
            self.sums = self.sums + other + [0, -other[1] + apart * share, apart**2 * self.sums[0] * share, 0]
        return self

    @property
    def means(self) -> tuple[float, float]:
        """The mean squared error, and the labels' variance, by the rows' weight."""
        return float(self.sums[3] / self.sums[0]), float(self.sums[2] / self.sums[0])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it."""
        return {"sums": self.sums}

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        self.sums = arrays["sums"]
        return self
