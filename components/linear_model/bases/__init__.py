"""What a number becomes in the design matrix where it is not itself: one or more columns, by arithmetic alone.

Each basis is written once, in functions that numpy (`array_functions`) and TensorFlow (`tf.math`) both have, so that the served
graph and `scoring` compute the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.linear_model.bases.elementwise import log, log1p, power, sqrt
from components.linear_model.bases.polynomial import polynomial
from components.linear_model.bases.spline import knots_of, spline

Entry = Mapping[str, Any]
Learned = Mapping[str, Any]
"""By name what training found out for a basis, as arrays or tensors of float64."""

_COLUMNS: dict[str, Callable[[Any, Entry, Learned, Any], Sequence[Any]]] = {
    "log": log,
    "log1p": log1p,
    "sqrt": sqrt,
    "power": power,
    "spline": spline,
    "polynomial": polynomial,
}


def has_basis(entry: Entry) -> bool:
    """Whether a feature is a number that is not in the design matrix as itself."""
    return entry["kind"] in _COLUMNS


def columns_of(entry: Entry, x: Any, learned: Learned, functions: Any) -> list[Any]:
    """The columns of a feature's numbers.

    Args:
      entry: of the feature (`features_to_json`), `has_basis` being true.
      x: float64 [n], every one in the basis's domain.
      learned: what training found out.
      functions: `array_functions`, or `tf.math`.

    Returns:
      float64 [n] each, as many as `parts_of` has names.
    """
    return list(_COLUMNS[entry["kind"]](x, entry, learned, functions))


def parts_of(entry: Entry) -> list[str]:
    """What each of a feature's columns is, for eyes, in their order."""
    kind = entry["kind"]
    if kind == "spline":
        return [f"spline {index}" for index in range(1, knots_of(entry))]
    if kind == "polynomial":
        return [f"^{index}" for index in range(1, entry["degree"] + 1)]
    return [f"^{entry['exponent']:g}"] if kind == "power" else [kind]
