"""Publishing a model to a folder that model servers watch, so that a crash at any moment leaves no half version.

A server takes every child of the folder whose name is an integer for a version, and loads the highest. So a version gets
such a name only when it is whole and on the disk, by one rename:

1. take the lock, and clear away what dead publishers left;
2. copy the model to a hidden folder, sync it, read it back and compare it with what was to be copied;
3. replace the texts beside the versions (models.config and the like) that changed, where some are asked for;
4. note the new version's number, and sync the note: numbers only rise, though the newest version be deleted by hand and the
   clock set back. The number is the Unix time, or one above the highest seen if that is more;
5. rename the hidden folder to the number, and sync;
6. where `keep` is asked for, rename versions of ours beyond the newest to hidden names, sync, and delete them.

Lock, note and hidden folders lie beside the folder, not in it (`components.publishing.beside`).

This holds on a local POSIX file system. On NFS the rename is one step for all clients, and other hosts may see it late (up
to their attribute cache's age); the lock is as good as NFS's locks are; what "on the disk" means is the server's matter.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.errors import RunError
from components.publishing import filesystem
from components.publishing.beside import STAGING, WRITING, Beside
from components.publishing.manifest import (
    MANIFEST_FILE,
    Entry,
    compare,
    has_manifest,
    hash_files,
    render,
    verify_manifest,
    walk,
)
from components.publishing.retention import prune
from components.publishing.versions import LARGEST, highest_name, parse_version, versions

LOCK_SECONDS = 30.0
SAVED_MODEL_FILE = "saved_model.pb"  # what a server loads, if the model is a SavedModel
SOURCE_FACT = "republished"  # the fact that names the version which a rollback published again


@dataclasses.dataclass(frozen=True)
class Publication:
    """What a publish did.

    Attributes:
      version: the version that is live now.
      fresh: whether it is a new one; False if the newest had the same content already.
      deleted: the versions that were deleted, as more than `keep` of ours were there.
    """

    version: int
    fresh: bool
    deleted: list[int]


def publish(
    source: Path,
    directory: Path,
    keep: int | None = None,
    texts: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Publication:
    """Publishes a model as a new version, unless the newest version has the same content.

    A version gets a manifest if the model has one, or if `keep` or `facts` are given: what has none is never deleted. Else it
    holds the model's files and nothing more, whatever they are.

    Args:
      source: the model's folder, of any format. If it has a manifest, its files must agree with it.
      directory: the folder that servers watch; made if it isn't there.
      keep: how many of the versions with a manifest to keep, at least 1; None for all.
      texts: files to lie among the versions, by name; they are in place before the version is.
      facts: facts to add to the published manifest, over those of the source's.

    Returns:
      The version that holds this content.

    Raises:
      RunError: the model is incomplete or changes meanwhile, another publish is going on, or the file system fails. If the
        text doesn't say otherwise, the live version is as it was.
    """
    check(keep, texts or {})
    with _exclusive(directory) as beside:
        if beside.directory.is_relative_to(source.resolve()):
            raise RunError(
                f"{directory}: lies in the model's own folder, {source}. Choose another place to publish to."
            )
        return _put(source, beside, keep, texts or {}, facts or {})


def rollback(directory: Path, keep: int | None, to: int | None = None) -> Publication:
    """Publishes an earlier version again, under a new number.

    Twice in a row is there and back: after the first, the version rolled back from is the newest of other content.

    Args:
      directory: the folder that servers watch.
      keep: as `publish` takes it.
      to: the version to publish again; None for the newest whose content differs from the live version's.

    Returns:
      The new version.

    Raises:
      RunError: there is no such version, it does not agree with its manifest, or as `publish`.
    """
    check(keep, {})
    _live(directory)
    with _exclusive(directory) as beside:
        base = beside.directory
        live = _live(base)
        present = versions(base)
        if to is None:
            content = _content(base / str(live))
            earlier = (v for v in reversed(present[:-1]) if content is None or _content(base / str(v)) != content)
            to = next(earlier, None)
            if to is None:
                raise RunError(
                    f"{directory}: no earlier version of other content. Present: {_list(present)}. Publish a model."
                )
        elif to == live:
            raise RunError(
                f"{directory}: version {to} is the live one. Choose an earlier one of {_list(present[:-1])}."
            )
        elif to not in present:
            raise RunError(f"{directory}: there is no version {to}. Choose one of {_list(present[:-1])}.")
        source = base / str(to)
        try:
            verify_manifest(source)
        except RunError as error:
            others = [v for v in present[:-1] if v != to]
            raise RunError(f"{error} It can't be rolled back to; the others are: {_list(others)}.") from error
        return _put(source, beside, keep, {}, {SOURCE_FACT: to})


def check(keep: int | None, texts: Mapping[str, str]) -> None:
    """Raises a RunError for a `keep` or names of `texts` that no publish takes."""
    if keep is not None and keep < 1:
        raise RunError(f"keep: expected at least 1, as the newest version stays. Received: {keep}.")
    for name in texts:
        if not name or "/" in name or name.startswith(".") or parse_version(name) is not None:
            raise RunError(
                f"texts: expected the name of a file among the versions, not hidden and no integer. Received: {name!r}."
            )


def _list(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"


def _live(directory: Path) -> int:
    try:
        present = versions(directory)
    except OSError as error:
        raise RunError(f"{directory}: can't be read: {error}. Nothing was changed.") from error
    if not present:
        raise RunError(f"{directory}: nothing is published here. Run the pipeline first.")
    return present[-1]


@contextlib.contextmanager
def _exclusive(directory: Path) -> Iterator[Beside]:
    """A directory ours alone and cleared of leftovers; errors of the file system in words."""
    try:
        base = directory.resolve()
        filesystem.make_directory(base)
        beside = Beside.of(base)
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(filesystem.locked(beside.lock, LOCK_SECONDS, directory))
            except PermissionError as error:
                raise RunError(
                    f"{directory}: nothing was published: {beside.folder} can't be written to ({error}). The lock, the highest "
                    f"number and the copy in the making lie there, so that {base.name} holds versions alone. Allow this "
                    "user to write there, or publish to a folder below one that it may write to."
                ) from error
            beside.take_over(LOCK_SECONDS)
            leftovers = beside.leftovers()
            if leftovers:
                beside.sync()  # a version that was hidden to be deleted must stay hidden
            for path in leftovers:
                filesystem.discard(path)
            if not beside.highest.exists():
                filesystem.sync_parents(base)
            yield beside
    except OSError as error:
        raise RunError(
            f"{directory}: nothing was published, as the file system failed: {error}. The live version is as it was. "
            "See to the disk's space, health and permissions, and publish again."
        ) from error


def _put(
    source: Path, beside: Beside, keep: int | None, texts: Mapping[str, str], facts: Mapping[str, Any]
) -> Publication:
    base = beside.directory
    files, known = _inspect(source, keep is not None or bool(facts))
    newest = versions(base)[-1:]
    fresh = not newest or newest != [highest_name(base)] or _content(base / str(newest[0])) != files
    if fresh:
        staging = beside.temporary(STAGING)
        try:
            _stage(source, staging, files, None if known is None else {**known, **facts})
            _write_texts(beside, texts)
            version = _reserve(beside)
            os.rename(staging, base / str(version))
        finally:
            filesystem.discard(staging)  # not there any more if all went well
    else:
        [version] = newest
        filesystem.sync_tree(base / str(version))  # another tool, or a publisher that died, may have put it there
        _write_texts(beside, texts)
    try:
        beside.sync()
        return Publication(version, fresh, prune(beside, keep))
    except OSError as error:
        raise RunError(
            f"{base / str(version)}: is published and whole, but the file system failed after that: {error}. "
            "Publish again to make sure that it survives a power cut and that old versions go."
        ) from error


def _inspect(source: Path, signed: bool) -> tuple[dict[str, Entry], dict[str, Any] | None]:
    """A model's files, and the facts of its manifest, which they agree with; None for no manifest.

    A `manifest.json` of another tool is a file like others, unless the version is to be `signed` with one of ours.
    """
    if not source.is_dir():
        raise RunError(f"{source}: expected the folder of a model. There is none. Train the model first.")
    if has_manifest(source) or (signed and (source / MANIFEST_FILE).exists()):
        manifest = verify_manifest(source)
        return _some(source, manifest.files), manifest.facts
    return _some(source, hash_files(source)), {} if signed else None


def _some(source: Path, files: dict[str, Entry]) -> dict[str, Entry]:
    if not files:
        raise RunError(f"{source}: expected the folder of a model. There is no file in it. Train the model again.")
    return files


def _content(folder: Path) -> dict[str, Entry] | None:
    """The files of a published version as they are on the disk; None for one that can't be a whole model."""
    try:
        return hash_files(folder)
    except RunError:
        return None


