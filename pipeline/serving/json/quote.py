"""How TF Serving quotes a request in an error, and names its parts. Source: RapidJSON's `prettywriter.h` and `internal/dtoa.h`."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from itertools import islice

from pipeline.serving.dtypes import BASE64_KEY
from pipeline.serving.errors import RequestError, invalid
from pipeline.serving.json.document import JsonValue, is_object

_MOST_QUOTED = 256  # bytes of a value in an error text; TF Serving's kMaxJsonDebugStringBytes
_ESCAPED = re.compile(r'[\x00-\x1f"\\]')
_SHORT = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", '"': '"', "\\": "\\"}


def format_error(value: JsonValue, text: str) -> RequestError:
    """An error that quotes a value."""
    return invalid(f"JSON Value: {quote(value)} {text}")


def quote(value: JsonValue) -> str:
    """A value as TF Serving quotes it in an error: indented by 4, arrays on one line, ended after some 256 bytes."""
    out: list[str] = []
    size = 0
    levels: list[list[int]] = []  # of each open container: is it an array; values written
    pending: list[tuple[bool, JsonValue]] = [(False, value)]  # is it the end of a container; a value
    while pending and size < _MOST_QUOTED:
        ends, item = pending.pop()
        text = ""
        if ends:
            (is_array, count) = levels.pop()
            if not is_array and count:
                text = "\n" + "    " * len(levels)
            text += "]" if is_array else "}"
        else:
            if levels:
                is_array, count = levels[-1]
                if is_array:
                    text = ", " if count else ""
                elif count % 2:
                    text = ": "
                else:
                    text = (",\n" if count else "\n") + "    " * len(levels)
                levels[-1][1] += 1
            if isinstance(item, list | dict):
                levels.append([isinstance(item, list), 0])
                text += "[" if isinstance(item, list) else "{"
                pending.append((True, None))
                pending.extend((False, part) for part in reversed(_first_parts(item)))
            elif isinstance(item, float) and not math.isfinite(item):
                pending.clear()  # RapidJSON's writer gives up there
            else:
                text += _quote_scalar(item)
        out.append(text)
        size += len(text.encode())
    return "".join(out)


def _first_parts(container: list[JsonValue] | dict[str, JsonValue]) -> list[JsonValue]:
    """As many values of an array, or keys and values of an object, as can be quoted."""
    if isinstance(container, dict):
        return [part for member in islice(container.items(), _MOST_QUOTED) for part in member]
    return container[:_MOST_QUOTED]


def _quote_scalar(value: bool | int | float | str | None) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return '"' + _ESCAPED.sub(_escape, value) + '"'
    return str(value) if isinstance(value, int) else _quote_float(value)


def _escape(found: re.Match[str]) -> str:
    code = found.group()
    return "\\" + _SHORT[code] if code in _SHORT else f"\\u{ord(code):04X}"


def _quote_float(value: float) -> str:
    """Shortest digits, laid out as RapidJSON does."""
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    sign = "-" if value < 0 else ""
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
    return sign + text


def json_type(value: JsonValue) -> str:
    """RapidJSON's name of a value's type."""
    if value is None or isinstance(value, bool):
        return str({None: "Null", False: "False", True: "True"}[value])
    if isinstance(value, str):
        return "String"
    return "Object" if isinstance(value, dict) else "Array" if isinstance(value, list) else "Number"


def base64_text(value: JsonValue) -> bytes | None:
    """The text of `{"b64": "…"}`; None for any other value."""
    if is_object(value) and len(value) == 1:
        text = value.get(BASE64_KEY)
        if isinstance(text, str):
            return text.encode()
    return None
