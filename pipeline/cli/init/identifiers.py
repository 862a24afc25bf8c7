"""Which whole numbers name a row or a thing, and measure nothing."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from pipeline.cli.init.leaks import is_time
from pipeline.cli.init.profile import Profile

LEAST_UNIQUE = 10  # rows, from which on values that are all apart are told to be so
LEAST_COUNTED = (
    50  # rows, from which on numbers from 0 or 1 on are told to be the rows': in a short table they may be doses
)
FEW_VALUES = 20

_NAME = re.compile(
    r"""(?:^|[^a-z])(?:id|ids|nr|uid|uuid|guid|seqn|seqno|fips|zip|zipcode|postcode|postal|code|caseid|recid|ident|identifier|ssn|isbn)
    \d*(?:$|[^a-z]) | (?:code|fips|zip)$ | [a-z]{2}id$""",
    re.VERBOSE,
)
_NO_NAME = re.compile(
    r"(?:paid|said|laid|aid|bid|acid|covid|grid|valid|solid|fluid|liquid|humid|rapid|avoid|hybrid|lipid|void)$"
)
_NAME_IF_UNIQUE = re.compile(
    r"(?:^|[^a-z])(?:index|idx|case|obs|obsno|observation|row|rowname|rownames|rownum|unnamed|key|serial|record)\d*(?:$|[^a-z])"
)


def has_identifier_name(name: str) -> bool:
    """Whether a column is named as identifiers are: `nr`, `firm_id`, `distid`, `zipcode`."""
    words = _words(name)
    return _NAME.search(words) is not None and _NO_NAME.search(words) is None


def why_identifier(column: Profile, distinct: int, present: int, sample: NDArray[np.float64]) -> tuple[str, str] | None:
    """Why numbers are an identifier or a row's number, and a detail; None if they measure something.

    Args:
      column: of numbers.
      distinct, present: how many values it has, in how many rows.
      sample: some of them, evenly spaced, in the table's order.
    """
    if not column.is_whole:
        return None
    is_unique = column.counted == column.distinct and present >= LEAST_UNIQUE
    is_named = has_identifier_name(column.name)
    if is_unique and _counts_rows(column, present, sample) and not is_time(column.name):
        return "row numbers", ""
    if is_unique and (is_named or _NAME_IF_UNIQUE.search(_words(column.name))):
        return "an identifier: a value of its own in every row", ""
    if is_named and distinct > FEW_VALUES:
        why = "identifiers by their names (data.split_by keeps the rows of one together; as categorical, each has a level)"
        return why, f"{distinct:,} values"
    return None


def _words(name: str) -> str:
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _counts_rows(column: Profile, present: int, sample: NDArray[np.float64]) -> bool:
    """Whether the rows of a table that is not short are numbered in their order."""
    if column.low not in (0, 1) or column.high - column.low != present - 1 or present < LEAST_COUNTED:
        return False
    steps = np.diff(sample)
    return bool(len(steps)) and bool((steps == steps[0]).all())
