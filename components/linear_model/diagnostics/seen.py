"""Rows as the fit sees them: what each part of the pass counts on."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from components.linear_model import array_functions
from components.linear_model.blocks import Block
from components.linear_model.families import named

Array = NDArray[np.float64]

LEAST = 1e-290  # of an information: below, a row says nothing of the coefficients
FULL = 1e-9  # 1 − h of a row that alone determines a coefficient: rounding leaves it about so much


class Seen(NamedTuple):
    """Some rows, [n] each. Their labels' variances are φ·V(μ)/w; the log likelihood ℓ is that of a weight and a φ of 1.

    Attributes:
      block: the rows.
      eta, mean: the linear predictor, and the mean μ.
      score: w·∂ℓ/∂η.
      information: w·(∂μ/∂η)²/V(μ): its expectation is that of the score's square by φ.
      white: [n, k]: x·M, M·Mᵀ being the inverse of the information of all rows (and of the penalty's).
      leverage: h, of the hat matrix's diagonal.
      pearson: √w·(y − μ)/√V(μ), of least squares √w times the residual.
      own: where a feature's levels are eliminated, the coordinate that a row has in its level's direction; else None.
    """

    block: Block
    eta: Array
    mean: Array
    score: Array
    information: Array
    white: Array
    leverage: Array
    pearson: Array
    own: Array | None = None

    @property
    def residual(self) -> Array:
        """y − μ."""
        return self.block.label - self.mean

    @property
    def left(self) -> Array:
        """1 − h; 1 where a row is the only one to determine a coefficient (`full`), so that it can be divided by."""
        return np.where(self.full, 1.0, 1.0 - self.leverage)

    @property
    def full(self) -> NDArray[np.bool_]:
        """Whether the leverage is 1: such a row is met whatever its label, and has no residual."""
        return self.leverage > 1.0 - FULL


@dataclasses.dataclass(frozen=True)
class Effects:
    """The levels that are eliminated (`absorbed_solve`), [levels] each; zeros for the reference and for those without rows.

    Rows are told by orthonormal coordinates too: one a level, √e·1ₐ, and (x − w·e·m)·S⁻¹ of the other columns.

    Attributes:
      theta: their coefficients.
      reciprocal: e = 1/(w + λ).
      centre: [levels, q], w·e·m, m being the means of the other columns.
    """

    theta: Array
    reciprocal: Array
    centre: Array


@dataclasses.dataclass(frozen=True)
class Lens:
    """A fit, as its rows are looked at. Travels to an engine's workers.

    Attributes:
      family: its text.
      beta: [q], of the columns that blocks have.
      root: [q, k]: M, M·Mᵀ the inverse of the information and the penalty's; zeros for a column that is held where it is.
      dispersion: φ; of least squares the residuals' variance.
      freedom: degrees of freedom of the residuals.
      rank: of the columns; with a penalty the trace of the hat matrix.
      rows: how many there are.
      levels: of a feature whose levels are eliminated; then beta and root (S⁻¹) are those of the other columns.
    """

    family: str
    beta: Array
    root: Array
    dispersion: float
    freedom: float
    rank: float
    rows: int
    levels: Effects | None = None

    @property
    def number_of_levels(self) -> int:
        """How many are eliminated."""
        return 0 if self.levels is None else len(self.levels.theta)

    @property
    def squares(self) -> bool:
        """Whether it is of least squares."""
        return named(self.family).solver == "factors"

    def see(self, block: Block) -> Seen:
        """Looks at rows."""
        family, weight = named(self.family), block.weight
        eta = block.x @ self.beta + block.offset
        own = None
        if self.levels is None:
            white = block.x @ self.root
        else:
            assert block.level is not None  # noqa: S101 (told by all rows)
            eta += self.levels.theta[block.level]
            own = np.sqrt(self.levels.reciprocal[block.level])
            white = (block.x - self.levels.centre[block.level]) @ self.root
        if self.squares:
            score, information = weight * (block.label - eta), weight
            pearson, mean = np.sqrt(weight) * (block.label - eta), eta
        else:
            assert family.curves is not None  # noqa: S101 (families of Newton's have them)
            with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
                curves = family.curves(block.label, eta)
                mean = np.asarray(family.link.inverse(eta, array_functions))
                pearson = np.sqrt(weight) * curves.score / np.sqrt(np.maximum(curves.expected, LEAST))
            score, information = weight * curves.score, weight * curves.expected
        length = np.einsum("ij,ij->i", white, white)
        leverage: Array = information * (length if own is None else length + own**2)
        return Seen(block, eta, mean, score, information, white, leverage, np.asarray(pearson, np.float64), own)

    def moves(self, white: Array, own: Array, level: NDArray[np.int64], size: Array) -> Array:
        """Changes of all coefficients, [q + levels, m], of m rows' scores times some sizes [m].

        Args:
          white: [m, k].
          own, level: [m]; not looked at where no levels are eliminated.
          size: [m].
        """
        of_columns = self.root @ (white * size[:, None]).T
        if self.levels is None:
            return of_columns
        of_levels = -self.levels.centre @ of_columns
        of_levels[level, np.arange(len(level))] += own**2 * size
        return np.concatenate([of_columns, of_levels])
