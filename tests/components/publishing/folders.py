"""Model folders, and what a server sees in a serving directory."""

from __future__ import annotations

import os
from pathlib import Path

from components.publishing.beside import Beside
from components.publishing.manifest import verify_manifest, write_manifest
from components.publishing.versions import parse_version


def make_model(folder: Path, content: str, manifest: bool = True) -> Path:
    """Writes a folder that looks like a SavedModel, of any content."""
    (folder / "variables").mkdir(parents=True)
    (folder / "assets" / "vocabularies").mkdir(parents=True)
    (folder / "saved_model.pb").write_text(content * 500)
    (folder / "variables" / "variables.index").write_text(content)
    (folder / "assets" / "vocabularies" / "colours").write_text("red\nblue\n")
    if manifest:
        write_manifest(folder, {"name": content})
    return folder


def hidden(base: Path) -> list[str]:
    """What a publish left that is over: beside the directory, or hidden in it."""
    left = [path.name for path in Beside.of(base).leftovers()]
    return left + [name for name in os.listdir(base) if name.startswith(".")]


def numbered(base: Path) -> dict[int, Path]:
    """What a server would take for versions."""
    if not base.is_dir():
        return {}
    return {number: base / name for name in os.listdir(base) if (number := parse_version(name)) is not None}


def name_of(version: Path) -> str:
    """The content that `make_model` was given, after the files were compared with their manifest."""
    return str(verify_manifest(version).facts["name"])
