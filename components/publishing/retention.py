"""Old versions go, if somebody asked for that, and of those alone that were published with a manifest of ours."""

from __future__ import annotations

import os

from components.publishing import filesystem
from components.publishing.beside import DELETED, Beside
from components.publishing.manifest import has_manifest
from components.publishing.versions import versions


def prune(beside: Beside, keep: int | None) -> list[int]:
    """Deletes all but the `keep` (at least 1) newest of the versions that have a manifest of ours; None deletes nothing.

    A version is renamed to a name that no server takes for one before it is deleted, so that none is ever seen half.

    Returns:
      The versions deleted.

    Raises:
      OSError: a version can't be renamed. One that can't be deleted after that is left hidden, with a warning.
    """
    if keep is None:
        return []
    base = beside.directory
    old = [version for version in versions(base) if has_manifest(base / str(version))][: -max(keep, 1)]
    hidden = [beside.temporary(DELETED) for _ in old]
    for version, doomed in zip(old, hidden, strict=True):
        os.rename(base / str(version), doomed)
    if hidden:
        beside.sync()  # or a power cut could bring back the names of versions that are half gone
    for doomed in hidden:
        filesystem.discard(doomed)
    return old
