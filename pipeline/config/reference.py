"""The reference of all keys of the configuration (docs/configuration.md), made from its JSON schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_HEAD = """# Configuration

Made by `make docs` from the fields in the code: change a description there, not here.

One YAML file describes one pipeline. Paths in it are relative to its own folder, but for those below `targets`. A key that is not
listed here, a key that stands twice and a value of another type are errors, named by file, key and value. Scalars are those of YAML
1.2: `1e-3` is a number, `no`, `007` and `2024-01-31` are texts, and a column may be called `2010`.

Editors with YAML's language server complete and check a file by the JSON schema (draft 2020-12) that comes with the package. The
first line that `plumbline init` writes names it where it is installed. For a file that other machines share, `plumbline schema -o
schema.json` writes it beside the file, to be named by `# yaml-language-server: $schema=schema.json`. What keys have to do with each
other, and with the table, Plumbline alone checks.

In the names of sections `*` stands for the name of a column, a metric or a step.
"""
_TABLE = "| key | type | unit | default | what it says | example |\n|---|---|---|---|---|---|\n"
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
}
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "null": "`null`",
}


def page(schema: Schema) -> str:
    """The page, in Markdown: a table for each section, in the order of the file.

    Args:
      schema: as `pipeline.config.json_schema.json_schema` makes it.
    """
    places: dict[str, list[str]] = {}
    for name, path in _sections(schema, schema, ""):
        places.setdefault(name, []).append(path)
    first = [paths[0] for paths in places.values()]
    tags = {name: _tag(schema["$defs"][name], first.count(paths[0]) > 1) for name, paths in places.items()}
    headings = {name: paths[0] + (f": {tags[name]}" if tags[name] else "") for name, paths in places.items()}
    parts = [_HEAD, "## The file\n", _keys(schema, schema, headings)]
    for name, paths in places.items():
        section = schema["$defs"][name]
        also = f"\nAlso {', '.join(f'`{path}`' for path in paths[1:])}.\n" if len(paths) > 1 else ""
        parts += [f"## {headings[name]}\n", f"{section['description']}\n{also}", _keys(schema, section, headings)]
    return "\n".join(parts)


def _sections(schema: Schema, section: Schema, path: str) -> Iterator[tuple[str, str]]:
    """The sections below one, by name in `$defs`, and where they stand; one that is used twice comes twice."""
    for key, said in section["properties"].items():
        for name, place in _references(said, f"{path}.{key}".lstrip(".")):
            yield name, place
            yield from _sections(schema, schema["$defs"][name], place)


def _references(said: Schema, path: str) -> Iterator[tuple[str, str]]:
    if "$ref" in said:
        yield _name(said), path
    for choice in (*said.get("anyOf", ()), *said.get("oneOf", ())):
        yield from _references(choice, path)
    if "items" in said:
        yield from _references(said["items"], f"{path}[]")
    if isinstance(said.get("additionalProperties"), dict):
        yield from _references(said["additionalProperties"], f"{path}.*")


def _name(said: Schema) -> str:
    return str(said.get("$ref", "")).rpartition("/")[2]


def _tag(section: Schema, has_others: bool) -> str:
    """What tells a section apart from others at its place: a feature's kind, a solver, the key that it must have; empty where there
    are none.
    """
    found = [said["const"] for said in section["properties"].values() if "const" in said]
    return next(iter(found or (section.get("required", ()) if has_others else ())), "")


def _keys(schema: Schema, section: Schema, headings: dict[str, str]) -> str:
    """The table of a section's keys."""
    rows = []
    for key, said in sorted(section["properties"].items(), key=lambda item: "const" not in item[1]):
        needed = key in section.get("required", ())
        cells = (
            f"`{key}`",
            _type(said, headings, "default" in said and said["default"] is None),
            said.get("x-unit", ""),
            "required" if needed else _value(said["default"]),
            _description(schema, said),
            _value(said["examples"][0]),
        )
        rows.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n")
    return _TABLE + "".join(rows)


def _description(schema: Schema, said: Schema) -> str:
    """A key's own, or that of its section where the two are the same: pydantic says it once."""
    return str(said.get("description") or schema["$defs"].get(_name(said), {}).get("description", ""))


def _type(said: Schema, headings: dict[str, str], is_null_by_default: bool = False) -> str:
    """The type of a value, in words, with its bounds and links to sections."""
    if "const" in said or "enum" in said:
        text = _listed([f"`{value}`" for value in said.get("enum", [said.get("const")])])
    elif "$ref" in said:
        heading = headings[_name(said)]
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        text = f"[{heading.rpartition(': ')[2]}](#{anchor})"
    elif "anyOf" in said or "oneOf" in said:
        choices = [*said.get("anyOf", ()), *said.get("oneOf", ())]
        text = _listed([_type(choice, headings) for choice in choices if not _is_null(choice, is_null_by_default)])
    elif said["type"] == "array":
        text = f"list of{':' if 'anyOf' in said['items'] else ''} {_type(said['items'], headings)}"
    elif said["type"] == "object":
        text = f"by name: {_type(said['additionalProperties'], headings)}"
    else:
        text = _TYPES[said["type"]]
    bounds = [words.format(_plain(said[key])) for key, words in _BOUNDS.items() if key in said]
    return ", ".join([text, *bounds])


def _is_null(choice: Schema, is_null_by_default: bool) -> bool:
    """Whether a choice is null, which a default of null says already."""
    return is_null_by_default and choice.get("type") == "null"


def _listed(words: list[str]) -> str:
    if len(words) < 2:
        return words[0]
    return f"{', '.join(words[:-1])}{',' if any(', ' in word for word in words) else ''} or {words[-1]}"


def _plain(number: float) -> str:
    return f"{number:,.15g}"


def _value(value: Any) -> str:
    """A value as a file would say it."""
    text = json.dumps(value, ensure_ascii=False)
    return f"`{value}`" if isinstance(value, str) and value.isalnum() else f"`{text}`"
