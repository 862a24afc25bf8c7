"""Bases of one column: a function of the number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def log(x: Any, entry: Mapping[str, Any], learned: Mapping[str, Any], functions: Any) -> Sequence[Any]:
    """The natural logarithm; x above 0. Arguments as of `bases.columns_of`."""
    return [functions.log(x)]


def log1p(x: Any, entry: Mapping[str, Any], learned: Mapping[str, Any], functions: Any) -> Sequence[Any]:
    """The natural logarithm of 1 + x; x above −1. Arguments as of `bases.columns_of`."""
    return [functions.log1p(x)]


def sqrt(x: Any, entry: Mapping[str, Any], learned: Mapping[str, Any], functions: Any) -> Sequence[Any]:
    """The square root; x at least 0. Arguments as of `bases.columns_of`."""
    return [functions.sqrt(x)]


def power(x: Any, entry: Mapping[str, Any], learned: Mapping[str, Any], functions: Any) -> Sequence[Any]:
    """x to a power; x where that is a number. Arguments as of `bases.columns_of`."""
    return [x ** float(entry["exponent"])]
