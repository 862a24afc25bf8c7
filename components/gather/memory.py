"""Whether this machine can hold what a design matrix needs, said before the rows are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from components.errors import ConfigError
from components.linear_model.absorbed_factor import is_absorbed
from components.linear_model.families import Family

PARTS = 5  # that rows are told apart by: the folds of a configuration that says nothing else
# Matrices [p + 2, p + 2] that Fit holds besides the factors of the parts, which Gather holds twice: the square, its inverse, two
# covariances, and of the pass for diagnostics two sums of scores and two covariances of them.
_MATRICES = 8
_CGROUP = Path("/sys/fs/cgroup/memory.max")
_MEMORY = Path("/proc/meminfo")


def check_memory(
    widths: Mapping[str, int],
    family: Family,
    parts: int = PARTS,
    *,
    seen: str = "has",
    available: int | None = None,
) -> None:
    """Looks whether the factors of a design matrix fit into memory.

    Args:
      widths: by feature, how many columns it has.
      family: of the model; of least squares the levels of the widest feature are eliminated, if there are many.
      parts: that rows are told apart by.
      seen: what is known of the columns: that the design matrix "has" them, or how many it has at least.
      available: bytes; None for what this machine has, if it tells.

    Raises:
      ConfigError: they don't; the text names the feature with the most columns.
    """
    have = _available() if available is None else available
    if have is None or not widths:
        return
    columns, widest = sum(widths.values()), max(widths, key=lambda feature: widths[feature])
    absorbed = widths[widest] if is_absorbed(widths[widest], family) else 0
    width = columns - absorbed + 2
    need = 8 * (2 * parts + _MATRICES) * (width**2 + absorbed * width)
    if need > have:
        raise ConfigError(
            f"features.{widest}: the design matrix {seen} {columns:,} columns, {widths[widest]:,} of them of this "
            f"feature; its factors need about {need / 2**30:,.1f} GiB, and {have / 2**30:,.1f} GiB are free. Lower its "
            "vocabulary, raise its min_rows, or run where there is more memory."
        )


def _available() -> int | None:
    """Bytes that this process may still take; None where the system doesn't tell."""
    found = []
    if _MEMORY.exists():
        match = re.search(r"^MemAvailable:\s+(\d+) kB", _MEMORY.read_text(), re.MULTILINE)
        found += [int(match[1]) * 1024] if match else []
    if _CGROUP.exists():
        limit = _CGROUP.read_text().strip()
        found += [int(limit)] if limit.isdigit() else []
    return min(found, default=None)
