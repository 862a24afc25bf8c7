"""Lines over an axis of numbers: a partial effect with its band, and what was found along a path of penalties or passes."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipeline.graph.report.pictures.scale import Scale, over
from pipeline.graph.report.pictures.svg import BOTTOM, SIDE, TOP, WIDTH, Numbers, Picture, axes, known, left_of

_HEIGHT, _DENSITY = 210.0, 34.0


def curve(
    title: str,
    x: Numbers,
    y: Numbers,
    lows: Numbers = (),
    highs: Numbers = (),
    *,
    edges: Numbers = (),
    counts: Numbers = (),
    x_label: str = "",
    y_label: str = "",
) -> Markup:
    """An effect over the range of a column, its band, and below it where the column's rows lie.

    Args:
      title: what the picture shows.
      x, y: [n] of the curve.
      lows, highs: [n] of its band; empty for none.
      edges: [bins + 1] of the column's density, and
      counts: [bins], rows of each; empty for none.
      x_label, y_label: what the axes are, with their units.
    """
    line, band = _pairs(x, y), (_pairs(x, lows), _pairs(x, highs))
    bottom = _HEIGHT - BOTTOM
    floor = bottom - (_DENSITY if counts else 0.0)
    y_scale = over([value for _, value in (*line, *band[0], *band[1])], floor, TOP + 4, zero=True, room=0.04)
    x_scale = over([value for value, _ in line], left_of(y_scale), WIDTH - SIDE)
    picture = Picture(title, _HEIGHT)
    _density(picture, x_scale, known(edges), known(counts), bottom)
    axes(picture, x_scale, y_scale, x_label, y_label, bottom)
    picture.path("band", [*_placed(band[0], x_scale, y_scale), *_placed(band[1], x_scale, y_scale)[::-1]], closed=True)
    picture.path("line", _placed(line, x_scale, y_scale))
    return picture.markup()


def trace(
    title: str,
    x: Numbers,
    y: Numbers,
    lows: Numbers = (),
    highs: Numbers = (),
    *,
    chosen: float | None = None,
    log_x: bool = True,
    log_y: bool = False,
    x_label: str = "",
    y_label: str = "",
) -> Markup:
    """A loss, or an error with its interval, along a path; what was chosen is marked.

    Args:
      title: what the picture shows.
      x, y: [n]; on a logarithmic axis those that are not above 0 are passed over.
      lows, highs: [n] of intervals; empty for none.
      chosen: the x that was chosen; None for none.
      log_x, log_y: whether an axis is logarithmic.
      x_label, y_label: what the axes are, with their units.
    """
    line = _pairs(x, y, log_x=log_x, log_y=log_y)
    band = [_pairs(x, ends, log_x=log_x, log_y=log_y) for ends in (lows, highs)]
    bottom = _HEIGHT - BOTTOM
    y_scale = over([value for _, value in (*line, *band[0], *band[1])], bottom, TOP + 4, log=log_y, room=0.04)
    x_scale = over([value for value, _ in line], left_of(y_scale), WIDTH - SIDE, log=log_x)
    picture = Picture(title, _HEIGHT)
    axes(picture, x_scale, y_scale, x_label, y_label)
    if chosen is not None and x_scale.low <= chosen <= x_scale.high:
        picture.line("mark", x_scale(chosen), bottom, x_scale(chosen), TOP + 4)
    for (place, low), (_, high) in zip(*band, strict=False):
        picture.line("whisker", x_scale(place), y_scale(low), x_scale(place), y_scale(high))
    picture.path("line", _placed(line, x_scale, y_scale))
    for place, value in line if len(line) <= 40 else []:
        picture.dot("dot", x_scale(place), y_scale(value), 2)
    return picture.markup()


def _density(
    picture: Picture, x: Scale, edges: Sequence[float | None], counts: Sequence[float | None], bottom: float
) -> None:
    """Bars whose areas are the rows, so far as they lie within the scale."""
    bins = [
        (max(low, x.low), min(high, x.high), count / (high - low))
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
        if low is not None and high is not None and count is not None and high > low and high > x.low and low < x.high
    ]
    highest = max((height for _, _, height in bins), default=0.0)
    for low, high, height in bins:
        if height:
            picture.box("density", x(low), bottom, x(high), bottom - (_DENSITY - 8) * height / highest)


def _pairs(x: Numbers, y: Numbers, *, log_x: bool = False, log_y: bool = False) -> list[tuple[float, float]]:
    return [
        (place, value)
        for place, value in zip(known(x), known(y), strict=False)
        if place is not None and value is not None and (place > 0 or not log_x) and (value > 0 or not log_y)
    ]


def _placed(pairs: Sequence[tuple[float, float]], x: Scale, y: Scale) -> list[tuple[float, float]]:
    return [(x(place), y(value)) for place, value in pairs]
