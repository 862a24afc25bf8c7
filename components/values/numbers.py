r"""What a number is, wherever it comes from. Python's standard library alone; `number_columns` has it for Arrow.

A text is a number if, without blanks around it, it is decimal digits with a point, a sign and an exponent where wanted
(`1`, `-1.5`, `.5`, `2.`, `1E+05`), each text by itself, whatever its neighbours are. `nan` in any case and with any sign is a
missing value, as C's printf, R and MATLAB write one. Where a table has decimal commas, `,` is the point, and `.` is none of a
number's characters: neither `1.5` nor `1.234,5` is one. `inf` is no number that a model can use. A text of `data.missing` that is a
number (`-999`) stands for nothing in every spelling of that number, as it does where the column is typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

NUMBER = r"\A[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\z"
NAN = r"\A[+-]?[nN][aA][nN]\z"
INTEGER = r"\A[+-]?\d+(\.0*)?\z"  # whole, however it is written but for exponents
LARGEST_INTEGER = 2**53  # from it on, not every integer is a 64-bit float

_NUMBER, _INTEGER = (re.compile(pattern.replace(r"\z", r"\Z"), re.ASCII) for pattern in (NUMBER, INTEGER))
INT64 = 1 << 63


def marks_with_points(missing: Iterable[str], decimal: str) -> list[str]:
    """Texts that stand for nothing, as `with_points` makes them."""
    return list(missing) if decimal == "." else [text.translate(str.maketrans(",.", ".,")) for text in missing]


def marks_of(missing: Iterable[str]) -> list[float]:
    """The numbers that stand for nothing."""
    return [float(token) for token in map(str.strip, missing) if _NUMBER.match(token)]


def whole_marks(missing: Iterable[str]) -> list[int]:
    """The whole numbers of 64 bits that stand for nothing."""
    whole = [int(token.partition(".")[0]) for token in map(str.strip, missing) if _INTEGER.match(token)]
    return [mark for mark in whole if -INT64 <= mark < INT64]
