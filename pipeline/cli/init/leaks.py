"""Which columns are the label in other words: its logarithm, its level, its complement."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.cli.init.profile import Profile, numbers_of, texts_of

SAME_ORDER = 0.999  # rank correlation from which on a column is taken for a function of the label
TREND = 0.95  # rank correlation with the row's number from which on a label is taken for a trend
SAME_LINE = (
    0.99999  # correlation, perhaps of logarithms, that a trend must have with the label to be called its function
)
LEAST_PAIRS = 10
SUM_ROWS, SUM_COLUMNS = 200, 300  # looked at for sums
SAME_NUMBER = 1e-9  # of the largest label, by which a sum may miss it
LEAST_VALUES = 10  # that each part of a sum must have

_TIME = re.compile(r"(?:^|[^a-z])(?:year|yr|quarter|month|week|day|date|time|trend|period|t)\d*(?:[^a-z]|$)")

Floats = NDArray[np.float64]


def is_time(name: str) -> bool:
    """Whether a column's name says that it tells the time: every trend then has the order of it."""
    return _TIME.search(name.lower()) is not None


def sampled(parts: list[pa.Array], profile: Profile) -> Floats:
    """A column's sample as numbers [n], NaN where there is none; the two levels of a text are 0 and 1."""
    if not parts:
        return np.empty(0)
    if profile.numbers or profile.distinct != 2:
        return np.concatenate([numbers_of(part, profile.decimal) for part in parts])
    texts = pa.concat_arrays([texts_of(part) for part in parts])
    return np.asarray(pc.cast(pc.equal(texts, min(profile.levels)), pa.float64()).to_numpy(zero_copy_only=False))


def rank_correlation(x: Floats, y: Floats) -> float:
    """Spearman's coefficient over rows [n] where both have a value; 0 if they are too few, or one does not vary."""
    there = np.isfinite(x) & np.isfinite(y)
    if there.sum() < LEAST_PAIRS:
        return 0.0
    return _correlation(_ranks(x[there]), _ranks(y[there]))


def is_function_of_label(x: Floats, y: Floats) -> bool:
    """Whether a column is a monotone function of the label.

    Two trends of one series may have the same order too: where the label is one, the column must be its straight line or curve.

    Args:
      x: the column [n], in the table's order, NaN where missing.
      y: the label [n].
    """
    if abs(rank_correlation(x, y)) <= SAME_ORDER:
        return False
    if abs(rank_correlation(np.arange(len(y), dtype=float), y)) <= TREND:
        return True
    there = np.isfinite(x) & np.isfinite(y)
    x, y = x[there], y[there]
    with np.errstate(divide="ignore", invalid="ignore"):
        xs, ys = (x, np.log(x)), (y, np.log(y))
    pairs = [(one, other) for one in xs for other in ys if np.isfinite(one).all() and np.isfinite(other).all()]
    return any(abs(_correlation(one, other)) > SAME_LINE for one, other in pairs)


def _ranks(x: Floats) -> Floats:
    """Places in the order from the least, equal ones sharing the mean of theirs."""
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse], float)


def _correlation(x: Floats, y: Floats) -> float:
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 0 else 0.0


def sums_to_label(columns: Mapping[str, Floats], y: Floats) -> list[tuple[str, str]]:
    """Pairs of columns whose sum or difference is the label, in each of the first rows that have all three.

    Args:
      columns: of numbers, each [n], NaN where missing, by name.
      y: the label [n].
    """
    if not 2 <= len(columns) <= SUM_COLUMNS:
        return []
    y = y[:SUM_ROWS]
    names, table = list(columns), np.stack([values[:SUM_ROWS] for values in columns.values()])
    found = []
    for index, one in enumerate(table):
        others = table[index + 1 :]
        for other in (y - one, y + one, one - y):
            apart = np.abs(others - other) > SAME_NUMBER * np.nanmax(np.abs(y))
            for place in np.flatnonzero(~apart.any(axis=1)):
                if _vary(one, others[place], y):
                    found.append((names[index], names[index + 1 + place]))
    return list(dict.fromkeys(found))


def _vary(*columns: Floats) -> bool:
    """Whether columns take so many values, in rows that have all of them, that one is no sum of others by chance."""
    there = np.isfinite(columns).all(axis=0)
    return all(len(np.unique(column[there])) >= LEAST_VALUES for column in columns)
