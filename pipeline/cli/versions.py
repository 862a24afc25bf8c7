"""`plumbline versions` and `plumbline rollback`: what is published, and back to an earlier model."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.errors import RunError
from components.linear_model.families import FAMILIES
from components.publishing import publish
from components.publishing.manifest import read_manifest
from components.publishing.reports import copy_report, reports_folder
from components.publishing.versions import describe
from pipeline.cli.screen import wide

SHOWN = tuple(dict.fromkeys(name for family in FAMILIES.values() for name in family.headline))


def list_versions(serving: Path) -> list[dict[str, Any]]:
    """All published versions, oldest first, as plain JSON.

    Every file of every version is read and compared with the version's manifest.

    Args:
      serving: the folder that servers watch.

    Returns:
      An object a version: `version`, `published` (ISO 8601), `bytes`, `problem` (None if its files agree with its
      manifest), `digest` (equal for versions of the same content), `facts` (the manifest's), `live`.

    Raises:
      RunError: a file can't be read.
    """
    try:
        found = describe(serving)
    except OSError as error:
        raise RunError(f"{serving}: can't be read: {error}. See to the disk and the permissions.") from error
    entries = []
    for entry in map(dataclasses.asdict, found):
        time = datetime.datetime.fromtimestamp(entry.pop("time")).astimezone()
        entries.append({"version": entry.pop("version"), "published": time.isoformat(timespec="seconds"), **entry})
    return entries


def print_versions(console: Console, entries: list[dict[str, Any]]) -> None:
    """A table of what `list_versions` returned, newest first, with what is wrong below it."""
    if not entries:
        console.print("no version is published")
        return
    console = wide(console)
    table = Table(box=None)
    for heading in ("version", "", "published", "bytes", "content", "table", "verdict", "metrics"):
        table.add_column(heading, justify="right" if heading == "bytes" else "left", no_wrap=heading != "metrics")
    for entry in reversed(entries):
        table.add_row(
            str(entry["version"]),
            "[green]live[/green]" if entry["live"] else "",
            entry["published"],
            f"{entry['bytes']:,}",
            "[red]damaged[/red]" if entry["problem"] else entry["digest"][:12],
            escape(_table(entry["facts"])),
            escape(_verdict(entry["facts"])),
            escape(_metrics(entry["facts"])),
        )
    console.print(table, highlight=False)
    for entry in reversed(entries):
        if entry["problem"]:
            console.print(f"[red]version {entry['version']}[/red]: {escape(entry['problem'])}", soft_wrap=True)


def _table(facts: dict[str, Any]) -> str:
    """The beginning of the SHA-256 of the table that the model was made from."""
    table = facts.get("table")
    return str(table.get("sha256", ""))[:12] if isinstance(table, dict) else ""


def _verdict(facts: dict[str, Any]) -> str:
    """The fact `verdict`, and where the version comes from if a rollback made it."""
    verdict = facts.get("verdict")
    words = ("blessed" if verdict["blessed"] else "refused") if isinstance(verdict, dict) else ""
    again = f"again {facts[publish.SOURCE_FACT]}" if publish.SOURCE_FACT in facts else ""
    return ", ".join(filter(None, (words, again)))


def _metrics(facts: dict[str, Any]) -> str:
    metrics, folds = facts.get("metrics"), facts.get("cross_validated")
    return headline(
        facts.get("evaluated"), metrics if isinstance(metrics, dict) else {}, folds if isinstance(folds, dict) else {}
    )


def headline(split: str | None, metrics: Mapping[str, Any], cross_validated: Mapping[str, Any]) -> str:
    """Those that tell models apart at a glance, cross-validated where no rows were held out (`train`); `--json` has all."""
    folds = split == "train"
    numbers = cross_validated if folds else metrics
    words = [f"{name} {numbers[name]:.6g}" for name in SHOWN if isinstance(numbers.get(name), int | float)]
    return "  ".join([*words, *(["(cross-validated)"] if folds and words else [])])


def roll_back(serving: Path, keep: int, to: int | None) -> publish.Publication:
    """Publishes an earlier version again, as `components.publishing.publish.rollback` does, with a copy of its report.

    Raises:
      RunError: also where the version was published, and its report can't be copied.
    """
    done = publish.rollback(serving, keep, to)
    source = read_manifest(serving / str(done.version)).facts.get(publish.SOURCE_FACT)
    try:
        if done.fresh and source is not None:
            copy_report(serving, int(source), done.version)
    except OSError as error:
        raise RunError(
            f"{serving}: version {source} was published again as {done.version}, but its report can't be copied: {error}. Copy "
            f"{reports_folder(str(serving))}/{source}.html and .json by hand."
        ) from error
    return done
