r"""Whether a word stands in a text, by Python's standard library; its pattern for RE2 is the same.

A word is one of its own: neither before nor after it stands a letter, a mark of one, a numeral or `_`. Case does not matter, by
Unicode's simple case folding; of the Turkish i's, which Python's `re` takes for an i, each stands for itself. Python and RE2 have
their own versions of Unicode, and differ in characters that only the newer one knows.
"""

from __future__ import annotations

import re
import unicodedata

_INSIDE = r"\p{L}\p{M}\p{N}_"
_TURKISH = {"i": "[iI]", "I": "[iI]", "İ": "İ", "ı": "ı"}


def word_pattern(word: str) -> str:
    """RE2's pattern of a whole text in which a word stands."""
    return rf"(?:\C*[^{_INSIDE}])?{_any_case(word)}(?:[^{_INSIDE}]\C*)?"


def has_word(text: str, word: str) -> bool:
    """Whether a word stands in a text."""
    pattern = re.compile(_any_case(word))
    found = pattern.search(text)
    while found:
        start, end = found.span()
        if not (_is_inside(text[max(start - 1, 0) : start]) or _is_inside(text[end : end + 1])):
            return True
        found = pattern.search(text, start + 1)
    return False


def _any_case(word: str) -> str:
    """A word's own pattern, which RE2 and Python read alike."""
    return f"(?i:{''.join(f'(?-i:{_TURKISH[c]})' if c in _TURKISH else re.escape(c) for c in word)})"


def _is_inside(character: str) -> bool:
    return character == "_" or (character != "" and unicodedata.category(character)[0] in "LMN")
