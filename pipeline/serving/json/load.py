"""JSON in one go, by a quick parser, wherever it is certain that RapidJSON reads the same."""

from __future__ import annotations

import math
import re
from typing import Any

import orjson

from pipeline.serving.json.text import LEAST_INT, MOST_INT, Members

_KEY = re.compile(rb'"[ \t\r\n]*:')
_HUGE_ZERO = re.compile(rb"0[eE]\+?[0-9]{3}")  # RapidJSON looks at the exponent alone
_MOST_DEPTH = 64


def load(body: bytes) -> tuple[dict[str, Any], int] | None:
    """Parses an object.

    orjson takes no NaN, so it gets nulls in their places. The caller sees to it that the document has as many, and as many keys as
    `has_keys` finds: else a text says NaN, or a key stands twice.

    Returns:
      The object, and how often NaN stands in the body: if it does, then None is NaN. None where nothing is certain.
    """
    if (b"0e" in body or b"0E" in body) and _HUGE_ZERO.search(body):
        return None
    nans = body.count(b"NaN")
    if nans:
        if b"null" in body:
            return None
        body = body.replace(b"NaN", b"null")
    try:
        document = orjson.loads(body)
    except ValueError:
        return None
    return (document, nans) if type(document) is dict else None


def has_keys(body: bytes, count: int) -> bool:
    """Are there `count` keys in a body? If a document has as many, then none of them stands twice in its object."""
    return body.count(b":") == count or len(_KEY.findall(body)) == count


def load_members(body: bytes) -> Members | None:
    """What `json_text.parse` returns; None where it isn't certain, or nested deeply."""
    loaded = load(body)
    if loaded is None:
        return None
    document, nans = loaded
    counted = _Counted(bool(nans))
    try:
        members = counted.members(document, 0)
    except RecursionError:
        return None
    if not has_keys(body, counted.keys) or counted.nans != nans:
        return None
    return members


class _Counted:
    """Converts a document, and counts."""

    def __init__(self, none_is_nan: bool) -> None:
        self._none = math.nan if none_is_nan else None
        self.keys = 0
        self.nans = 0

    def members(self, document: dict[str, Any], depth: int) -> Members:
        self.keys += len(document)
        return Members([(key.encode(), self._value(value, depth + 1)) for key, value in document.items()])

    def _value(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return value.encode()
        if value is None:
            self.nans += self._none is not None
            return self._none
        if kind is int:
            return value if LEAST_INT <= value <= MOST_INT else float(value)
        if kind is not dict and kind is not list:
            return value
        if depth > _MOST_DEPTH:
            raise RecursionError
        return self.members(value, depth) if kind is dict else [self._value(item, depth + 1) for item in value]
