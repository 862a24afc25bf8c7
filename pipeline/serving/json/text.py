"""JSON as TF Serving reads it: RapidJSON 1.1.0's parser and its errors.

This is the exact and slow reader, used where a quick one can't be: to word an error, and for what only RapidJSON takes (`Inf`,
`-NaN`, text after the document, bytes that aren't UTF-8, keys that stand twice, any depth). Source: RapidJSON's `reader.h`,
with the flags of TF Serving's `util/json_tensor.cc`: iterative, NaN and infinities, stop when done.
"""

from __future__ import annotations

import math
import re
from typing import Any

_SPACE = re.compile(rb"[ \n\r\t]*")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_INTEGER = re.compile(rb"0|[1-9][0-9]*")
_DIGITS = re.compile(rb"[0-9]+")
_HEX = re.compile(rb"[0-9A-Fa-f]{4}")
_ESCAPES = {b'"': b'"', b"/": b"/", b"\\": b"\\", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_WORDS: dict[bytes, tuple[bytes, bool | None]] = {b"n": (b"null", None), b"t": (b"true", True), b"f": (b"false", False)}
LEAST_INT, MOST_INT = -(1 << 63), (1 << 64) - 1
_TENTH_OF_MOST = 1.7976931348623157e307

_EMPTY = "The document is empty."
_VALUE = "Invalid value."
_NO_NAME = "Missing a name for object member."
_NO_COLON = "Missing a colon after a name of object member."
_NO_CURLY = "Missing a comma or '}' after an object member."
_NO_SQUARE = "Missing a comma or ']' after an array element."
_TOO_BIG = "Number too big to be stored in double."

# What is read next.
_START, _VALUE_NEXT, _FIRST_ELEMENT, _LATER_ELEMENT, _FIRST_NAME, _LATER_NAME, _COLON, _MEMBER_END, _ELEMENT_END = (
    range(9)
)
_MOVES = {
    (_COLON, b":"): _VALUE_NEXT,
    (_MEMBER_END, b","): _LATER_NAME,
    (_ELEMENT_END, b","): _LATER_ELEMENT,
}
_CLOSES = {(_FIRST_NAME, b"}"), (_MEMBER_END, b"}"), (_FIRST_ELEMENT, b"]"), (_ELEMENT_END, b"]")}
# What is said when it isn't there.
_EXPECTED = (_EMPTY, _VALUE, _VALUE, _VALUE, _NO_NAME, _NO_NAME, _NO_COLON, _NO_CURLY, _NO_SQUARE)


class Members(list[tuple[bytes, Any]]):
    """An object's members in order, those with equal names too."""

    def find(self, name: bytes) -> tuple[Any] | None:
        """The first member's value of that name, in a tuple."""
        return next(((value,) for key, value in self if key == name), None)


class ParseError(ValueError):
    """Text that RapidJSON refuses. `str` is its message, with the offset in bytes."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} at offset: {offset}")


def parse(body: bytes) -> Any:
    """Reads one value.

    Args:
      body: text; what follows the first value is not looked at.

    Returns:
      None, bool, int (of 64 bits), float, bytes for a string, list, or Members.

    Raises:
      ParseError: it isn't JSON.
    """
    position = 0
    for mark in b"\xef\xbb\xbf":  # RapidJSON skips any part of a byte order mark
        position += body[position : position + 1] == bytes((mark,))
    containers: list[Any] = []
    names: list[bytes] = []
    state = _START
    while True:
        position = _space(body, position)
        token = body[position : position + 1]
        if (state, token) in _MOVES:
            state, position = _MOVES[state, token], position + 1
            continue
        if token == b'"' and state in (_FIRST_NAME, _LATER_NAME):
            name, position = _string(body, position + 1)
            names.append(name)
            state = _COLON
            continue
        if (state, token) in _CLOSES:
            value, position = containers.pop(), position + 1
        elif state >= _FIRST_NAME or token in (b"", b"\0", b"]", b"}", b",", b":"):
            raise ParseError(_EXPECTED[state], position)
        elif token in (b"[", b"{"):
            containers.append([] if token == b"[" else Members())
            state, position = (_FIRST_ELEMENT if token == b"[" else _FIRST_NAME), position + 1
            continue
        else:
            value, position = _scalar(body, position, token)
        if not containers:
            return value
        if type(containers[-1]) is list:
            containers[-1].append(value)
            state = _ELEMENT_END
        else:
            containers[-1].append((names.pop(), value))
            state = _MEMBER_END


def _space(body: bytes, position: int) -> int:
    found = _SPACE.match(body, position)
    return found.end() if found else position


def _scalar(body: bytes, position: int, token: bytes) -> tuple[Any, int]:
    if token == b'"':
        return _string(body, position + 1)
    if token in _WORDS:
        word, value = _WORDS[token]
        length = _common(body, position, word)
        if length < len(word):
            raise ParseError(_VALUE, position + length)
        return value, position + length
    return _number(body, position)


def _common(body: bytes, position: int, word: bytes) -> int:
    """Number of bytes that `word` and the text have in common."""
    length = 0
    while length < len(word) and body[position + length : position + length + 1] == word[length : length + 1]:
        length += 1
    return length


def _string(body: bytes, position: int) -> tuple[bytes, int]:
    parts = []
    while True:
        plain = _PLAIN.match(body, position)
        if plain:
            parts.append(plain.group())
            position = plain.end()
        token = body[position : position + 1]
        if token == b'"':
            return b"".join(parts), position + 1
        if token in (b"", b"\0"):
            raise ParseError("Missing a closing quotation mark in string.", position)
        if token != b"\\":
            raise ParseError("Invalid escape character in string.", position)
        escaped = body[position + 1 : position + 2]
        if escaped in _ESCAPES:
            parts.append(_ESCAPES[escaped])
            position += 2
        elif escaped == b"u":
            character, position = _unicode(body, position)
            parts.append(character)
        else:
            raise ParseError("Invalid escape character in string.", position)


def _unicode(body: bytes, escape: int) -> tuple[bytes, int]:
    """Reads an escaped character. A low surrogate alone is taken, and written as three bytes."""
    code = _hex(body, escape + 2, escape)
    position = escape + 6
    if 0xD800 <= code <= 0xDBFF:
        if body[position : position + 2] != b"\\u":
            raise ParseError("The surrogate pair in string is invalid.", escape)
        low = _hex(body, position + 2, escape)
        if not 0xDC00 <= low <= 0xDFFF:
            raise ParseError("The surrogate pair in string is invalid.", escape)
        code = ((code - 0xD800) << 10 | (low - 0xDC00)) + 0x10000
        position += 6
    return chr(code).encode("utf-8", "surrogatepass"), position


def _hex(body: bytes, position: int, escape: int) -> int:
    found = _HEX.match(body, position)
    if not found:
        raise ParseError("Incorrect hex digit after \\u escape in string.", escape)
    return int(found.group(), 16)


def _number(body: bytes, start: int) -> tuple[int | float, int]:
    minus = body[start : start + 1] == b"-"
    position = start + minus
    integer = _INTEGER.match(body, position)
    special = None
    whole = 0
    if integer:
        position = integer.end()
        whole = _whole(integer.group(), minus, start)
    else:
        special, position = _special(body, position, minus)
    text = integer.group() if integer else b"0"
    is_float = not LEAST_INT <= (-whole if minus else whole) <= MOST_INT
    scale = 0
    if body[position : position + 1] == b".":
        fraction = _DIGITS.match(body, position + 1)
        if not fraction:
            raise ParseError("Miss fraction part in number.", position + 1)
        if not is_float:
            scale = _scale(whole, len(text) - 1, fraction.group())
        text += b"." + fraction.group()
        position, is_float = fraction.end(), True
    if body[position : position + 1] in (b"e", b"E"):
        sign = body[position + 1 : position + 2]
        signed = sign in (b"+", b"-")
        exponent = _DIGITS.match(body, position + 1 + signed)
        if not exponent:
            raise ParseError("Miss exponent in number.", position + 1 + signed)
        digits = exponent.group().lstrip(b"0") or b"0"
        if sign != b"-" and len(exponent.group()) > 1 and (len(digits) > 18 or int(digits) > 308 + scale):
            raise ParseError(_TOO_BIG, start)
        text += b"e" + (b"-" if sign == b"-" else b"") + digits[:18]
        position, is_float = exponent.end(), True
    if is_float:
        return float(b"-" + text if minus else text), position
    if special is not None:
        return special, position
    return (-whole if minus else whole), position


def _whole(digits: bytes, minus: bool, start: int) -> int:
    if len(digits) > 309:
        raise ParseError(_TOO_BIG, start)
    whole = int(digits)
    if whole > (-LEAST_INT if minus else MOST_INT) and float(whole // 10) >= _TENTH_OF_MOST:
        raise ParseError(_TOO_BIG, start)
    return whole


def _special(body: bytes, position: int, minus: bool) -> tuple[float, int]:
    """Reads NaN, Inf or Infinity (and `NInf`, as RapidJSON does: it goes on from where `NaN` failed)."""
    length = _common(body, position, b"NaN")
    position += length
    if length == 3:
        return math.nan, position
    length = _common(body, position, b"Inf")
    position += length
    if length < 3:
        raise ParseError(_VALUE, position)
    if body[position : position + 1] == b"i":
        length = _common(body, position, b"inity")
        position += length
        if length < 5:
            raise ParseError(_VALUE, position)
    return (-math.inf if minus else math.inf), position


def _scale(significand: int, digits: int, fraction: bytes) -> int:
    """By how many places RapidJSON shifts a number with a fraction; it adds to the exponent that it takes."""
    scale = 0
    for digit in fraction:
        if significand <= 0x1FFFFFFFFFFFFF or digits < 17:
            scale += 1
            significand = significand * 10 + digit - 48
            digits += significand != 0
        else:
            break
    return scale
