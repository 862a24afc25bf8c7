r"""What a text is, wherever it comes from. Needs pyarrow alone; `graph` does the same in TensorFlow.

1. A value is missing if its text, without blanks around it, is one of `data.missing`.
2. Any other text is taken as it stands, blanks and all, but for what tables of other formats would spell in another way:
   `TRUE` is `true`, `7.0` is `7`, `-0` is `0`, `2024-01-31T00:00:00` is `2024-01-31`, `23:59:00.500` is `23:59:00.5` (`CANONICAL`).
3. A typed value (Parquet) is the text that a CSV would have: whole numbers by their digits, other floats as Python spells them,
   decimals with all their places, dates and times as ISO 8601 has them, a blank between the two.

All patterns are RE2's, which Arrow and TensorFlow share.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MISSING_TOKENS = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
TRUTHS = {"true": "true|t|yes|y|on|1", "false": "false|f|no|n|off|0"}  # spellings of a boolean, in lower case

BLANKS = r"[\s\v\x1c-\x1f\x{85}\p{Z}]*"  # what Python's str.strip takes away
_TIME = r"\d\d:\d\d:\d\d"
_FRACTION = r"(?:(\.\d*[1-9])0*|\.0+)"
CANONICAL = (
    (r"\A[Tt][Rr][Uu][Ee]\z", "true"),
    (r"\A[Ff][Aa][Ll][Ss][Ee]\z", "false"),
    (r"\A(-?(?:0|[1-9]\d*))\.0+\z", r"\1"),
    (r"\A-0\z", "0"),
    (rf"\A(\d{{4}}-\d\d-\d\d)[T ]({_TIME}){_FRACTION}?(Z|[+-]\d\d:?\d\d)?\z", r"\1 \2\3\4"),
    (rf"\A(\d{{4}}-\d\d-\d\d {_TIME}(?:\.\d+)?[+-]\d\d)(\d\d)\z", r"\1:\2"),
    (rf"\A(\d{{4}}-\d\d-\d\d {_TIME}(?:\.\d+)?)[+-]00:00\z", r"\1Z"),
    (r"\A(\d{4}-\d\d-\d\d) 00:00:00\z", r"\1"),
    (rf"\A({_TIME}){_FRACTION}\z", r"\1\2"),
)
"""Patterns of whole texts and what they become, to be applied in this order."""
SPELT_OTHERWISE = "|".join(pattern for pattern, _ in CANONICAL)

# So that any text is one line of a vocabulary file, and none of them empty: reversible, and nothing else becomes a token of
# these. A missing value has one that no text has.
ESCAPES = ((r"\\", r"\\\\"), ("\n", r"\\n"), ("\r", r"\\r"), ("^$", r"\\e"))
_UNESCAPED = {"\\": "\\", "n": "\n", "r": "\r", "e": ""}

_PYTHON = [(re.compile(pattern.replace(r"\z", r"\Z"), re.ASCII), rewrite) for pattern, rewrite in CANONICAL]


def nothing(tokens: Iterable[str]) -> set[str]:
    """The texts that stand for nothing, without blanks: as given, and canonical, for a typed value has no other text."""
    stripped = {token.strip() for token in tokens}
    return stripped | {canonical_text(token) for token in stripped}


def missing_pattern(tokens: Iterable[str]) -> str:
    """RE2's pattern of a whole text that stands for nothing."""
    quoted = [re.sub(r"[^\w]", lambda m: rf"\x{{{ord(m[0]):x}}}", token) for token in sorted(nothing(tokens))]
    return rf"\A{BLANKS}(?:{'|'.join(quoted)}){BLANKS}\z" if quoted else r"\z.\A"


def canonical(column: pa.Array) -> pa.Array:
    """Strings as they are compared: `CANONICAL` applied."""
    if not pc.any(pc.match_substring_regex(column, SPELT_OTHERWISE)).as_py():
        return column
    for pattern, rewrite in CANONICAL:
        column = pc.replace_substring_regex(column, pattern, rewrite)
    return column


def is_missing(column: pa.Array, tokens: Iterable[str]) -> pa.Array:
    """Which strings stand for nothing, as `missing_pattern` has it; false where there is none."""
    return pc.is_in(pc.utf8_trim_whitespace(column), pa.array(sorted(nothing(tokens)), pa.string()))


