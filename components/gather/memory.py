"""Whether this machine can hold what a design matrix needs, said before the rows are read."""

from __future__ import annotations

import re
from pathlib import Path

from components.errors import ConfigError
from components.linear_model.design_matrix import DesignMatrix

# Matrices [p + 2, p + 2] that Fit holds besides the factors of the parts, which Gather holds twice: the square, its inverse, and
# two covariances.
_MATRICES = 4
_CGROUP = Path("/sys/fs/cgroup/memory.max")
_MEMORY = Path("/proc/meminfo")


def check_memory(design: DesignMatrix, parts: int, available: int | None = None) -> None:
    """Looks whether the factors of a design matrix fit into memory.

    Args:
      design: of all columns.
      parts: that rows are told apart by.
      available: bytes; None for what this machine has, if it tells.

    Raises:
      ConfigError: they don't; the text names the feature with the most columns.
    """
    have = _available() if available is None else available
    need = 8 * (2 * parts + _MATRICES) * (design.width + 2) ** 2
    if have is None or need <= have:
        return
    widths: dict[str, int] = {}
    for term in design.terms:
        widths[term.feature] = widths.get(term.feature, 0) + term.width
    widest = max(widths, key=lambda feature: widths[feature])
    raise ConfigError(
        f"features.{widest}: the design matrix has {design.width:,} columns, {widths[widest]:,} of them of this "
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
