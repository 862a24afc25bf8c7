"""The versions in a serving directory, as TF Serving sees them: sub-folders whose name is an integer."""

from __future__ import annotations

import shutil
from pathlib import Path


def versions(directory: Path) -> list[int]:
    """All versions, oldest first; empty where there is no directory."""
    if not directory.is_dir():
        return []
    return sorted(int(child.name) for child in directory.iterdir() if child.name.isdecimal() and child.is_dir())


def prune(directory: Path, keep: int) -> list[int]:
    """Deletes all but the `keep` (at least 1) newest versions.

    A version is renamed to a name that no server takes for one before it is deleted, so that none is ever seen half.

    Returns:
      The versions deleted.
    """
    old = versions(directory)[: -max(keep, 1)]
    for version in old:
        doomed = directory / f".deleted-{version}"
        (directory / str(version)).rename(doomed)
        shutil.rmtree(doomed)
    return old
