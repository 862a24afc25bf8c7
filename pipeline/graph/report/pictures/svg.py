"""A picture in the making. Its colours are classes of the page's style sheet, so that it is drawn in the dark and on paper too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from pipeline.graph.report.pictures.scale import Scale, tick_texts
from pipeline.graph.report.pictures.text import LINE, SIZE, lines, width

WIDTH = 360.0  # of every picture: its letters can be read where that many pixels are all there is
TOP, BOTTOM, SIDE = 20.0, 34.0, 10.0
TICKS = 5  # of an upright axis

Numbers = Iterable[float | None]


class Picture:
    """What is drawn, one element after the other, in units of the picture from its upper left corner."""

    def __init__(self, title: str, height: float) -> None:
        """Begins one.

        Args:
          title: what it shows, for those who don't see it.
          height: of it; it is `WIDTH` wide.
        """
        self._title, self._height = title, height
        self._parts: list[str] = []  # of markup

    def add(self, tag: str, kind: str, text: str | None = None, **attributes: float | str) -> None:
        """Draws an element of some class of the style sheet; of an attribute's name `_` stands for `-`."""
        told = {"class": kind, **attributes} if kind else attributes
        inside = "".join(
            f' {key.replace("_", "-")}="{escape(value) if isinstance(value, str) else short(value)}"'
            for key, value in told.items()
        )
        end = "/>" if text is None else f">{escape(text)}</{tag}>"
        self._parts.append(f"<{tag}{inside}{end}")

    def line(self, kind: str, x1: float, y1: float, x2: float, y2: float) -> None:
        """Draws a straight line."""
        self.add("path", kind, d=f"M{short(x1)} {short(y1)}L{short(x2)} {short(y2)}")

    def path(self, kind: str, places: Sequence[tuple[float, float]], *, closed: bool = False) -> None:
        """Draws a line through places, or the area within them; nothing through fewer than two."""
        if len(places) > 1:
            self.add("path", kind, d="M" + "L".join(f"{short(x)} {short(y)}" for x, y in places) + "Z" * closed)

    def box(self, kind: str, x1: float, y1: float, x2: float, y2: float) -> None:
        """Draws a rectangle between two corners."""
        self.add("rect", kind, x=min(x1, x2), y=min(y1, y2), width=abs(x2 - x1), height=abs(y2 - y1))

    def dot(self, kind: str, x: float, y: float, radius: float = 3.0) -> None:
        """Draws a dot."""
        self.add("circle", kind, cx=x, cy=y, r=radius)

    def text(
        self, x: float, y: float, text: str, kind: str = "", *, anchor: str = "start", room: float = WIDTH
    ) -> None:
        """Writes one line; x is its start, middle or end, and y its base line. What is wider than the room is drawn together."""
        extra: dict[str, float | str] = {} if anchor == "start" else {"text_anchor": anchor}
        if width(text) > room:
            extra |= {"textLength": room, "lengthAdjust": "spacingAndGlyphs"}
        self.add("text", kind, text, x=x, y=y, **extra)

    def name(self, x: float, y: float, text: str, room: float) -> None:
        """Writes a name in lines about a middle y, from x on."""
        told = lines(text, room)
        first = y - LINE * (len(told) - 1) / 2 + SIZE * 0.35
        for place, line in enumerate(told):
            self.text(x, first + LINE * place, line, room=room)

    def markup(self) -> Markup:
        """The picture as an element of the page."""
        return Markup('<svg role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
            self._title,
            short(WIDTH),
            short(self._height),
            Markup("".join(self._parts)),  # noqa: S704 - escaped by `add`
        )


def short(value: float) -> str:
    """A place to a tenth of a unit."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def name_lines(names: Iterable[str], room: float) -> list[int]:
    """How many lines each name takes."""
    return [len(lines(name, room)) for name in names]


def left_of(y: Scale) -> float:
    """Where a plot begins that has this scale's numbers at its left."""
    return max(map(width, tick_texts(y.ticks(TICKS), log=y.log)), default=0.0) + SIDE


def axes(picture: Picture, x: Scale, y: Scale, x_label: str, y_label: str, floor: float | None = None) -> None:
    """Draws grid and numbers.

    Args:
      picture: where.
      x, y: the scales; y goes up, so that it begins at the bottom.
      x_label, y_label: what they are, with their units.
      floor: where the numbers of x are; None for where y begins.
    """
    bottom = y.begin if floor is None else floor
    across = y.ticks(TICKS)
    for tick, text in zip(across, tick_texts(across, log=y.log), strict=True):
        picture.line("grid", x.begin, y(tick), x.end, y(tick))
        picture.text(x.begin - 5, y(tick) + SIZE * 0.35, text, anchor="end")
    along_x(picture, x, bottom, y.end)
    picture.text(0, SIZE, y_label, "label")
    x_name(picture, x, bottom, x_label)


def along_x(picture: Picture, x: Scale, bottom: float, top: float, *, zero: bool = False) -> None:
    """Draws the grid's upright lines, and their numbers below them; that at 0 stronger where it is what is compared with."""
    ticks = _fitting(x)
    for tick, text in zip(ticks, tick_texts(ticks, log=x.log), strict=True):
        picture.line("zero" if zero and tick == 0 else "grid", x(tick), bottom, x(tick), top)
        half = width(text) / 2
        place = min(max(x(tick), half), WIDTH - half)
        picture.text(place, bottom + LINE, text, anchor="middle")


def x_name(picture: Picture, x: Scale, bottom: float, label: str) -> None:
    """Writes what x is, below its numbers."""
    picture.text(x.end, bottom + 2 * LINE + 2, label, "label", anchor="end", room=x.end)


def _fitting(x: Scale) -> list[float]:
    """As many ticks as have room for their texts beside each other."""
    for most in (6, 5, 4, 3):
        ticks = x.ticks(most)
        room = abs(x.end - x.begin) / max(len(ticks) - 1, 1)
        if max(map(width, tick_texts(ticks, log=x.log)), default=0.0) + 8 <= room:
            return ticks
    return [ticks[0], ticks[-1]] if len(ticks) > 1 else ticks


def known(values: Numbers) -> list[float | None]:
    """Numbers, None for those that are not finite."""
    return [None if value is None or not math.isfinite(value) else float(value) for value in values]


def legend(picture: Picture, kinds: Sequence[tuple[str, str]], x: float, y: float) -> None:
    """Writes what colours stand for, to the left of x: classes and texts."""
    for kind, text in reversed(kinds):
        picture.text(x, y, text, anchor="end")
        x -= width(text)
        if kind in ("dot", "hollow"):
            picture.dot(f"{kind} key", x - 8, y - 4)
        else:
            picture.box(f"{kind} key", x - 12, y - 8, x - 4, y)
        x -= 22
