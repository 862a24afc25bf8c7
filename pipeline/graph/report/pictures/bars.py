"""Things that have names, one a row: bars from 0, dots with intervals, and shares of one or two splits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from pipeline.graph.report.numbers import NOTHING, rounded
from pipeline.graph.report.pictures.scale import Scale, over
from pipeline.graph.report.pictures.svg import WIDTH, Numbers, Picture, along_x, known, legend, name_lines, x_name
from pipeline.graph.report.pictures.text import LINE, SIZE, lines, width

_NAMES = 132.0  # room of the names
_FAR = 3.0  # an interval is drawn as far as so many times the farthest estimate


class _Rows:
    """Rows of names with a scale beside them, and room for a text at their right."""

    def __init__(
        self,
        title: str,
        names: list[str],
        texts: list[str],
        values: list[float | None],
        least: float,
        *,
        zero: bool = True,
    ) -> None:
        room = min(_NAMES, max((max(map(width, lines(name, _NAMES))) for name in names), default=0.0))
        tall = [max(LINE * count + 5, least) for count in name_lines(names, _NAMES)]
        ends = [sum(tall[: place + 1]) + LINE for place in range(len(tall))]
        self.middles = [end - height / 2 for end, height in zip(ends, tall, strict=True)]
        self.bottom = ends[-1] if ends else LINE
        self.picture = Picture(title, self.bottom + 2 * LINE + 6)
        right = WIDTH - max(map(width, texts), default=0.0) - 8
        self.x = over(values, room + 10, right, zero=zero, room=0.02)
        along_x(self.picture, self.x, self.bottom, LINE - 4, zero=zero)
        for name, middle in zip(names, self.middles, strict=True):
            self.picture.name(0, middle, name, _NAMES)
        for text, middle in zip(texts, self.middles, strict=True):
            self.picture.text(WIDTH, middle + SIZE * 0.35, text, "num", anchor="end")

    def markup(self, label: str) -> Markup:
        x_name(self.picture, self.x, self.bottom, label)
        return self.picture.markup()


def bars(
    title: str,
    names: Iterable[str],
    values: Numbers,
    lows: Numbers = (),
    highs: Numbers = (),
    *,
    texts: Iterable[str] = (),
    label: str = "",
) -> Markup:
    """A bar from 0 a row, with its interval as a whisker and its number at the right.

    Args:
      title: what the picture shows.
      names: of the rows, from the top.
      values: [rows]; None for no bar.
      lows, highs: [rows] of the intervals; empty for none.
      texts: [rows], what stands at the right; empty for the numbers themselves.
      label: what the numbers are, with their unit.
    """
    names, values = list(names), known(values)
    lows, highs = _ends(values, lows), _ends(values, highs)
    texts = list(texts) or [_told(value) for value in values]
    rows = _Rows(title, names, texts, [*values, *_near(values, [*lows, *highs])], 18.0)
    for value, low, high, middle in zip(values, lows, highs, rows.middles, strict=True):
        if value is not None:
            rows.picture.box("bar", rows.x(0), middle - 5, rows.x(value), middle + 5)
        _whisker(rows.picture, rows.x, low, high, middle)
    return rows.markup(label)


def levels(
    title: str,
    names: Iterable[str],
    values: Numbers,
    lows: Numbers,
    highs: Numbers,
    *,
    reference: str | None = None,
    texts: Iterable[str] = (),
    label: str = "",
) -> Markup:
    """A dot with its interval a row; the level that the others are compared with is hollow, at 0.

    Args:
      title: what the picture shows.
      names: of the rows, from the top.
      values, lows, highs: [rows]; None for no dot, or no interval.
      reference: the name of the reference; None where none is among them.
      texts: [rows], what stands at the right of all but the reference; empty for the numbers themselves.
      label: what the numbers are, with their unit.
    """
    names, values = list(names), known(values)
    lows, highs = _ends(values, lows), _ends(values, highs)
    texts = list(texts) or [_told(value) for value in values]
    texts = ["reference" if name == reference else text for name, text in zip(names, texts, strict=True)]
    rows = _Rows(title, names, texts, [*values, *_near(values, [*lows, *highs])], 17.0)
    for name, value, low, high, middle in zip(names, values, lows, highs, rows.middles, strict=True):
        if name == reference:
            rows.picture.dot("hollow", rows.x(0), middle, 3.5)
            continue
        _dot(rows.picture, rows.x, value, low, high, middle)
    return rows.markup(label)


def limited(
    title: str,
    names: Iterable[str],
    values: Numbers,
    lows: Numbers,
    highs: Numbers,
    *,
    limits: Numbers = (),
    whole: float | None = None,
    label: str = "",
) -> Markup:
    """A dot with its interval a row, with lines at its limits and at what all rows together have; the scale need not have 0.

    Args:
      title: what the picture shows.
      names: of the rows, from the top.
      values, lows, highs: [rows]; None for no dot, or no interval.
      limits: that values should not cross, None among them for none.
      whole: of all rows; None for no line.
      label: what the numbers are, with their unit.
    """
    names, values, bounds = list(names), known(values), [value for value in known(limits) if value is not None]
    lows, highs = _ends(values, lows), _ends(values, highs)
    scaled = [*values, whole, *bounds, *lows, *highs]
    rows = _Rows(title, names, [_told(value) for value in values], scaled, 17.0, zero=False)
    marks = [("mark", whole)] if whole is not None else []
    for kind, mark in (*marks, *(("limit", bound) for bound in bounds)):
        rows.picture.line(kind, rows.x(mark), rows.bottom, rows.x(mark), LINE - 4)
    for value, low, high, middle in zip(values, lows, highs, rows.middles, strict=True):
        _dot(rows.picture, rows.x, value, low, high, middle)
    return rows.markup(label)


def shares(
    title: str, names: Iterable[str], series: Mapping[str, Numbers], *, label: str = "share of the rows"
) -> Markup:
    """Bars of shares, side by side for one or two splits.

    Args:
      title: what the picture shows.
      names: of the rows, from the top.
      series: by split [rows] shares, from 0 to 1.
      label: what they are.
    """
    names, series = list(names), {name: known(values) for name, values in series.items()}
    per_cent = {name: [None if value is None else 100 * value for value in values] for name, values in series.items()}
    first = next(iter(per_cent.values()), [])
    values = [value for one in per_cent.values() for value in one]
    rows = _Rows(
        title,
        names,
        ["–" if value is None else _told(value, 3) + " %" for value in first],
        values,
        12.0 + 6.0 * len(series),
    )
    thick = 12.0 / max(len(per_cent), 1)
    for place, (kind, of_split) in enumerate(zip(("bar", "second"), per_cent.values(), strict=False)):
        for value, middle in zip(of_split, rows.middles, strict=True):
            top = middle - thick * len(per_cent) / 2 + place * thick
            rows.picture.box(kind, rows.x(0), top, rows.x(value or 0.0), top + thick - 1)
    if len(per_cent) > 1:
        legend(rows.picture, list(zip(("bar", "second"), per_cent, strict=False)), WIDTH, SIZE - 3)
    return rows.markup(f"{label}, %")


def _dot(picture: Picture, x: Scale, value: float | None, low: float | None, high: float | None, middle: float) -> None:
    _whisker(picture, x, low, high, middle)
    if value is not None:
        picture.dot("dot", x(value), middle, 3.5)


def _whisker(picture: Picture, x: Scale, low: float | None, high: float | None, middle: float) -> None:
    """An interval; an end that lies beyond the scale has no stop."""
    if low is None or high is None:
        return
    picture.line("whisker", x(low), middle, x(high), middle)
    for end in (low, high):
        if x.low <= end <= x.high:
            picture.line("whisker", x(end), middle - 3, x(end), middle + 3)


def _near(values: list[float | None], ends: list[float | None]) -> list[float | None]:
    """Ends of intervals, so far as they don't make everything else small."""
    farthest = max((abs(value) for value in values if value is not None), default=0.0)
    if not farthest:
        return ends
    return [None if end is None else min(max(end, -_FAR * farthest), _FAR * farthest) for end in ends]


def _ends(values: list[float | None], ends: Numbers) -> list[float | None]:
    return known(ends) or [None] * len(values)


def _told(value: float | None, digits: int = 3) -> str:
    return NOTHING if value is None else rounded(value, digits)
