"""Tests of what the model leaves in its residuals.

  curvature of a column: that z² and z³ beside all columns have coefficients of 0. Of least squares it is the F test of the larger
    model; of other families Rao's score test (Rao 1948), which needs no fit of the larger one either.
  RESET: the same of η² and η³ (Ramsey 1969, Journal of the Royal Statistical Society B 31), of other families a link test
    (Pregibon 1980).
  Breusch and Pagan's: that the residuals' squares don't depend on the columns, studentised (Koenker 1981, Journal of Econometrics
    17): n·R² of their regression on the columns, χ² with as many degrees of freedom as columns beside the intercept's.

All comes from sums of products with x·M, whose columns are orthonormal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from components.linear_model.diagnostics.seen import Lens, Seen
from components.linear_model.diagnostics.sums import Sums
from components.linear_model.joint_test import JointTest, joint_test

Array = NDArray[np.float64]

GIVEN = 1e-8  # of a power's sum of squares: with less beside the columns, they give it (of a column of two values, its square)
POWERS = 2  # z² and z³


class Powers(Sums):
    """Sums of the squares and cubes of some columns, and of η, with all else: `cross` [k, 2m], `square` [m, 3], `score` [m, 2]."""

    def __init__(self, lens: Lens, columns: Sequence[int], centre: float, spread: float) -> None:
        """Takes the places of the columns, and what η is measured from and by; η is the last of the m."""
        self._columns, self._centre, self._spread = list(columns), centre, spread
        count = len(self._columns) + 1
        super().__init__(
            cross=(lens.root.shape[1], POWERS * count),
            levels=(lens.number_of_levels, POWERS * count),
            square=(count, 3),
            score=(count, POWERS),
        )

    def add(self, seen: Seen) -> None:
        """Adds rows."""
        count = len(self._columns) + 1
        powers = np.empty((len(seen.eta), POWERS * count), order="F")
        square, cube = powers[:, :count], powers[:, count:]
        cube[:, :-1] = seen.block.x[:, self._columns]
        cube[:, -1] = (seen.eta - self._centre) / self._spread
        np.multiply(cube, cube, out=square)
        np.multiply(square, cube, out=cube)
        weighted = powers if (seen.information == 1.0).all() else powers * seen.information[:, None]
        self.sums["cross"] += seen.white.T @ weighted
        self.add_by_level("levels", seen, weighted)
        of_square, of_cube = weighted[:, :count], weighted[:, count:]
        products = (square, of_square), (square, of_cube), (cube, of_cube)
        self.sums["square"] += np.stack([np.einsum("ij,ij->j", *pair) for pair in products], axis=1)
        self.sums["score"] += (seen.score @ powers).reshape(POWERS, count).T

    def test(self, index: int, lens: Lens, known: bool) -> JointTest | None:
        """That both powers of one of the m have coefficients of 0; None where the columns give them.

        Args:
          index: of the column among those that were asked for; −1 is η.
          lens: the fit.
          known: whether its dispersion is.
        """
        count = len(self._columns) + 1
        both_powers = [index % count, count + index % count]
        cross, levels = self["cross"][:, both_powers], self["levels"][:, both_powers]
        first, both, second = self["square"][index]
        whole = np.array([[first, both], [both, second]])
        left = whole - cross.T @ cross - levels.T @ levels
        score = self["score"][index].copy()
        explained, freedom = 0.0, 0
        for place in range(POWERS):  # by elimination, as of a Cholesky factor
            if left[place, place] <= GIVEN * whole[place, place]:
                continue
            explained += score[place] ** 2 / left[place, place]
            freedom += 1
            for later in range(place + 1, POWERS):
                factor = left[later, place] / left[place, place]
                score[later] -= factor * score[place]
                left[later, later] -= factor * left[place, later]
        if not freedom:
            return None
        if known:
            return joint_test(explained, lens.dispersion, freedom, np.inf)
        if not lens.squares:
            return joint_test(explained, lens.dispersion, freedom, lens.freedom)
        remaining = lens.dispersion * lens.freedom - explained
        beside = lens.freedom - freedom
        if beside <= 0:
            return None
        return joint_test(explained, max(remaining, 0.0) / beside, freedom, beside)


class Spread(Sums):
    """Of least squares, sums of the residuals' squares with the columns, for Breusch and Pagan's test."""

    def __init__(self, lens: Lens) -> None:
        self._variance = lens.dispersion * lens.freedom / lens.rows
        super().__init__(cross=(lens.root.shape[1],), levels=(lens.number_of_levels,), square=())

    def add(self, seen: Seen) -> None:
        """Adds rows."""
        apart = seen.pearson**2 - self._variance
        weighted = seen.block.weight * apart
        self.sums["cross"] += weighted @ seen.white
        self.add_by_level("levels", seen, weighted)
        self.sums["square"] = self.sums["square"] + seen.block.weight @ apart**2

    def test(self, lens: Lens, intercept: bool) -> JointTest | None:
        """Breusch and Pagan's; None without columns, or without residuals."""
        freedom = round(lens.rank) - int(intercept)
        if not freedom or not self["square"] > 0:
            return None
        explained = np.sum(self["cross"] ** 2) + np.sum(self["levels"] ** 2)
        statistic = float(lens.rows * explained / self["square"])
        return JointTest(statistic, freedom, float(chdtrc(freedom, statistic)))


class InOrder:
    """Residuals with their rows' times, so that neighbours can be told.

    Attributes:
      kept: `time`, `row`, `residual` [n]; empty where there are more rows than `MOST`.
      rows: how many there were.
    """

    MOST = 5_000_000

    def __init__(self) -> None:
        self.rows = 0
        self._parts: list[dict[str, NDArray[Any]]] = []

    def add(self, seen: Seen) -> None:
        """Adds rows."""
        block = seen.block
        assert block.time is not None  # noqa: S101 (asked for)
        row = np.arange(self.rows, self.rows + len(seen.eta)) if block.row is None else block.row
        self._take({"time": block.time, "row": row, "residual": seen.pearson}, len(row))

    def merge(self, other: InOrder) -> None:
        """Adds others."""
        self._take(other.kept, other.rows)

    def _take(self, part: dict[str, NDArray[Any]], rows: int) -> None:
        self.rows += rows
        self._parts = [] if self.rows > self.MOST else [*self._parts, part]

    @property
    def kept(self) -> dict[str, NDArray[Any]]:
        """All that was taken."""
        empty = {"time": np.zeros(0, np.int64), "row": np.zeros(0, np.int64), "residual": np.zeros(0)}
        parts = [empty, *self._parts]
        return {name: np.concatenate([part[name] for part in parts]) for name in empty}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it."""
        return {**self.kept, "rows": np.array(self.rows)}

    def load(self, arrays: Any) -> InOrder:
        """Takes what `arrays` gave."""
        self.rows = int(arrays["rows"])
        self._parts = [{name: arrays[name] for name in ("time", "row", "residual")}]
        return self

    def durbin_watson(self) -> float | None:
        """Σ(eₜ − eₜ₋₁)²/Σeₜ² of the rows by time, of equal times by identity (Durbin and Watson 1950, Biometrika 37).

        None where there are too many rows, fewer than two, or no residuals.
        """
        kept = self.kept
        ordered = kept["residual"][np.lexsort((kept["row"], kept["time"]))]
        total = float(np.sum(ordered**2))
        if len(ordered) < 2 or total == 0:
            return None
        return float(np.sum(np.diff(ordered) ** 2)) / total