def _stage(source: Path, staging: Path, files: Mapping[str, Entry], facts: Mapping[str, Any] | None) -> None:
    """Copies a model, with a manifest of these facts if there are any, and makes sure of what is on the disk."""
    folders, _ = walk(source)
    os.mkdir(staging)
    for folder in folders:
        os.mkdir(staging / folder)
    copied = {path: filesystem.copy_file(source / path, staging / path) for path in files}
    changed = compare(files, copied)
    if changed:
        raise RunError(
            f"{source}: the model was changed while it was copied: {changed[0]}. Publish again when it rests."
        )
    if facts is not None:
        filesystem.write_file(staging / MANIFEST_FILE, render(files, facts).encode())
    for folder in [*reversed(folders), ""]:
        filesystem.sync(staging / folder)
    if facts is not None and (staging / MANIFEST_FILE).read_text() != render(files, facts):
        raise RunError(f"{staging / MANIFEST_FILE}: read back differently than written. Check the disk, publish again.")
    different = compare(files, hash_files(staging))
    if different:
        raise RunError(f"{staging}: read back after copying: {different[0]}. Check the disk, publish again.")


def _write_texts(beside: Beside, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        filesystem.replace_file(beside.directory / name, text, beside.temporary(WRITING))


def _reserve(beside: Beside) -> int:
    """A version above all that are or ever were, noted so that it is never given again."""
    seen = highest_name(beside.directory)
    noted = beside.noted()
    version = max(int(time.time()), noted + 1, -1 if seen is None else seen + 1)
    if version > LARGEST:
        raise RunError(
            f"{beside.directory}: {max(noted, seen or 0)} is the highest number that servers know. "
            "Remove what has this name."
        )
    beside.note(version)
    return version
