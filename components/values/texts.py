r"""What a text is, wherever it comes from. Python's standard library alone; `text_columns` has it for Arrow,
`components.preprocessing.values_graph` for TensorFlow.

1. A value is missing if its text, without blanks around it, is one of `data.missing`.
2. Any other text is taken as it stands, blanks and all, but for what tables of other formats would spell in another way:
   `TRUE` is `true`, `7.0` is `7`, `-0` is `0`, `2024-01-31T00:00:00` is `2024-01-31`, `23:59:00.500` is `23:59:00.5` (`CANONICAL`).
3. A typed value (Parquet) is the text that a CSV would have: whole numbers by their digits, other floats as Python spells them,
   decimals with all their places, dates and times as ISO 8601 has them, a blank between the two.

All patterns are RE2's, which Arrow and TensorFlow share.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Iterable
from typing import Any

MISSING_TOKENS = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
CLASSES = ["0", "1"]  # of a label of numbers
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


def truth_pattern(truth: str) -> str:
    """RE2's pattern of a whole canonical text, in lower case, that means `true` or `false`."""
    return rf"\A{BLANKS}(?:{TRUTHS[truth]}){BLANKS}\z"


def canonical_text(value: Any) -> str:
    """The text of a Python value, as of JSON: a text, a truth value, a number."""
    if isinstance(value, bool):
        return "true" if value else "false"
    is_float = isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral)
    text = float_text(value) if is_float else str(value)
    for pattern, rewrite in _PYTHON:
        text = pattern.sub(rewrite, text)
    return text


def as_texts(value: Any) -> Any:
    """A configuration's list of texts as a table has them: YAML reads `true`, `7` and `7.0` as such. All else as it is."""
    if not isinstance(value, list):
        return value
    return [canonical_text(item) if isinstance(item, (str, bool, int, float)) else item for item in value]


def unescape(token: str) -> str:
    """The text that a token of a vocabulary stands for (`ESCAPES`)."""
    return re.sub(r"\\(.)", lambda m: _UNESCAPED[m[1]], token)


def float_text(value: Any) -> str:
    """A float as Python spells it; a whole one by its digits, up to 2^53."""
    if math.isfinite(value) and value == math.floor(value) and abs(value) < 2**53:
        return str(int(value))
    return str(value)
