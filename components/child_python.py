"""How a Python process of ours is started, so that it finds the very packages that this one has."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
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


@contextlib.contextmanager
def starting(**defaults: str) -> Iterator[None]:
    """What is started meanwhile by other code, which takes this process's environment, gets that of a process of ours.

    Args:
      defaults: variables that it gets too where the environment does not say otherwise.
    """
    former = dict(os.environ)
    os.environ.update({**defaults, **child_environment()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(former)
