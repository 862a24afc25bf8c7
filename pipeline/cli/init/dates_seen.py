"""Whether a column holds dates as ISO 8601 has them, and times with them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from components.values.dates import VALID

_WITH_TIME = r"\d[Tt ]\d\d:\d\d"
_MIDNIGHT = r"\d[Tt ]00:00(?::00(?:[.,]0+)?)? ?(?:[Zz]|UTC|[+-][\d:]+)?\s*\z"


class Dates:
    """What is seen of a column's texts.

    Attributes:
      are_all: whether all of them are dates.
      have_times: whether one of them has a time other than midnight.
    """

    def __init__(self) -> None:
        self.are_all = True
        self.have_times = False

    def add(self, texts: pa.Array) -> None:
        """Takes in some texts of the column."""
        if not self.are_all or not len(texts):
            return
        self.are_all = pc.all(pc.match_substring_regex(pc.utf8_trim_whitespace(texts), VALID)).as_py()
        timed = pc.match_substring_regex(texts, _WITH_TIME)
        self.have_times |= pc.any(pc.and_not(timed, pc.match_substring_regex(texts, _MIDNIGHT))).as_py()
