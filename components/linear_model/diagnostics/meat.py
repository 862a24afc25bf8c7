"""Sums of squared scores: the middle of the sandwich that is a robust covariance.

With the scores sᵢ = w·∂ℓ/∂η·x of the rows and the bread A⁻¹ = M·Mᵀ the covariance is A⁻¹·(Σ sᵢ·sᵢᵀ)·A⁻¹. Here the scores are
summed as they stand in the columns x·M, which are orthonormal: the condition number of X is not squared by it.

  hc0: sᵢ as it is (White 1980, Econometrica 48); hc1 is hc0 by n/(n − p).
  hc2, hc3: by √(1 − h) and by 1 − h (MacKinnon and White 1985, Journal of Econometrics 29), h the hat matrix's diagonal, of other
    families than least squares' that of the last weighted step: as R's `sandwich::vcovHC` has it (Zeileis 2004, Journal of
    Statistical Software 11).
  cluster: scores summed within clusters first (Liang and Zeger 1986, Biometrika 73).

A row of leverage 1 has no residual: in hc2 and hc3, where 0 by 0 would stand, the model's own variance stands for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.linear_model.diagnostics.seen import Lens, Seen
from components.linear_model.diagnostics.sums import Sums, summed

Array = NDArray[np.float64]

KINDS = ("hc0", "hc1", "hc2", "hc3")
_POWERS = {"hc0": 0.0, "hc1": 0.0, "hc2": 0.5, "hc3": 1.0}  # of 1 − h
BUFFERED = 1 << 16  # clusters' sums that wait to be put together


class Meat(Sums):
    """Σ s·sᵀ/(1 − h)^2a of each kind, [k, k], and how many rows have a leverage of 1, `full`.

    Where levels are eliminated, a row has one coordinate more, its level's: `<kind>/own` [levels] is the diagonal of that part, and
    `<kind>/across` [levels, k] its products with the others.
    """

    def __init__(self, lens: Lens, kinds: Sequence[str]) -> None:
        self._kinds, self._dispersion = kinds, lens.dispersion
        width, levels = lens.root.shape[1], lens.number_of_levels
        shapes: dict[str, tuple[int, ...]] = {kind: (width, width) for kind in kinds}
        if levels:
            shapes |= {f"{kind}/own": (levels,) for kind in kinds}
            shapes |= {f"{kind}/across": (levels, width) for kind in kinds}
        super().__init__(full=(), **shapes)

    def add(self, seen: Seen) -> None:
        """Adds rows."""
        full = seen.full
        alone = np.flatnonzero(full) if full.any() else None
        left = 1.0 - seen.leverage if alone is None else seen.left
        self.sums["full"] = self.sums["full"] + full.sum()
        for kind in self._kinds:
            power = _POWERS[kind]
            size = seen.score if power == 0 else seen.score / (left if power == 1 else np.sqrt(left))
            if alone is not None and power:
                size[alone] = np.sqrt(self._dispersion * seen.information[alone])
            scores = seen.white * size[:, None]
            self.sums[kind] += scores.T @ scores
            if seen.own is not None:
                self.add_by_level(f"{kind}/own", seen, size**2 * seen.own)
                self.add_by_level(f"{kind}/across", seen, scores * size[:, None])


class Clusters:
    """Scores summed by cluster.

    Attributes:
      ids: [clusters], sorted, int64.
      scores: [clusters, k].
      rows: [clusters].
    """

    def __init__(self, width: int) -> None:
        self.ids: NDArray[np.int64] = np.zeros(0, np.int64)
        self.scores: Array = np.zeros((0, width))
        self.rows: Array = np.zeros(0)
        self._waiting: list[tuple[NDArray[np.int64], Array, Array]] = []
        self._buffered = 0

    def add(self, seen: Seen) -> None:
        """Adds rows."""
        assert seen.block.cluster is not None  # noqa: S101 (asked for)
        scores = seen.white * seen.score[:, None]
        ids, [of_cluster, rows] = summed(seen.block.cluster, scores, np.ones(len(scores)))
        self._wait((ids, of_cluster, rows))

    def merge(self, other: Clusters) -> None:
        """Adds others."""
        other.settle()
        self._wait((other.ids, other.scores, other.rows))

    def _wait(self, sums: tuple[NDArray[np.int64], Array, Array]) -> None:
        self._waiting.append(sums)
        self._buffered += len(sums[0])
        if self._buffered > max(BUFFERED, 2 * len(self.ids)):
            self.settle()

    def settle(self) -> None:
        """Puts together what waits."""
        parts = [(self.ids, self.scores, self.rows), *self._waiting]
        ids, scores, rows = (np.concatenate(part) for part in zip(*parts, strict=True))
        self.ids, [self.scores, self.rows] = summed(ids, scores, rows)
        self._waiting, self._buffered = [], 0

    def meat(self) -> Array:
        """Σ s·sᵀ over clusters, [k, k]."""
        self.settle()
        return np.asarray(self.scores.T @ self.scores)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it."""
        self.settle()
        return {"ids": self.ids, "scores": self.scores, "rows": self.rows}

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        self.ids, self.scores, self.rows = (arrays[name] for name in ("ids", "scores", "rows"))
        return self
