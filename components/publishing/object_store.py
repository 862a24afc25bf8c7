"""Publishing a model to an object store (gs://, s3://) or HDFS, as well as that can be done there.

What is weaker than in `components.publishing.publish`:

- No rename of a folder in one step: a server may see a version before it is whole. `saved_model.pb` is copied last, after
  everything else was read back and found right; a server that looks before that fails to load the version, serves the old
  one meanwhile, and tries again. A server that *starts* at that moment has no old one.
- No lock: two publishers at once may choose the same number and mix their files. Let only one pipeline publish to a place.
- No sync: a file is as durable as the store says it is when the copy returns.
- A publisher that is killed leaves an incomplete version with an integer name. Nobody can tell it from one that is being
  written, so it stays: where `keep` is asked for, until the next versions push it out. The next version is above it.
- No note of the highest number ever: after the newest version was deleted by hand, a clock set back gives a lower number.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from components.errors import RunError
from components.publishing.manifest import (
    MANIFEST_FILE,
    Entry,
    Manifest,
    compare,
    content_digest,
    parse_manifest,
    render,
)
from components.publishing.publish import SAVED_MODEL_FILE, Publication, check
from components.publishing.versions import LARGEST, parse_version

CHUNK = 1 << 20


class Files(Protocol):
    """The functions of `tfx.dsl.io.fileio` that are used here and for reports."""

    open: Callable[..., Any]
    copy: Callable[..., None]
    exists: Callable[[str], bool]
    isdir: Callable[[str], bool]
    listdir: Callable[[str], list[Any]]
    makedirs: Callable[[str], None]
    remove: Callable[[str], None]
    rename: Callable[..., None]
    rmtree: Callable[[str], None]
    walk: Callable[..., Iterable[tuple[Any, list[Any], list[Any]]]]


def publish_remote(
    files: Files,
    source: str,
    base: str,
    keep: int | None = None,
    texts: Mapping[str, str] | None = None,
    failures: tuple[type[Exception], ...] = (OSError,),
) -> Publication:
    """Publishes a model as a new version, unless the newest version has the same manifest.

    Args:
      files: `tfx.dsl.io.fileio`, or what does the same.
      source: the model's folder or URI.
      base: the URI that servers watch.
      keep: how many of the versions with a manifest to keep, at least 1; None for all. As for `publish`, a version gets a
        manifest if the model has one, or if this is given.
      texts: files to lie among the versions, by name; written before the version.
      failures: what `files` raises when the store fails.

    Returns:
      The version that holds this content.

    Raises:
      RunError: the model is incomplete, a file was read back differently, or the store fails.
    """
    check(keep, texts or {})
    try:
        return _publish(files, source.rstrip("/"), base.rstrip("/"), keep, texts or {}, failures)
    except failures as error:
        raise RunError(
            f"{base}: publishing failed, as the store did: {error}. See to access, quota and network, and publish again."
        ) from error


def _publish(
    files: Files,
    source: str,
    base: str,
    keep: int | None,
    texts: Mapping[str, str],
    failures: tuple[type[Exception], ...],
) -> Publication:
    listed, facts = _inspect(files, source, keep is not None)
    present = _versions(files, base)
    highest = max(present.values(), default=-1)
    fresh = _content(files, f"{base}/{highest}") != content_digest(listed)
    for name, text in texts.items():
        _write(files, f"{base}/{name}", text)
    version = highest if not fresh else max(int(time.time()), highest + 1)
    if version > LARGEST:
        raise RunError(f"{base}: {highest} is the highest number that servers know. Remove what has this name.")
    if fresh:
        target = f"{base}/{version}"
        try:
            _copy(files, source, target, listed, facts)
        except BaseException:
            with contextlib.suppress(*failures):  # the first error is the one to tell
                files.rmtree(target)
            raise
    return Publication(version, fresh, _prune(files, base, keep))


def _inspect(files: Files, source: str, signed: bool) -> tuple[dict[str, Entry], dict[str, Any] | None]:
    """A model's files, and the facts of its manifest, which they agree with; None for no manifest, as `publish` has it."""
    found = {}
    for folder, _, names in files.walk(source):
        for name in names:
            path = os.path.join(_text(folder), _text(name))
            found[os.path.relpath(path, source)] = path
    manifest = _manifest(files, source, signed) if MANIFEST_FILE in found else None
    if manifest is not None:
        del found[MANIFEST_FILE]
    listed = {path: _hash(files, found[path]) for path in sorted(found)}
    if not listed:
        raise RunError(f"{source}: expected the folder of a model. There is no file in it. Train the model again.")
    if manifest is None:
        return listed, {} if signed else None
    for line in compare(manifest.files, listed):
        raise RunError(f"{source}: {line}. Publish the model again, from a whole copy.")
    return listed, manifest.facts


