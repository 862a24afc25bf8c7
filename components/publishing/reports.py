"""What is known of a published version lies beside the serving directory: a page and its figures, by the version's number.

For `serving/taxi` they are `serving/taxi-reports/<version>.html` and `.json`: a serving directory holds versions alone. One that is
a mount point, or a bucket, has nothing beside it: there they are in a hidden folder of it, `.taxi.reports` or `.reports`.

Each is put in place by a rename, so that none is ever half. They are small, and what a version was judged by is asked for when the
version is gone: retention does not delete them.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

from components.publishing import filesystem
from components.publishing.beside import Beside
from components.publishing.object_store import Files

SUFFIXES = (".html", ".json")
_NAME = re.compile(r"(\d+)\.json")


def reports_folder(serving: str) -> str:
    """Where the reports of a serving directory's versions are; it need not be there.

    Args:
      serving: its path or URI.
    """
    if "://" not in serving:
        beside = Beside.of(Path(serving).resolve())
        name = beside.directory.name
        return str(beside.folder / (f".{name}.reports" if beside.folder == beside.directory else f"{name}-reports"))
    scheme, _, path = serving.rstrip("/").partition("://")
    return f"{scheme}://{path}-reports" if "/" in path else f"{scheme}://{path}/.reports"


def put_report(files: Files, serving: str, version: int, texts: Mapping[str, str]) -> dict[str, str] | None:
    """Puts a version's report beside it, unless there is one: that of the run that published the version stays.

    Args:
      files: `tfx.dsl.io.fileio`, or what does the same; for URIs.
      serving: the serving directory, or its URI.
      version: of the model.
      texts: by suffix (`SUFFIXES`).

    Returns:
      By suffix where they are; None where there were some.

    Raises:
      OSError: the file system failed; `files` may raise others.
    """
    folder = reports_folder(serving)
    paths = {suffix: f"{folder}/{version}{suffix}" for suffix in texts}
    if all(files.exists(path) for path in paths.values()):
        return None
    if "://" in serving:
        files.makedirs(folder)
    else:
        filesystem.make_directory(Path(folder))
    for suffix, path in paths.items():
        temporary = f"{folder}/.{version}{suffix}.{os.getpid()}-{time.time_ns()}"
        if "://" not in serving:
            filesystem.replace_file(Path(path), texts[suffix], Path(temporary))
            continue
        with files.open(temporary, "w") as file:
            file.write(texts[suffix])
        files.rename(temporary, path, True)
    return paths


def copy_report(serving: Path, version: int, again: int) -> bool:
    """Copies a version's report to the number under which the version was published again.

    Returns:
      Whether there was one.

    Raises:
      OSError: the file system failed.
    """
    folder = Path(reports_folder(str(serving)))
    found = [suffix for suffix in SUFFIXES if (folder / f"{version}{suffix}").is_file()]
    for suffix in found:
        temporary = folder / f".{again}{suffix}.{os.getpid()}-{time.time_ns()}"
        text = (folder / f"{version}{suffix}").read_text(encoding="utf-8")
        filesystem.replace_file(folder / f"{again}{suffix}", text, temporary)
    return bool(found)


def last_report(files: Files, serving: str, before: int | None) -> tuple[int, str] | None:
    """The figures of the newest version that has a report.

    Args:
      files: `tfx.dsl.io.fileio`, or what does the same.
      serving: the serving directory, or its URI.
      before: a version below which it is looked for; None for any.

    Returns:
      The version, and the path of its JSON file; None where there is none.
    """
    folder = reports_folder(serving)
    if not files.isdir(folder):
        return None
    names = [name.decode() if isinstance(name, bytes) else str(name) for name in files.listdir(folder)]
    found = [int(match[1]) for name in names if (match := _NAME.fullmatch(name))]
    newest = max((version for version in found if before is None or version < before), default=None)
    return None if newest is None else (newest, f"{folder}/{newest}.json")
