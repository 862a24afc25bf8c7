r"""What a number is, wherever it comes from. Needs pyarrow and numpy alone.

A text is a number if, without blanks around it, it is decimal digits with a point, a sign and an exponent where wanted
(`1`, `-1.5`, `.5`, `2.`, `1E+05`), each text by itself, whatever its neighbours are. `nan` in any case and with any sign is a
missing value, as C's printf, R and MATLAB write one. `inf` is no number that a model can use.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.values.texts import is_missing

NUMBER = r"\A[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\z"
NAN = r"\A[+-]?[nN][aA][nN]\z"
INTEGER = r"\A[+-]?\d+(\.0*)?\z"  # whole, however it is written but for exponents


def of_texts(column: pa.Array, missing: Iterable[str]) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Strings as numbers.

    Args:
      column: strings, null where there is none.
      missing: texts that stand for nothing.

    Returns:
      float64 [n], null where missing and where there is no number; which rows hold a text that is no number, [n].
    """
    nothing = pa.scalar(None, pa.string())
    gone = is_missing(column, missing).fill_null(False)
    texts = pc.replace_with_mask(pc.utf8_trim_whitespace(column), gone, nothing)
    texts = pc.replace_with_mask(texts, pc.match_substring_regex(texts, NAN).fill_null(False), nothing)
    fine = pc.match_substring_regex(texts, NUMBER)
    odd = pc.invert(fine).fill_null(False)
    numbers = pc.cast(pc.replace_with_mask(texts, odd, nothing), pa.float64())
    return numbers, np.asarray(odd.to_numpy(zero_copy_only=False))
