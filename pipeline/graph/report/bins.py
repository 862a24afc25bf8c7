"""Values counted by bins with round ends, and by levels, so that no count is of a few rows.

The bins at either end are open: the least and the greatest value are rows' values, and stand nowhere.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.graph.report.pictures.scale import nice

Array = NDArray[np.float64]

BINS = 24  # of a column, about


def edges_of(tenth: float, ninetieth: float, least: float, greatest: float, whole: bool = False) -> list[float]:
    """Round numbers between which a column's values are counted, rising; none of a column that has one value.

    They reach half as far again, to either side, as the inner 80 % do, but not beyond the values.

    Args:
      tenth, ninetieth: the quantiles at 10 and 90 %.
      least, greatest: of the values.
      whole: whether all are whole numbers, which no bin parts.
    """
    span = ninetieth - tenth or greatest - least
    low, high = max(least, tenth - span / 2), min(greatest, ninetieth + span / 2)
    if not math.isfinite(high - low) or high <= low:
        return []
    width = nice((high - low) / BINS)
    width = max(width, 1.0) if whole else width
    decimals = max(0, -math.floor(math.log10(width)))
    first, last = math.floor(low / width), math.floor(high / width) + 1
    return [round(place * width, decimals) for place in range(first, last + 1)]


def counted(values: Array, edges: Sequence[float]) -> NDArray[np.int64]:
    """How many of [n] values lie below the first of m edges, from each up to the next, and from the last on: [m + 1]."""
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)


def pooled(edges: Sequence[float], counts: Sequence[int], fewest: int) -> tuple[list[float], list[int]]:
    """Bins joined with their neighbours until each has no row, or at least so many.

    Args:
      edges: [m], rising.
      counts: [m + 1].
      fewest: rows of which a count is told.

    Returns:
      The edges that are left, and the counts between them; of fewer rows all in one bin.
    """
    parts: list[tuple[float, int]] = []  # up to which edge, and its rows
    rows = 0
    for high, found in zip([*edges, math.inf], counts, strict=True):
        rows += found
        if rows == 0 or rows >= fewest:
            parts.append((high, rows))
            rows = 0
    while rows and rows < fewest and parts:  # what is left over joins the bins before it
        rows += parts.pop()[1]
    if rows:
        parts.append((math.inf, rows))
    return [high for high, _ in parts[:-1]], [found for _, found in parts]


def inner(edges: Sequence[float], counts: Sequence[int]) -> tuple[list[float], list[int]]:
    """The bins without the open ones at the ends; those are drawn as wide as their neighbours where they have rows.

    Returns:
      Edges [k + 1] and counts [k]; empty of fewer than two edges.
    """
    if len(edges) < 2:
        return [], []
    low = [edges[0] - (edges[1] - edges[0])] if counts[0] else []
    high = [edges[-1] + (edges[-1] - edges[-2])] if counts[-1] else []
    return [*low, *edges, *high], [*counts[: len(low)], *counts[1:-1], *counts[len(counts) - len(high) :]]


def onto(edges: Sequence[float], counts: Sequence[int], common: Sequence[float]) -> list[int]:
    """Counts between some of the edges, [m + 1] to [k + 1].

    Args:
      edges: [m], rising.
      counts: [m + 1].
      common: [k] of the edges.
    """
    places = [0, *(list(edges).index(edge) + 1 for edge in common), len(counts)]
    return [sum(counts[start:end]) for start, end in itertools.pairwise(places)]
