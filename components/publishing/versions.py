"""The versions in a serving directory, as TF Serving sees them: sub-folders whose name is an integer."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path
from typing import Any

from components.errors import RunError
from components.publishing.manifest import content_digest, read_manifest, verify_manifest, walk

LARGEST = (1 << 63) - 1
_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)[ \t\n\v\f\r]*")
_LONGEST = 64  # digits; Python refuses to parse thousands of them


def parse_version(name: str) -> int | None:
    """The version that TF Serving takes a name for, or None.

    It asks `absl::SimpleAtoi` for 64 bits: white space around, a sign and leading zeros are all taken, and it never looks
    whether the name is a folder's (`file_system_storage_path_source.cc`, `ParseVersionNumber`).
    """
    match = _INTEGER.fullmatch(name)
    digits = match[1].lstrip("+-").lstrip("0") if match else ""
    if match is None or len(digits) > _LONGEST:
        return None
    version = int(digits or "0") * (-1 if match[1].startswith("-") else 1)
    return version if -LARGEST - 1 <= version <= LARGEST else None


def versions(directory: Path) -> list[int]:
    """All versions in plain notation, oldest first; empty where there is no directory."""
    if not directory.is_dir():
        return []
    found = ((parse_version(name), name) for name in os.listdir(directory))
    return sorted(
        version
        for version, name in found
        if version is not None and version >= 0 and str(version) == name and (directory / name).is_dir()
    )


def highest_name(directory: Path) -> int | None:
    """The highest version that TF Serving sees in a directory, be it a folder or not; None for none."""
    return max(
        (version for name in os.listdir(directory) if (version := parse_version(name)) is not None), default=None
    )


@dataclasses.dataclass(frozen=True)
class Version:
    """What is known of a version.

    Attributes:
      version: its number.
      time: when it was published (its folder was made), in seconds since 1970.
      bytes: the size of all its files.
      problem: why it doesn't agree with its manifest, or has none; None if all is well.
      digest: `content_digest` of its manifest; None if it has none.
      facts: what the manifest says of the model.
      live: whether it is the one that a server takes by default, the newest.
    """

    version: int
    time: float
    bytes: int
    problem: str | None
    digest: str | None
    facts: dict[str, Any]
    live: bool


def describe(directory: Path) -> list[Version]:
    """Describes all versions, oldest first; reads all their files. Needs no lock: a version that goes meanwhile is left out.

    Raises:
      OSError: a file can't be read.
    """
    entries = []
    for version in versions(directory):
        try:
            entries.append(_describe(directory / str(version), version))
        except FileNotFoundError:
            continue
    if entries and entries[-1].version == highest_name(directory):
        entries[-1] = dataclasses.replace(entries[-1], live=True)
    return entries


def newest(directory: Path) -> Version | None:
    """Describes the version that a server takes by default; None for none, as where a name that is no version's is above all.

    Raises:
      OSError: a file can't be read.
    """
    found = versions(directory)
    if not found or found[-1] != highest_name(directory):
        return None
    return dataclasses.replace(_describe(directory / str(found[-1]), found[-1]), live=True)


def _describe(folder: Path, version: int) -> Version:
    manifest = None
    problem = None
    size = 0
    try:
        size = sum((folder / path).stat().st_size for path in walk(folder)[1])
        manifest = read_manifest(folder)
        verify_manifest(folder)
    except RunError as error:
        problem = str(error)
    digest, facts = (None, {}) if manifest is None else (content_digest(manifest.files), manifest.facts)
    return Version(version, folder.stat().st_mtime, size, problem, digest, facts, live=False)
