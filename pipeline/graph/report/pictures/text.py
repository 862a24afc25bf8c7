"""Texts in a picture, which SVG neither measures nor wraps: how wide they are about, and where they go on in another line."""

from __future__ import annotations

import re
import unicodedata

SIZE = 11.0  # of the letters, in units of the picture: ten pixels on a telephone
LINE = 13.0  # from one line to the next

_NARROW, _WIDE = frozenset("iIljtfr.,:;'|!()[]{} "), frozenset("mwMW@%–—−+=<>")
_PIECE = re.compile(r"[^\s_/,;|]*[_/,;|]+|\s+|[^\s_/,;|]+")  # a line ends after what separates words, never within one


def width(text: str) -> float:
    """About how wide a text is in a sans-serif font, rather too much than too little, in units of the picture."""
    return SIZE * sum(map(_em, text))


def _em(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    if letter in _NARROW:
        return 0.34
    if letter in _WIDE:
        return 0.92
    return 0.72 if letter.isupper() else 0.64


def lines(text: str, room: float, most: int = 3) -> list[str]:
    """A text in lines that end between words.

    Args:
      text: what is written.
      room: how wide a line may be; a single word that is wider has a line of its own all the same.
      most: lines; what is left over is told by an ellipsis.
    """
    found = [""]
    for piece in _PIECE.findall(text):
        if found[-1] and width((found[-1] + piece).rstrip()) > room:
            found.append("")
        found[-1] += piece if found[-1] or not piece.isspace() else ""
    found = [line.strip() for line in found if line.strip()] or [""]
    return found if len(found) <= most else [*found[: most - 1], f"{found[most - 1]} …"]
