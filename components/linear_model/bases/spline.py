"""Natural cubic splines: cubic between knots, twice differentiable at them, linear beyond the first and the last one.

With knots t₁ < … < t_K, u = (x − t₁)/(t_K − t₁) and u_j that of t_j, the columns are x itself and, for j = 1 … K − 2,
N_j = (u − u_j)₊³ − (u − u_{K−1})₊³·(1 − u_j)/(1 − u_{K−1}) up to t_K, and its tangent there beyond: the truncated powers of Harrell
(Regression Modeling Strategies, 2nd ed., §2.4.5), scaled to the knots' range. Beyond t_K the cubes are not computed, for what is
left of them there is their difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def knots_of(entry: Mapping[str, Any]) -> int:
    """How many knots a spline has."""
    knots = entry["knots"]
    return knots if isinstance(knots, int) else len(knots)


def spline(x: Any, entry: Mapping[str, Any], learned: Mapping[str, Any], functions: Any) -> Sequence[Any]:
    """The columns of a natural cubic spline, as many as knots less one. Arguments as of `bases.columns_of`.

    `learned` has `knots`, float64 [K], increasing.
    """
    knots = learned["knots"]
    count = knots_of(entry)
    first, last = knots[0], knots[count - 1]
    width = last - first
    u = (x - first) / width
    inside = functions.minimum(u, 1.0 + 0.0 * u)
    beyond = functions.maximum(u, 1.0 + 0.0 * u) - 1.0

    def cube(place: Any) -> Any:
        return functions.maximum(inside - place, 0.0 * u) ** 3

    before_last = (knots[count - 2] - first) / width
    columns = [x]
    for index in range(count - 2):
        place = (knots[index] - first) / width
        ratio = (1.0 - place) / (1.0 - before_last)
        slope = 3.0 * (1.0 - place) * (before_last - place)
        columns.append(cube(place) - cube(before_last) * ratio + slope * beyond)
    return columns


def curve_at_knots(knots: Sequence[float], coefficients: Sequence[float]) -> list[float]:
    """What a spline adds to η at each of its knots, against the first one.

    Args:
      knots: [K], increasing.
      coefficients: [K − 1], of the spline's columns in raw units.

    Returns:
      [K] in units of η; the first is 0.
    """
    import numpy as np  # the configuration's reader loads this module, and has no need of it

    from components.linear_model import array_functions

    places = np.array(knots, np.float64)
    columns = np.stack(spline(places, {"knots": knots}, {"knots": places}, array_functions), axis=1)
    values: list[float] = ((columns - columns[0]) @ np.asarray(coefficients)).tolist()
    return values
