"""Which numbers a basis has values of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEAST_FLOAT = 1.1754943508222875e-38  # above 0, of 32-bit floats that are not denormal
_LEAST_ABOVE_MINUS_ONE = -0.9999999403953552  # of 32-bit floats


def least_of(entry: Mapping[str, Any]) -> float | None:
    """The least number that a feature's basis has a value of; None where all have one.

    Args:
      entry: of the feature (`features_to_json`): `kind`, and of a power `exponent`.
    """
    if entry["kind"] == "power":
        exponent = entry["exponent"]
        return LEAST_FLOAT if exponent < 0 else None if float(exponent).is_integer() else 0.0
    return {"log": LEAST_FLOAT, "log1p": _LEAST_ABOVE_MINUS_ONE, "sqrt": 0.0}.get(entry["kind"])


def limits(entry: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """The least and the greatest valid number of a feature of numbers; None where there is none.

    Args:
      entry: of the feature: as of `least_of`, and `min` and `max`.
    """
    low = entry["min"]
    return (least_of(entry) if low is None else low), entry["max"]


def without_value(least: float) -> str | None:
    """How numbers below that least one are told of, where it is only the first one that is stored above a bound."""
    return {LEAST_FLOAT: "at most 0", _LEAST_ABOVE_MINUS_ONE: "at most -1"}.get(least)
