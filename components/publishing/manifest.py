"""The manifest of a model: `manifest.json` inside its folder, with the SHA-256 and the size of every other file.

    {"format": 1, "files": {"saved_model.pb": {"sha256": "9f86…", "bytes": 31337}, …}, "verdict": …, "metrics": …}

Beside `format` and `files` lie facts about the model, whatever its maker has to say. Two models have the same content if their
`files` agree: facts and times are no part of that. A manifest without a format is of a version before formats had numbers, and
holds what one of format 1 holds.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from components.errors import RunError

MANIFEST_FILE = "manifest.json"
FORMAT = 1
ARTIFACT_FACT = "artifact"  # the fact that names the artifact which the model was made from


class Entry(TypedDict):
    """What a manifest says of one file."""

    sha256: str
    bytes: int


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What a `manifest.json` holds.

    Attributes:
      files: by path, relative to the model's folder.
      facts: what its maker says of the model: plain JSON.
    """

    files: dict[str, Entry]
    facts: dict[str, Any]


def walk(directory: Path) -> tuple[list[str], list[str]]:
    """Lists a model's folders and files.

    Returns:
      The folders, parents first, and the regular files, each sorted and relative to `directory`.

    Raises:
      RunError: there is a symbolic link or a special file: a copy would hold something else than what was looked at.
      OSError: `directory` can't be read.
    """
    folders: list[str] = []
    files: list[str] = []
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(directory / folder) as children:
            for child in children:
                path = f"{folder}/{child.name}" if folder else child.name
                if child.is_dir(follow_symlinks=False):
                    folders.append(path)
                    pending.append(path)
                elif child.is_file(follow_symlinks=False):
                    files.append(path)
                else:
                    kind = "a symbolic link" if child.is_symlink() else "a special file"
                    raise RunError(
                        f"{directory / path}: a model is made of regular files and folders. Received: {kind}. "
                        "Replace it by the file that is meant."
                    )
    return sorted(folders), sorted(files)


def hash_files(directory: Path) -> dict[str, Entry]:
    """The SHA-256 and the size of every file of a model but its manifest, sorted by relative path.

    Raises:
      RunError: as `walk`.
      OSError: a file can't be read.
    """
    _, files = walk(directory)
    listed = (path for path in files if path != MANIFEST_FILE or not has_manifest(directory))
    return {path: _hash(directory / path) for path in listed}


def _hash(path: Path) -> Entry:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return {"sha256": digest.hexdigest(), "bytes": file.tell()}


def render(files: Mapping[str, Entry], facts: Mapping[str, Any]) -> str:
    """The text of a manifest.

    Raises:
      RunError: the facts aren't JSON, or one of them is named `files` or `format`.
    """
    for name, what in (("files", "the list of files"), ("format", "the number of the manifest's format")):
        if name in facts:
            raise RunError(f"manifest.json: `{name}` is {what}, so no fact can have this name. Choose another.")
    try:
        return json.dumps({"format": FORMAT, "files": dict(files), **facts}, indent=1, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise RunError(
            f"manifest.json: a fact is not JSON: {error}. Expected text, finite numbers, lists, objects."
        ) from error


def write_manifest(directory: Path, facts: Mapping[str, Any]) -> None:
    """Writes `manifest.json` for the files that lie in `directory` now, over one that is there.

    Raises:
      RunError: as `hash_files` and `render`.
      OSError: a file can't be read or written.
    """
    files = hash_files(directory)
    files.pop(MANIFEST_FILE, None)
    (directory / MANIFEST_FILE).write_text(render(files, facts))


def read_manifest(directory: Path) -> Manifest:
    """Reads `manifest.json` without looking at the files that it lists.

    Raises:
      RunError: it isn't there, or isn't a manifest.
      OSError: it can't be read.
    """
    path = directory / MANIFEST_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise RunError(
            f"{path}: not there, so the files beside it can't be checked. Publish the model again."
        ) from error
    return parse_manifest(data, str(path))


def parse_manifest(data: bytes, path: str) -> Manifest:
    """What a `manifest.json` holds.

    Raises:
      RunError: it isn't a manifest, or is of another format; the text begins with `path`.
    """
    try:
        value = json.loads(data)
    except ValueError as error:
        raise RunError(f"{path}: not JSON: {error}. Publish the model again.") from error
    facts: dict[str, Any] = value if isinstance(value, dict) else {}
    files, found = facts.pop("files", None), facts.pop("format", FORMAT)
    if not isinstance(files, dict) or not all(_is_entry(entry) for entry in files.values()):
        raise RunError(
            f"{path}: expected an object with `files`, each with `sha256` and `bytes`. Publish the model again."
        )
    if found != FORMAT:
        raise RunError(
            f"{path}: expected format {FORMAT}; received {found!r}. Another version of Plumbline wrote it: use that one, or "
            "publish the model again."
        )
    return Manifest(files, facts)


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("sha256"), str) and isinstance(value.get("bytes"), int)


def has_manifest(directory: Path) -> bool:
    """Whether `manifest.json` is there and is a manifest, whatever it lists: other tools give their files this name too.

    Raises:
      OSError: it can't be read.
    """
    try:
        read_manifest(directory)
    except RunError:
        return False
    return True


def verify_manifest(directory: Path) -> Manifest:
    """Reads every file and compares it with the manifest.

    Returns:
      The manifest.

    Raises:
      RunError: a file is missing, extra or changed (the text names it); or as `read_manifest` and `walk`.
      OSError: a file can't be read.
    """
    manifest = read_manifest(directory)
    differences = compare(manifest.files, hash_files(directory))
    if differences:
        more = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
        raise RunError(f"{directory}: {differences[0]}{more}. Publish the model again, from a whole copy.")
    return manifest


def verify_if_signed(directory: Path) -> bool:
    """Verifies a version that has a `manifest.json`, be it whole or damaged; others make versions that have none.

    Returns:
      Whether there is one.

    Raises:
      RunError: as `verify_manifest`; or a file can't be read.
    """
    try:
        if not (directory / MANIFEST_FILE).exists():
            return False
        verify_manifest(directory)
    except OSError as error:
        raise RunError(
            f"{directory}: can't be read: {error}. See to the disk and the permissions, or publish the model again."
        ) from error
    return True


def compare(expected: Mapping[str, Entry], found: Mapping[str, Entry]) -> list[str]:
    """Says in which files two folders differ: a line each, empty if in none."""
    lines = []
    for path in sorted({*expected, *found}):
        if path not in found:
            lines.append(f"{path} is missing, which its manifest lists")
        elif path not in expected:
            lines.append(f"{path} is extra: its manifest does not list it")
        elif expected[path] != found[path]:
            lines.append(
                f"{path} is changed: {found[path]['bytes']} bytes with SHA-256 {found[path]['sha256'][:12]}…, "
                f"where its manifest lists {expected[path]['bytes']} bytes with SHA-256 {expected[path]['sha256'][:12]}…"
            )
    return lines


def content_digest(files: Mapping[str, Entry]) -> str:
    """Hexadecimal SHA-256 over a manifest's files alone: equal for models of the same content."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
