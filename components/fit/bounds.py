"""The bounds of the columns' coefficients that follow from `model.constraints`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from components.errors import DataError
from components.fit.constraints import Constraint, Constraints, Range
from components.linear_model.bounded import NONE, Bounds
from components.linear_model.design_matrix import DesignMatrix, Term
from components.preprocessing.features import Kind, indicator_name
from components.preprocessing.kinds.boolean import Boolean


def bounds_of(
    constraints: Constraints,
    features: Mapping[str, Kind],
    design: DesignMatrix,
    references: Mapping[str, int],
    present: Sequence[int],
) -> Bounds | None:
    """The bounds of all columns' coefficients, of columns as they are scaled; None without constraints.

    An interval's difference to its neighbour on the side of the reference, or without one there to the interval before, is
    bounded, so that the reference's coefficient stays 0. Intervals without rows are passed over.

    Args:
      constraints: as `check_constraints` allows them.
      features: by name.
      design: the columns.
      references: by transformed column with levels, the place of the level that is left out.
      present: [1 + p], rows of a level.

    Raises:
      DataError: a truth value is constrained that no training row has as false.
    """
    if not constraints:
        return None
    width = 1 + design.width
    bounds = Bounds(np.full(width, -np.inf), np.full(width, np.inf), np.full(width, NONE))
    for place, term in design.places():
        wanted = constraints.get(term.feature)
        if wanted is None or term.key == indicator_name(term.feature):
            continue
        low, high = _interval(wanted)
        if isinstance(features[term.feature], Boolean):
            _bound_truth(bounds, place, term, references[term.key], (low, high))
        elif term.levels:
            places = [place + index for index, level in enumerate(term.levels) if level.special is None]
            _bound_order(bounds, [at for at in places if present[at]], references[term.key], (low, high))
        else:
            bounds.low[place], bounds.high[place] = low * term.std, high * term.std
    return bounds


def _interval(wanted: Constraint) -> tuple[float, float]:
    """Of a coefficient, or of each step upwards."""
    if isinstance(wanted, Range):
        return -math.inf if wanted.min is None else wanted.min, math.inf if wanted.max is None else wanted.max
    return (0.0, math.inf) if wanted in ("positive", "increasing") else (-math.inf, 0.0)


def _bound_truth(bounds: Bounds, place: int, term: Term, reference: int, interval: tuple[float, float]) -> None:
    false, true = place, place + 1
    if reference not in (false, true):
        raise DataError(
            f"model.constraints.{term.feature}: no training row has false there, with which true would be compared. Leave the "
            "constraint out."
        )
    low, high = interval
    if reference == true:
        true, low, high = false, 0.0 - high, 0.0 - low
    bounds.low[true], bounds.high[true] = low, high


def _bound_order(bounds: Bounds, places: Sequence[int], reference: int, interval: tuple[float, float]) -> None:
    """Of levels in their order: steps upwards lie in the interval. A step down is 0 less it, so that none is −0."""
    low, high = interval
    at = places.index(reference) if reference in places else 0
    for index, place in enumerate(places):
        if index == at:
            continue
        below = index < at
        neighbour = places[index + 1] if below else places[index - 1]
        bounds.after[place] = NONE if neighbour == reference else neighbour
        bounds.low[place], bounds.high[place] = (0.0 - high, 0.0 - low) if below else (low, high)