def _manifest(files: Files, folder: str, needed: bool) -> Manifest | None:
    """The manifest in a folder; None for a file of another tool, unless a manifest is needed."""
    path = f"{folder}/{MANIFEST_FILE}"
    try:
        return parse_manifest(_read(files, path), path)
    except RunError:
        if needed:
            raise
        return None


def _copy(files: Files, source: str, target: str, listed: Mapping[str, Entry], facts: Mapping[str, Any] | None) -> None:
    """Copies a model, reads it back, and only then makes it loadable. The manifest comes first, for what dies half-way."""
    files.makedirs(target)
    if facts is not None:
        _write(files, f"{target}/{MANIFEST_FILE}", render(listed, facts))
    others = [path for path in listed if path != SAVED_MODEL_FILE]
    for path in others:
        files.makedirs(os.path.dirname(f"{target}/{path}"))
        files.copy(f"{source}/{path}", f"{target}/{path}")
    _read_back(files, target, {path: listed[path] for path in others})
    if SAVED_MODEL_FILE in listed:
        files.copy(f"{source}/{SAVED_MODEL_FILE}", f"{target}/{SAVED_MODEL_FILE}")
        _read_back(files, target, {SAVED_MODEL_FILE: listed[SAVED_MODEL_FILE]})


def _read_back(files: Files, target: str, listed: Mapping[str, Entry]) -> None:
    for line in compare(listed, {path: _hash(files, f"{target}/{path}") for path in listed}):
        raise RunError(f"{target}: read back after copying: {line}. Publish again when the model's folder rests.")


def _versions(files: Files, base: str) -> dict[str, int]:
    """Every name that a server takes for a version. Some stores list folders with a slash at the end."""
    if not files.exists(base):
        files.makedirs(base)
    names = (_text(name).rstrip("/") for name in files.listdir(base))
    return {name: version for name in names if (version := parse_version(name)) is not None}


def _content(files: Files, folder: str) -> str | None:
    """The digest that a version's manifest has, if its files are there; they are not read, as that may take long and cost money."""
    if not files.exists(f"{folder}/{MANIFEST_FILE}"):
        return None
    manifest = _manifest(files, folder, needed=False)
    if manifest is None or not all(files.exists(f"{folder}/{path}") for path in manifest.files):
        return None
    return content_digest(manifest.files)


def _prune(files: Files, base: str, keep: int | None) -> list[int]:
    """Deletes old versions of ours; `saved_model.pb` goes first, so that a version half gone can't be taken for a whole one."""
    if keep is None:
        return []
    plain = sorted(version for name, version in _versions(files, base).items() if str(version) == name)
    ours = [version for version in plain if _is_ours(files, f"{base}/{version}")]
    for version in ours[:-keep]:
        if files.exists(f"{base}/{version}/{SAVED_MODEL_FILE}"):
            files.remove(f"{base}/{version}/{SAVED_MODEL_FILE}")
        files.rmtree(f"{base}/{version}")
    return ours[:-keep]


def _is_ours(files: Files, folder: str) -> bool:
    return files.exists(f"{folder}/{MANIFEST_FILE}") and _manifest(files, folder, needed=False) is not None


def _hash(files: Files, path: str) -> Entry:
    digest, size = hashlib.sha256(), 0
    with files.open(path, "rb") as file:
        while data := file.read(CHUNK):
            digest.update(data)
            size += len(data)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _read(files: Files, path: str) -> bytes:
    with files.open(path, "rb") as file:
        return bytes(file.read())


def _write(files: Files, path: str, text: str) -> None:
    if files.exists(path) and _read(files, path) == text.encode():
        return
    with files.open(path, "wb") as file:
        file.write(text.encode())


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
