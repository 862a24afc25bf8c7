"""Levels by which labels are separated, from what was gathered of all rows: most separation in practice is this."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.families import Family
from components.linear_model.newton import NoMaximum, ways_out

Array = NDArray[np.float64]

ROUNDING = 1e-9  # of a level's weight
MOST_NAMED = 5


def separated_levels(
    design: DesignMatrix, square: Array, present: Sequence[int], family: Family, bounded: Collection[str] = ()
) -> list[str]:
    """Levels whose rows all have the label 0, or of a family of classes all 1: their coefficient has no finite best value.

    Args:
      design: the columns.
      square: [p + 2, p + 2], the factor of [1 X y] of all rows, of which the sums of a level's labels and weights are products.
      present: [1 + p], rows of a level.
      family: of the model; labels of one that allows no 0 are not separated so.
      bounded: features whose levels are left out: bounds may keep their coefficients finite, which the passes find out.

    Returns:
      A text each: `payment_type[Prcard]: 31 rows, all 1`.
    """
    if not family.valid(np.zeros(1))[0]:
        return []
    found, names = [], design.column_names
    for first, term in design.places():
        if term.feature in bounded:
            continue
        for place in range(first, first + len(term.levels)):
            weight = float(np.sum(square[:, place] ** 2))
            if not present[place] or weight == 0:
                continue
            share = float(square[:, place] @ square[:, -1]) / weight
            for label in (0, 1) if family.classes else (0,):
                if abs(share - label) <= ROUNDING:
                    found.append(f"{names[place - 1]}: {present[place]:,} rows, all {label}")
    return found


def no_maximum(levels: Sequence[str], family: Family) -> NoMaximum:
    """The error that says so."""
    more = f"; and {len(levels) - MOST_NAMED} more" if len(levels) > MOST_NAMED else ""
    return NoMaximum(f"the labels are separated by level: {'; '.join(levels[:MOST_NAMED])}{more}", ways_out(family))
