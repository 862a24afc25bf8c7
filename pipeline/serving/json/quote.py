"""How TF Serving quotes a request in an error, and names its parts. Source: RapidJSON's `prettywriter.h` and `internal/dtoa.h`."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from pipeline.serving.errors import RequestError
from pipeline.serving.json.dtypes import BASE64_KEY, invalid
from pipeline.serving.json.text import Members

_MOST_QUOTED = 256  # bytes of a value in an error text; TF Serving's kMaxJsonDebugStringBytes
_SPECIAL = re.compile(rb'[\x00-\x1f"\\]')
_SHORT = {b"\b": b"b", b"\f": b"f", b"\n": b"n", b"\r": b"r", b"\t": b"t", b'"': b'"', b"\\": b"\\"}


def format_error(value: Any, text: str) -> RequestError:
    """An error that quotes a value."""
    return invalid(f"JSON Value: {quote(value)} {text}")


def quote(value: Any) -> str:
    """A value as TF Serving quotes it in an error: indented by 4, arrays on one line, ended after some 256 bytes."""
    out = bytearray()
    levels: list[list[int]] = []  # of each open container: is it an array; values written
    pending = [("value", value)]
    while pending and len(out) < _MOST_QUOTED:
        event, item = pending.pop()
        if event == "end":
            (is_array, count) = levels.pop()
            if not is_array and count:
                out += b"\n" + b"    " * len(levels)
            out += b"]" if is_array else b"}"
            continue
        if levels:
            is_array, count = levels[-1]
            if is_array:
                out += b", " if count else b""
            elif count % 2:
                out += b": "
            else:
                out += (b",\n" if count else b"\n") + b"    " * len(levels)
            levels[-1][1] += 1
        if isinstance(item, list):
            is_array = not isinstance(item, Members)
            levels.append([is_array, 0])
            out += b"[" if is_array else b"{"
            pending.append(("end", None))
            shown = item[:_MOST_QUOTED]
            flat = shown if is_array else [part for member in shown for part in member]
            pending.extend(("value", part) for part in reversed(flat))
        elif isinstance(item, float) and not math.isfinite(item):
            break  # RapidJSON's writer gives up there
        else:
            out += _quote_scalar(item)
    return out.decode("utf-8", "replace")


def _quote_scalar(value: Any) -> bytes:
    if value is None or isinstance(value, bool):
        return {None: b"null", True: b"true", False: b"false"}[value]
    if isinstance(value, bytes):
        return b'"' + _SPECIAL.sub(_escape, value) + b'"'
    return str(value).encode() if isinstance(value, int) else _quote_float(value)


def _escape(found: re.Match[bytes]) -> bytes:
    code = found.group()
    return b"\\" + _SHORT[code] if code in _SHORT else b"\\u%04X" % code[0]


def _quote_float(value: float) -> bytes:
    """Shortest digits, laid out as RapidJSON does."""
    if value == 0:
        return b"-0.0" if math.copysign(1, value) < 0 else b"0.0"
    sign = b"-" if value < 0 else b""
    _, figures, power = Decimal(repr(value)).normalize().as_tuple()
    digits = "".join(map(str, figures))
    point = len(digits) + int(power)  # where it stands, counted from the first digit
    length = len(digits)
    if length <= point <= 21:
        text = digits + "0" * (point - length) + ".0"
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if length > 1 else "") + f"e{point - 1}"
    return sign + text.encode()


def json_type(value: Any) -> str:
    """RapidJSON's name of a value's type."""
    if value is None or isinstance(value, bool):
        return str({None: "Null", False: "False", True: "True"}[value])
    if isinstance(value, bytes):
        return "String"
    return "Object" if isinstance(value, Members) else "Array" if isinstance(value, list) else "Number"


def shown(text: str) -> str:
    """A key or a name as it may stand in an error, whatever its bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def is_base64_object(value: Any) -> bool:
    """Is it `{"b64": "…"}`?"""
    return (
        isinstance(value, Members)
        and len(value) == 1
        and value[0][0] == BASE64_KEY.encode()
        and isinstance(value[0][1], bytes)
    )


def c_name(key: bytes) -> str:
    """A key read as a C string: it ends at the first NUL."""
    return key.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
