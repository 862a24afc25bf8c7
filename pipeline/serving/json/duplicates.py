"""A key that stands twice in one object is refused.

TF Serving takes it: of a document's it reads the first, of a row's both, and so gives the rows that follow one another's values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import rapidjson

from pipeline.serving.errors import RequestError, invalid
from pipeline.serving.json.document import is_array, parse_by

_KEY = re.compile(rb'"[ \t\r\n]*:')
_LONG = 8192  # bytes, from which NumPy counts sooner


class _Members(list[tuple[str, Any]]):
    """An object's members in order, those with equal names too."""


class _Decoder(rapidjson.Decoder):
    def start_object(self) -> _Members:
        """What the members of an object are put into."""
        return _Members()


_DECODER = _Decoder(number_mode=rapidjson.NM_NAN | rapidjson.NM_NATIVE)


class _Rows(msgspec.Struct, gc=False):
    instances: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    examples: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_ROWS = msgspec.json.Decoder(_Rows)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def count_colons(body: bytes) -> int:
    """How many there are. If as many as the document has keys, then no key stands twice in its object."""
    if len(body) < _LONG:
        return body.count(b":")
    return int(np.count_nonzero(np.frombuffer(body, np.uint8) == ord(":")))


def check_keys(body: bytes, count: int, rows: str, row_keys: Callable[[int], int]) -> None:
    """Refuses a body in which a key stands twice in one object.

    Args:
      body: a JSON document.
      count: of the keys that its objects have.
      rows: the key of the rows, `instances` or `examples`.
      row_keys: gives the keys in the objects of a row; fewer are harmless.

    Raises:
      RequestError: names the key, and the row that it is in.
    """
    if count_colons(body) != count and len(_KEY.findall(body)) != count:
        refuse_doubles(body, rows, row_keys)


def refuse_doubles(body: bytes, rows: str, row_keys: Callable[[int], int]) -> None:
    """Looks for a key that stands twice: row by row where the rows can be told apart, else all at once.

    Args:
      body: a JSON document.
      rows: the key of the rows, `instances` or `examples`.
      row_keys: gives the keys in the objects of a row, which has none twice if its text has no more; fewer are harmless.

    Raises:
      RequestError: there is one.
    """
    for index, text in enumerate(_rows(body, rows)):
        expected = row_keys(index)
        if text.count(b":") == expected or len(_KEY.findall(text)) == expected:
            continue
        found = _double(parse_by(_DECODER, text))
        if found is not None:
            raise _error(found, f"element: {index} of '{rows}' list")
    document: Any = parse_by(_DECODER, body)
    found = _double(document, deep=False)
    if found is not None:
        raise _error(found, "the request")
    for name, value in document if isinstance(document, _Members) else ():
        if name == rows and is_array(value):
            for index, item in enumerate(value):
                found = _double(item)
                if found is not None:
                    raise _error(found, f"element: {index} of '{name}' list")
        found = _double(value)
        if found is not None:
            raise _error(found, f"'{name}'")


def _rows(body: bytes, rows: str) -> list[bytes]:
    """The text of each row, if there are rows and nothing but msgspec is needed to tell them apart."""
    try:
        found = getattr(_ROWS.decode(body), rows)
        return list(map(bytes, _LIST.decode(found))) if found is not msgspec.UNSET else []
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []


def _double(value: Any, deep: bool = True) -> str | None:
    """A key that stands twice in one of the objects of a value, or in the value itself."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, _Members):
            names = [name for name, _ in item]
            if len(set(names)) < len(names):
                seen: set[str] = set()
                return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
            if deep:
                pending.extend(part for _, part in item)
        elif deep and is_array(item):
            pending.extend(item)
    return None


def _error(key: str, where: str) -> RequestError:
    return invalid(f"Key: {key} stands twice in {where}. A key may stand once in an object.")
