"""The configuration file as text, with what is worth knowing as comments."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from components.errors import ConfigError
from components.fit.settings import Exact
from components.linear_model.families import FAMILIES
from components.values.names import shown
from components.values.texts import MISSING_TOKENS
from pipeline.cli.init.findings import Findings
from pipeline.cli.init.notes import lines
from pipeline.cli.init.reading import Source
from pipeline.config.schema_file import modeline

LONGEST_NAME = 63
_NAME = re.compile(rf"[a-z][a-z0-9-]{{0,{LONGEST_NAME - 1}}}")


def pipeline_name(source: Source, asked: str | None) -> str:
    """The pipeline's name: the table's, after its folder's, so that tables of one name do not share a pipeline.

    Raises:
      ConfigError: a name that was asked for is no pipeline's.
    """
    if asked is not None:
        if not _NAME.fullmatch(asked):
            raise ConfigError(
                f"--name: expected lower-case letters, digits and hyphens, a letter first, at most {LONGEST_NAME}; "
                f"received {asked!r}."
            )
        return asked
    stem = _plain(source.stem)
    base = source.base.resolve()
    folder = _plain((base.parent if source.is_folder else base).name)
    parts = [folder] if folder and folder != stem and not stem.startswith(f"{folder}-") else []
    name = "-".join([*parts, *([stem] if stem else [])])
    if not re.match("[a-z]", name):
        name = f"table-{name}"
    return name[:LONGEST_NAME].strip("-")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def config_text(source: Source, path: Path, name: str, findings: Findings, command: str) -> str:
    """The file.

    Args:
      source: the table's files.
      path: where the file will lie; the table's path is relative to it.
      name: the pipeline's.
      findings: features, and what was seen.
      command: that it is written by.
    """
    base = os.path.relpath(source.base.resolve(), path.resolve().parent)
    data: dict[str, Any] = {
        "path": os.path.normpath(os.path.join(base, source.pattern)),
        "split": {"train": 0.8, "eval": 0.2} if findings.holds_out else {"train": 1},
    }
    data |= source.dialect.settings()
    if findings.marks:
        data["missing"] = [*MISSING_TOKENS, *findings.marks]
    if findings.drops:
        data["drop"] = {column: {"missing": True} for column in findings.drops}
    label = findings.table.label.name
    family = {} if findings.family == Exact().family else {"family": findings.family}
    limits = {metric: dict(limit) for metric, limit in FAMILIES[findings.family].limits.items()}
    config = {
        "model": {**family, **findings.model},
        "evaluate": {"limits": limits, "no_worse_than_live": 0.01},
    }
    return "".join(
        [
            f"{modeline()}\n",
            f"# Written by `{shown(command)}`. Read it, and say what you know better.\n",
            *(f"# {line}\n" for line in summary(findings)),
            _yaml({"name": name, "data": data}),
            f"label: {_inline({'column': label, 'transform': findings.transform} if findings.transform else label)}\n",
            *([] if findings.positive is None else [f"positive: {_inline(findings.positive)}\n"]),
            "features:\n",
            *(_feature(column, feature, findings) for column, feature in findings.features.items()),
            *([f"# {findings.suits}\n"] if findings.suits else []),
            _yaml(config),
            *(f"# left out: {columns} ({reason})\n" for reason, columns in _by_reason(findings.left_out).items()),
            *(f"# {line}\n" for line in lines(note for note in findings.notes if note.column not in findings.left_out)),
        ]
    )


def summary(findings: Findings) -> list[str]:
    """Rows, features by kind and columns left out, in one line."""
    kinds = Counter(f["kind"] if isinstance(f, dict) else f for f in findings.features.values())
    told = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    return [f"{findings.table.rows:,} rows with a label; features: {told}; columns left out: {len(findings.left_out)}"]


def _by_reason(left_out: dict[str, str]) -> dict[str, str]:
    """The columns that are left out for one reason, in a line."""
    found: dict[str, list[str]] = {}
    for column, reason in left_out.items():
        found.setdefault(reason, []).append(shown(column))
    return {reason: ", ".join(columns) for reason, columns in found.items()}


def _feature(column: str, feature: Any, findings: Findings) -> str:
    remark = findings.remarks.get(column)
    return f"  {_inline(column)}: {_inline(feature)}{f'  # {remark}' if remark else ''}\n"


def _inline(value: Any) -> str:
    """YAML in one line, as it can stand within braces; in quotes what YAML 1.1, which PyYAML writes, and 1.2 may read apart."""
    style = '"' if isinstance(value, str) and not (value.isprintable() and value[:1].isalpha()) else None
    text = yaml.safe_dump(
        [value], sort_keys=False, default_flow_style=True, allow_unicode=True, width=1 << 20, default_style=style
    )
    return text.strip()[1:-1]


def _yaml(value: Any) -> str:
    """Block style, the innermost in one line each."""
    return yaml.safe_dump(value, sort_keys=False, default_flow_style=None, allow_unicode=True, width=1 << 20)
