"""Trees of JSON that are alike but for rounding."""

from __future__ import annotations

from typing import Any

import pytest


def assert_alike(one: Any, other: Any, rel: float) -> None:
    """Holds two trees against each other: numbers by `rel` and 1e-9, all else must be equal."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_alike(one[key], other[key], rel)
    elif isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_alike(*pair, rel)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=rel, abs=1e-9)
    else:
        assert one == other
