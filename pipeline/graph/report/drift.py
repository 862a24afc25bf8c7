"""How far the rows of one split, or of one version, are from those of another, and whether that is more than chance.

Numbers: the Jensen–Shannon divergence of their shares by bin, in bits, from 0 to 1 (Lin 1991, Divergence Measures Based on the
Shannon Entropy), and the difference of their means in standard deviations. Texts: the largest difference of any level's share,
L∞, as TensorFlow Data Validation's comparators have it (Breck, Polyzotis, Roy, Whang, Zinkevich 2019, Data Validation for
Machine Learning). Its divergence is another one: of histograms whose bins end elsewhere in each split; here rows are counted by
the same bins. Missing values are a share of their own in both.

Of rows drawn alike, 8·n·m/(n + m) times the divergence in nats is about χ² of one degree of freedom less than there are bins, and a
level's share varies by √(p·(1 − p)·(1/n + 1/m)): beyond a quantile of these, shared by all columns, it is no chance. That holds
where rows are drawn one by one; of rows that come by groups or by time, less is said by as many.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from pipeline.graph.report.bins import onto
from pipeline.graph.report.distributions import Distribution, Spread

Array = NDArray[np.float64]

CHANCE = 1e-3  # of a false alarm in any column
DIVERGED = 0.01  # bits from which a divergence is worth a word: that of two normal distributions 0.24 deviations apart
MOVED = 0.1  # standard deviations, of a mean
SHIFTED = 0.02  # of a level's share


class Drift(BaseModel):
    """A column in two sets of rows.

    Attributes:
      column: its name.
      kind: `numbers` or `texts`.
      rows, before: how many rows are compared, and with how many.
      shift: the mean less the one before, in standard deviations before; None of texts.
      distance: the divergence, or L∞ of texts; None where nothing was counted.
      chance: what it is at most by chance.
      where: of texts, the level whose share moved most; None of numbers, and where it is none that is told.
      noteworthy: whether it is more than chance, and large.
    """

    column: str
    kind: str
    rows: int
    before: int
    shift: float | None
    distance: float | None
    chance: float | None
    where: str | None
    noteworthy: bool


@dataclasses.dataclass(frozen=True)
class Side:
    """A column's rows in one of two sets: the distribution, and the split of it."""

    of: Distribution
    split: str

    @property
    def spread(self) -> Spread:
        """Its figures."""
        return self.of.spreads[self.split]

    @property
    def edges(self) -> list[float]:
        """Of numbers, between which its rows are counted."""
        return self.of.edges.get(self.split, [])


def drifts(pairs: Sequence[tuple[Side, Side]]) -> list[Drift]:
    """Of columns, those that moved most first.

    Args:
      pairs: of each column now, and before. Columns that are of another kind now are passed over.
    """
    alike = [pair for pair in pairs if pair[0].of.kind == pair[1].of.kind]
    found = [_drift(now, before, CHANCE / max(len(alike), 1)) for now, before in alike]
    return sorted(found, key=lambda one: (not one.noteworthy, -(one.distance or 0.0)))


def _drift(now: Side, before: Side, chance: float) -> Drift:
    shift, apart = _shift(now.spread, before.spread, chance)
    distance, bound, where = (_texts if now.of.kind == "texts" else _numbers)(now, before, chance)
    limit = SHIFTED if now.of.kind == "texts" else DIVERGED
    far = distance is not None and bound is not None and distance > max(bound, limit)
    return Drift(
        column=now.of.column,
        kind=now.of.kind,
        rows=now.spread.rows,
        before=before.spread.rows,
        shift=shift,
        distance=distance,
        chance=bound,
        where=where,
        noteworthy=far or apart,
    )


def _shift(now: Spread, before: Spread, chance: float) -> tuple[float | None, bool]:
    """The difference of the means in deviations, and whether it is large and no chance."""
    if now.mean is None or before.mean is None or not before.deviation or now.deviation is None:
        return None, False
    apart = now.mean - before.mean
    there = [spread.rows - spread.missing for spread in (now, before)]
    error = math.sqrt(now.deviation**2 / there[0] + before.deviation**2 / there[1])
    shift = apart / before.deviation
    return shift, abs(shift) > MOVED and abs(apart) > NormalDist().inv_cdf(1 - chance / 2) * error


def _numbers(now: Side, before: Side, chance: float) -> tuple[float | None, float | None, None]:
    """The divergence over the edges that both have, and its bound."""
    common = [edge for edge in now.edges if edge in set(before.edges)]
    counts = [
        [*onto(side.edges, _known(side), common), side.spread.missing] if side.edges else [] for side in (now, before)
    ]
    if not all(map(sum, counts)):
        return None, None, None
    from scipy import stats

    rows = [sum(of) for of in counts]
    shares = [np.array(of) / total for of, total in zip(counts, rows, strict=True)]
    bins = int(np.count_nonzero(shares[0] + shares[1]))
    per_nat = 8 * rows[0] * rows[1] / (rows[0] + rows[1])
    bound = float(stats.chi2.isf(chance, max(bins - 1, 1))) / per_nat / math.log(2)
    return jensen_shannon(shares[0], shares[1]), bound, None


def jensen_shannon(p: Array, q: Array) -> float:
    """The divergence of two sets of shares [k] in bits."""
    from scipy.special import rel_entr

    middle = (p + q) / 2
    return max(float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / 2 / math.log(2), 0.0)


def _texts(now: Side, before: Side, chance: float) -> tuple[float | None, float | None, str | None]:
    """L∞ over the levels that both tell, all others together and the missing values; its bound, and where it is."""
    if not (now.of.counts and before.of.counts):
        return None, None, None
    both = [level for level in now.of.levels if level in set(before.of.levels)]
    shares = [_shares(side, both) for side in (now, before)]
    rows = [side.spread.rows for side in (now, before)]
    if not all(rows):
        return None, None, None
    apart = [abs(one - other) for one, other in zip(*shares, strict=True)]
    largest = int(np.argmax(apart))
    z = NormalDist().inv_cdf(1 - chance / len(apart) / 2)
    together = [(n * p + m * q) / (n + m) for n, m in [rows] for p, q in zip(*shares, strict=True)]
    bound = z * math.sqrt(max(p * (1 - p) for p in together) * (1 / rows[0] + 1 / rows[1]))
    return apart[largest], bound, [*both, "all other texts", "missing"][largest]


def _shares(side: Side, levels: Sequence[str]) -> list[float]:
    """Of the rows: of each level, of all other texts, and of missing values."""
    counts = dict(zip(side.of.levels, _known(side), strict=False))
    told = [counts[level] for level in levels]
    missing, rows = side.spread.missing, max(side.spread.rows, 1)
    return [count / rows for count in (*told, rows - missing - sum(told), missing)]


def _known(side: Side) -> list[int]:
    """Counts; of a few rows none."""
    return [count or 0 for count in side.of.counts.get(side.split, [])]
