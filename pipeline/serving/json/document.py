"""JSON as TF Serving reads it: by RapidJSON, the parser that TF Serving itself has, with its errors and their offsets."""

from __future__ import annotations

import re
from typing import TypeAlias, TypeGuard

import rapidjson

from pipeline.serving.errors import RequestError, invalid


class Members(list[tuple[str, "JsonValue"]]):
    """An object's members in order, those with equal names too."""

    def find(self, name: str) -> tuple[JsonValue] | None:
        """The first member's value of that name, in a tuple."""
        return next(((value,) for key, value in self if key == name), None)


# An int is of 64 bits, signed or not; a longer one is a float.
JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | Members | None"


class _Decoder(rapidjson.Decoder):
    def start_object(self) -> Members:
        """What the members of an object are put into."""
        return Members()


_DECODER = _Decoder(number_mode=rapidjson.NM_NAN | rapidjson.NM_NATIVE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SAID = re.compile(r"Parse error at offset ([0-9]+): (.*)")
_MORE_FOLLOWS = "The document root must not be followed by other values."
# A control character in a string. RapidJSON 1.1.0, which TF Serving has, words it as it does a wrong escape.
_RENAMED = {"Invalid encoding in string.": "Invalid escape character in string."}


def is_array(value: JsonValue) -> TypeGuard[list[JsonValue]]:
    """Is it an array, and no object?"""
    return type(value) is list


def parse_json(body: bytes) -> JsonValue:
    """Reads one value.

    Args:
      body: UTF-8; what follows the first value is not looked at.

    Raises:
      RequestError: it isn't JSON, or nested deeper than Python's limit of recursion (1,000).
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    start = len(_BYTE_ORDER_MARK) if body.startswith(_BYTE_ORDER_MARK) else 0
    try:
        return _DECODER(body[start:])
    except UnicodeDecodeError as error:
        raise _error("Invalid encoding in string.", start + error.start) from None
    except (rapidjson.JSONDecodeError, RecursionError) as error:
        found = _SAID.match(str(error))
        if found is None:
            raise
        offset, text = int(found[1]), found[2]
    if text == _MORE_FOLLOWS:
        return _DECODER(body[start : start + offset])
    raise _error(_RENAMED.get(text, text), start + offset)


def _error(text: str, offset: int) -> RequestError:
    return invalid(f"JSON Parse error: {text} at offset: {offset}")
