"""What texts that are no numbers look like: dates, numbers that are written for eyes, marks of missing values, truth values."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa

from components.values import text_columns, texts

MARKS = {
    *("." + letter for letter in "abcdefghijklmnopqrstuvwxyz"),  # Stata's and SAS's
    *(".", "..", "...", "…", "-", "--", "---", "–", "—", "?", "??", "*", r"\n"),
    *("#n/a", "#na", "#n/a n/a", "#div/0!", "#value!", "#ref!", "#num!", "#name?", "#null!"),
    *(
        "na",
        "n/a",
        "n.a.",
        "n.a",
        "<na>",
        "nd",
        "n.d.",
        "nil",
        "null",
        "(null)",
        "none",
        "nat",
        "missing",
        "unknown",
        "blank",
    ),
}
"""What other programs write for nothing, in lower case."""

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    rf"""\s*(?:
      \d{{4}}[-/.]\d{{1,2}}(?:[-/.]\d{{1,2}})?(?:[T\ ]\d.*)?
    | \d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}(?:\ .*)?
    | \d{{4}}[-:\ ]?[qmwhs]\d{{1,2}} | [qm]\d{{1,2}}[-/\ ]?\d{{4}}
    | \d{{1,2}}:\d\d(?::\d\d(?:\.\d+)?)?(?:\ ?[ap]\.?m\.?)?
    | (?:\d{{1,2}}[-\ ])?{_MONTH}[-,\ ]*\d{{2,4}}(?:\ .*)? | {_MONTH}\ \d{{1,2}},?\ \d{{4}}(?:\ .*)?
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_FIGURE = r"\d[\d.,'\u00a0\u202f ]*"
_FORMATTED = {
    "a percent sign": re.compile(rf"\s*[+-]?{_FIGURE}\s*%\s*"),
    "a currency sign": re.compile(rf"\s*\(?[+-]?(?:[$€£¥]\s*[+-]?{_FIGURE}|{_FIGURE}\s*[$€£¥])\)?\s*"),
    "commas between thousands": re.compile(r"\s*[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?\s*"),
    "a decimal comma": re.compile(r"\s*[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d*\s*"),
    "parentheses for a minus sign": re.compile(r"\s*\(\d[\d,.]*\)\s*"),
}


def is_mark(text: str) -> bool:
    """Whether a text is what some other program writes for a missing value."""
    return text.strip().lower() in MARKS


def are_dates(levels: Iterable[str]) -> bool:
    """Whether (nearly) all texts are dates, times or parts of a year."""
    found = [_DATE.fullmatch(level) is not None for level in levels]
    return bool(found) and sum(found) >= 0.9 * len(found)


def formatted(levels: Iterable[str]) -> tuple[str, str] | None:
    """What makes texts of numbers that are written for eyes (`a currency sign`), and the first such text; None if they are not."""
    levels = list(levels)
    found = [(what, level) for level in levels for what, form in _FORMATTED.items() if form.fullmatch(level)]
    whats = [what for what, _ in found]
    if not found or len({level for _, level in found}) < 0.9 * len(levels):
        return None
    what = max(dict.fromkeys(whats), key=whats.count)
    return what, next(level for one, level in found if one == what)


def are_truths(levels: Iterable[str]) -> bool:
    """Whether texts are spellings of both truth values."""
    found = text_columns.truths(pa.array(list(levels), pa.string()))
    return found.null_count == 0 and len(found.unique()) == len(texts.TRUTHS)
