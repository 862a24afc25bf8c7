"""How a Python process of ours is started, so that it finds the very packages that this one has."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_OURS = str(Path(__file__).parents[1])


def child_environment() -> dict[str, str]:
    """The environment of such a process: this one's, and this one's folders to import from.

    `PYTHONSAFEPATH` (Python's `-P`) keeps the working directory out, where a `json.py` or a folder `components` may lie.
    """
    folders = [folder for folder in sys.path if folder]
    if _OURS not in folders:
        folders.insert(0, _OURS)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folders), "PYTHONSAFEPATH": "1"}
