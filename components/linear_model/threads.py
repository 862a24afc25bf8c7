"""Rows gathered by several threads, each into an accumulator of its own, which then merge.

LAPACK releases Python's lock. OpenBLAS's own threads wait for each other at every panel of a factorisation, which costs much where
other processes use the cores too; so it has one thread each here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, Self, TypeVar

from threadpoolctl import threadpool_limits


class Merging(Protocol):
    """What merges with its like."""

    def merge(self, other: Any) -> Self:
        """Adds what another one gathered of other rows."""


Part = TypeVar("Part")
Gathered = TypeVar("Gathered", bound=Merging)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gathered(parts: Sequence[Part], gather: Callable[[Part], Gathered]) -> Gathered:
    """What is gathered of each part, by a thread each, merged in the order of the parts.

    Raises:
      Exception: what `gather` raises of the first part of which it does.
    """
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(len(parts)) as pool:
        first, *others = pool.map(gather, parts)
        for other in others:
            first.merge(other)
    return first
