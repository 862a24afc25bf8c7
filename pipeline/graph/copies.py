"""Artifacts in a bucket, copied to this machine for readers of paths."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def copied(uri: str, folder: Path, left_out: Sequence[str], files: Any = None) -> Path:
    """A copy of an artifact, made once.

    Args:
      uri: of its folder.
      folder: that takes the copy; one that is there is taken for it.
      left_out: how the names of folders in it begin that are not copied.
      files: `tfx.dsl.io.fileio`, or what does the same.

    Returns:
      `folder`.
    """
    if folder.exists():
        return folder
    if files is None:
        from tfx.dsl.io import fileio

        files = fileio
    folder.mkdir(parents=True)
    base = uri.rstrip("/")
    for place, _, names in files.walk(base):
        inner = os.path.relpath(_text(place).rstrip("/"), base)
        if inner.startswith(tuple(left_out)):
            continue
        (folder / inner).mkdir(parents=True, exist_ok=True)
        for name in map(_text, names):
            with files.open(f"{_text(place).rstrip('/')}/{name}", "rb") as file:
                (folder / inner / name).write_bytes(file.read())
    return folder


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
