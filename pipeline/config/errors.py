"""What pydantic finds wrong in a configuration, as one line each: the key, the rule, what was received, the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import Tag

from components.section import Section


def short(value: Any) -> str:
    """A value for eyes, its beginning alone if it is long."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?`, with the known word that is nearest; nothing if none is near."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def describe(root: type[Section], detail: Any) -> str:
    """One of pydantic's errors as one line, without the file's name.

    Args:
      root: the model of the whole file.
      detail: of `ValidationError.errors()`.
    """
    location, _ = _walk(root, detail["loc"])
    key = ".".join(map(str, location)) or "the file"
    received = detail["input"]
    if detail["type"] == "extra_forbidden":
        known = keys(_walk(root, detail["loc"][:-1])[1])
        hint = nearest(str(location[-1]), known)
        return f"{key}: unknown key{hint or '. Known here: ' + ', '.join(known)}; remove or rename it."
    if detail["type"] == "missing":
        return f"{key}: this key is missing. Add it."
    if detail["type"] == "value_error":
        rule = str(detail["ctx"]["error"])
        where = f"{key}: " if location else ""
        said = "" if isinstance(received, dict) and not location else f" Received {short(received)}."
        return f"{where}{rule}.{said}"
    hint = ""
    if detail["type"] == "string_type" and isinstance(received, (bool, int, float)):
        hint = f" A text that looks like something else is written in quotes: '{received}'."
    elif detail["type"] == "bool_type" and str(received).lower() in ("yes", "no", "on", "off"):
        hint = " Write true or false."
    return f"{key}: {detail['msg']}. Received {short(received)}.{hint}"


def keys(section: type[Section]) -> dict[str, Any]:
    """The keys that may stand in a section, as the file has them, and the type of each."""
    return {field.alias or name: field.annotation for name, field in section.model_fields.items()}


def _walk(root: type[Section], location: tuple[str | int, ...]) -> tuple[list[str | int], Any]:
    """The keys on the way to a place in the file, without pydantic's tags of a feature's kind or a solver, and its type."""
    kind: Any = root
    path = []
    for part in location:
        kind = _plain(kind)
        tagged = {tag: member for member in get_args(kind) for tag in _tags(member)}
        if part in tagged:
            kind = tagged[part]
            continue
        path.append(part)
        if isinstance(kind, type) and issubclass(kind, Section):
            kind = keys(kind).get(str(part))
        else:
            kind = get_args(kind)[-1] if get_origin(kind) in (dict, list) else None
    return path, _plain(kind)


def _tags(member: Any) -> list[str]:
    return [found.tag for found in get_args(member)[1:] if isinstance(found, Tag)]


def _plain(kind: Any) -> Any:
    """A type without what annotates it, and without None."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        members = [member for member in get_args(kind) if member is not type(None)]
        return _plain(members[0]) if len(members) == 1 else kind
    return kind
