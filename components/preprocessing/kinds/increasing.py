"""Numbers that have to increase."""

from __future__ import annotations

import math
from itertools import pairwise


def check_increasing(value: list[float]) -> list[float]:
    """The same numbers.

    Raises:
      ValueError: one is not finite, or not above the one before.
    """
    if not all(map(math.isfinite, value)) or any(b <= a for a, b in pairwise(value)):
        raise ValueError("must be finite and strictly increasing")
    return value