def levels(column: pa.Array, missing: Iterable[str]) -> pa.Array:
    """Strings of a table as levels: canonical, null where missing.

    A text stands for nothing as well if its canonical text does: a typed value has no other.
    """
    coded = column.dictionary_encode()  # there are few
    found = canonical(coded.dictionary)
    gone = is_missing(coded.dictionary, missing)
    if found is not coded.dictionary:
        gone = pc.or_(gone, is_missing(found, missing))
    elif not pc.any(gone).as_py():
        return column
    return pc.replace_with_mask(found, gone, pa.scalar(None, pa.string())).take(coded.indices)


def truth_pattern(truth: str) -> str:
    """RE2's pattern of a whole canonical text, in lower case, that means `true` or `false`."""
    return rf"\A{BLANKS}(?:{TRUTHS[truth]}){BLANKS}\z"


def truths(column: pa.Array) -> pa.Array:
    """Canonical strings as `true` and `false`; null for what is no truth value."""
    lower = pc.ascii_lower(column)
    found = pa.nulls(len(column), pa.string())
    for truth in TRUTHS:
        there = pc.match_substring_regex(lower, truth_pattern(truth)).fill_null(False)
        found = pc.replace_with_mask(found, there, pa.scalar(truth))
    return found


def canonical_text(value: Any) -> str:
    """The text of a Python value, as of JSON: a text, a truth value, a number."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = _float_text(value) if isinstance(value, (float, np.floating)) else str(value)
    for pattern, rewrite in _PYTHON:
        text = pattern.sub(rewrite, text)
    return text


def unescape(token: str) -> str:
    """The text that a token of a vocabulary stands for (`ESCAPES`)."""
    return re.sub(r"\\(.)", lambda m: _UNESCAPED[m[1]], token)


def of_column(column: pa.Array) -> pa.Array:
    """A typed column as canonical strings, null where it is.

    Args:
      column: of any type that can be a text but for bytes and strings: those may not be UTF-8, which is for the caller to say.

    Raises:
      TypeError: it can't be one.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return of_column(column.dictionary).take(column.indices)
    if pa.types.is_floating(kind):
        values = pc.cast(column, pa.float32()) if kind == pa.float16() else column
        coded = values.dictionary_encode()
        levels = [
            None if level is None or np.isnan(level) else _float_text(level)
            for level in coded.dictionary.to_numpy(zero_copy_only=False)
        ]
        return pa.array(levels, pa.string()).take(coded.indices)
    if pa.types.is_timestamp(kind) and kind.tz is not None and kind.tz[:1] in "+-":
        sign = -1 if kind.tz[0] == "-" else 1
        hours, minutes = (int(part) for part in kind.tz[1:].split(":"))
        shift = pa.scalar(sign * datetime.timedelta(hours=hours, minutes=minutes), pa.duration(kind.unit))
        local = pc.add(pc.cast(pc.cast(column, pa.timestamp(kind.unit, "UTC")), pa.timestamp(kind.unit)), shift)
        return canonical(pc.binary_join_element_wise(pc.cast(local, pa.string()), kind.tz, ""))
    tests = (
        pa.types.is_boolean,
        pa.types.is_integer,
        pa.types.is_decimal,
        pa.types.is_date,
        pa.types.is_timestamp,
        pa.types.is_time,
        pa.types.is_null,
    )
    if not any(test(kind) for test in tests):
        raise TypeError(f"{kind} is no text")
    return canonical(of_decimals(column) if pa.types.is_decimal(kind) else pc.cast(column, pa.string()))


def of_decimals(column: pa.Array) -> pa.Array:
    """Decimals as strings with all their places; Arrow itself writes small ones with an exponent."""
    found = pc.cast(column, pa.string())
    if not pc.any(pc.match_substring(found, "E")).as_py():
        return found
    return pa.array([None if value is None else format(value, "f") for value in column.to_pylist()], pa.string())


def _float_text(value: Any) -> str:
    """A float as Python spells it; a whole one by its digits, up to 2^53."""
    if np.isfinite(value) and value == np.floor(value) and abs(value) < 2**53:
        return str(int(value))
    return str(value)
