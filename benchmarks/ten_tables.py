"""Tables as CSV and as Parquet, each by `plumbline init` and `run` as they are: are the two fits equal?

Run: make tables TABLES=folder. The folder has NAME.csv and NAME.parquet of the same rows for each table, and labels.json, the
column to predict by NAME. Nothing of what `init` writes is edited. Prints a row a table: exit codes, rows, coefficients, R² and the
largest difference between the two formats' coefficients, as a part of their standard errors and of themselves.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

SUFFIXES = ("csv", "parquet")


@dataclasses.dataclass(frozen=True)
class Finished:
    """What `init` and `run` made of a file: their exit codes, what was said, and the summary's fit if there is one."""

    codes: str
    said: str
    fit: dict[str, Any]


def plumbline(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "pipeline.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def finish(table: Path, label: str, root: Path) -> Finished:
    """Takes a table from nothing to a fit."""
    config = root / f"{table.name}.yaml"
    name = re.sub("[^a-z0-9]", "-", table.name.lower())
    begun = plumbline("init", table, "--label", label, "--output", config, "--name", name)
    if begun.returncode:
        return Finished(f"{begun.returncode}", begun.stderr, {})
    done = plumbline("run", config, "--root", root)
    codes = f"{begun.returncode} {done.returncode}"
    if done.returncode not in (0, 4):
        return Finished(codes, done.stderr, {})
    shown = plumbline("show", config, "--root", root, "--json")
    return Finished(codes, begun.stdout, json.loads(shown.stdout)["linear_fit"])


def differences(one: dict[str, Any], other: dict[str, Any]) -> tuple[list[str], float, float]:
    """Columns that only one fit has, and the largest difference of a coefficient: relative, and in standard errors."""
    first, second = ({column["name"]: column for column in fit["columns"]} for fit in (one, other))
    relative = errors = 0.0
    for name in first.keys() & second.keys():
        left, right = first[name]["coefficient"], second[name]["coefficient"]
        if left is None or right is None:
            errors = max(errors, float("inf") if (left is None) != (right is None) else 0.0)
            continue
        apart = abs(left - right)
        relative = max(relative, apart / max(abs(left), abs(right), sys.float_info.min))
        if first[name]["standard_error"]:
            errors = max(errors, apart / first[name]["standard_error"])
    return sorted(first.keys() ^ second.keys()), relative, errors


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--root", type=Path, default=Path("runs/tables"))
    parser.add_argument("--only", nargs="*", help="names of tables")
    arguments = parser.parse_args()
    arguments.root.mkdir(parents=True, exist_ok=True)
    labels = json.loads((arguments.folder / "labels.json").read_text())
    console = Console()
    shown = Table(
        "table",
        "label",
        "init, run",
        "rows",
        "columns",
        "R²",
        "relative difference",
        "in standard errors",
        "in one alone",
    )
    for name in arguments.only or labels:
        csv, parquet = (
            finish(arguments.folder / f"{name}.{suffix}", labels[name], arguments.root) for suffix in SUFFIXES
        )
        for suffix, found in zip(SUFFIXES, (csv, parquet), strict=True):
            console.print(f"{name}.{suffix}: {found.said.strip()}", markup=False, highlight=False)
        codes = f"{csv.codes}, {parquet.codes}"
        if csv.fit and parquet.fit:
            alone, relative, errors = differences(csv.fit, parquet.fit)
            rows = f"{csv.fit['rows']:,}" + (
                "" if csv.fit["rows"] == parquet.fit["rows"] else f", {parquet.fit['rows']:,}"
            )
            count = str(len(csv.fit["columns"]))
            square = f"{csv.fit['r_squared']:.6f}"
            shown.add_row(
                name, labels[name], codes, rows, count, square, f"{relative:.1e}", f"{errors:.1e}", " ".join(alone)
            )
        else:
            shown.add_row(name, labels[name], codes)
    console.print(shown)


if __name__ == "__main__":
    main()
