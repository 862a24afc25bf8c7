"""What a picture of the page has drawn, as its reader would measure it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from markupsafe import Markup

Place = tuple[float, float]


class Drawn:
    """A picture, read from its text.

    Attributes:
      name: for those who don't see it.
      height: of it.
      texts: all that is written, in order.
    """

    def __init__(self, picture: Markup) -> None:
        self._root = ET.fromstring(picture)  # noqa: S314 (of our own)
        self.name = self._root.get("aria-label")
        self.height = float((self._root.get("viewBox") or "").split()[3])
        self.texts = [element.text or "" for element in self._root.iter("text")]
        assert self._root.get("role") == "img"
        assert "nan" not in picture.lower()

    def of(self, kind: str) -> list[ET.Element]:
        """Elements of a class."""
        return [element for element in self._root if element.get("class") == kind]

    def paths(self, kind: str) -> list[list[Place]]:
        """The corners of lines and areas."""
        return [_pairs(element.get("d") or "") for element in self.of(kind)]

    def dots(self, kind: str) -> list[Place]:
        """The middles of dots."""
        return [(float(element.get("cx") or ""), float(element.get("cy") or "")) for element in self.of(kind)]

    def boxes(self, kind: str) -> list[tuple[float, float, float, float]]:
        """Left, top, width, height of rectangles."""
        found = []
        for element in self.of(kind):
            left, top, width, height = (float(element.get(key) or "") for key in ("x", "y", "width", "height"))
            found.append((left, top, width, height))
        return found

    def text_at(self, text: str) -> Place:
        """Where a text of an axis is written."""
        [found] = [
            element for element in self._root.iter("text") if element.text == text and element.get("class") != "num"
        ]
        return float(found.get("x") or ""), float(found.get("y") or "")


def _pairs(path: str) -> list[Place]:
    numbers = list(map(float, re.findall(r"-?[\d.]+", path)))
    return list(zip(numbers[::2], numbers[1::2], strict=True))
