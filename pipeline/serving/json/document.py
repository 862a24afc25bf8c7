"""JSON as TF Serving reads it: by a quick parser, and where that refuses by RapidJSON, the parser that TF Serving itself has.

So NaN, Infinity and what follows a document are taken, and errors and their offsets are RapidJSON's. Two things differ on purpose:
a decimal is rounded correctly, while RapidJSON may miss the last digits of a double; and `0e999` is 0.
"""

from __future__ import annotations

import re
from typing import TypeAlias, TypeGuard

import orjson
import rapidjson

from pipeline.serving.errors import RequestError, invalid

# An int is of 64 bits, signed or not; a longer one is a float. Of members with equal names, the last is kept (see `duplicates`).
JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

_DECODER = rapidjson.Decoder(number_mode=rapidjson.NM_NAN | rapidjson.NM_NATIVE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SAID = re.compile(r"Parse error at offset ([0-9]+): (.*)")
_MORE_FOLLOWS = "The document root must not be followed by other values."
# A control character in a string. RapidJSON 1.1.0, which TF Serving has, words it as it does a wrong escape.
_RENAMED = {"Invalid encoding in string.": "Invalid escape character in string."}


def is_array(value: JsonValue) -> TypeGuard[list[JsonValue]]:
    """Is it an array?"""
    return type(value) is list


def is_object(value: JsonValue) -> TypeGuard[dict[str, JsonValue]]:
    """Is it an object?"""
    return type(value) is dict


def parse_json(body: bytes) -> JsonValue:
    """Reads one value.

    Args:
      body: UTF-8; what follows the first value is not looked at.

    Raises:
      RequestError: it isn't JSON, or nested deeper than Python's limit of recursion (1,000).
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        value: JsonValue = orjson.loads(body)
    except ValueError:
        return parse_by(_DECODER, body)
    return value


def parse_by(decoder: rapidjson.Decoder, body: bytes) -> JsonValue:
    """Reads one value by RapidJSON.

    Args:
      decoder: what objects become is its affair.
      body: UTF-8, not empty; what follows the first value is not looked at.

    Raises:
      RequestError: it isn't JSON, or nested deeper than Python's limit of recursion (1,000).
    """
    start = len(_BYTE_ORDER_MARK) if body.startswith(_BYTE_ORDER_MARK) else 0
    value: JsonValue
    try:
        value = decoder(body[start:])
    except UnicodeDecodeError as error:
        raise _error("Invalid encoding in string.", start + error.start) from None
    except (rapidjson.JSONDecodeError, RecursionError) as error:
        found = _SAID.match(str(error))
        if found is None:  # nested too deep
            raise invalid(f"JSON Parse error: {error}") from None
        offset, text = int(found[1]), found[2]
    else:
        return value
    if text == _MORE_FOLLOWS:
        value = decoder(body[start : start + offset])
        return value
    raise _error(_RENAMED.get(text, text), start + offset)


def _error(text: str, offset: int) -> RequestError:
    return invalid(f"JSON Parse error: {text} at offset: {offset}")
