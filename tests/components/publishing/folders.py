"""Model folders, and what a server sees in a serving directory."""

import os

from components.publishing.beside import Beside
from components.publishing.manifest import verify_manifest, write_manifest
from components.publishing.versions import parse_version


def make_model(folder, content, manifest=True):
    (folder / "variables").mkdir(parents=True)
    (folder / "assets" / "vocabularies").mkdir(parents=True)
    (folder / "saved_model.pb").write_text(content * 500)
    (folder / "variables" / "variables.index").write_text(content)
    (folder / "assets" / "vocabularies" / "colours").write_text("red\nblue\n")
    if manifest:
        write_manifest(folder, {"name": content})
    return folder


def hidden(base):
    """What a publish left that is over: beside the directory, or hidden in it."""
    left = [path.name for path in Beside.of(base).leftovers()]
    return left + [name for name in os.listdir(base) if name.startswith(".")]


def numbered(base):
    """What a server would take for versions."""
    if not base.is_dir():
        return {}
    return {number: base / name for name in os.listdir(base) if (number := parse_version(name)) is not None}


def name_of(version):
    return verify_manifest(version).facts["name"]
