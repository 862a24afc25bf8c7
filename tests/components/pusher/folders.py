"""Model folders, and what a server sees in a serving directory."""

import os

from components.manifest import verify_manifest, write_manifest
from components.pusher.publish import LEFTOVERS
from components.pusher.versions import parse_version


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
    return [child.name for child in base.iterdir() if child.name.startswith(LEFTOVERS)]


def numbered(base):
    """What a server would take for versions."""
    if not base.is_dir():
        return {}
    return {number: base / name for name in os.listdir(base) if (number := parse_version(name)) is not None}


def name_of(version):
    return verify_manifest(version)["name"]
