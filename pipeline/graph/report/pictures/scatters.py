"""One number against another: predictions against labels, residuals by prediction, quantiles against quantiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from pipeline.graph.report.pictures.scale import Scale, over
from pipeline.graph.report.pictures.svg import BOTTOM, SIDE, TOP, WIDTH, Numbers, Picture, axes, known, left_of, legend
from pipeline.graph.report.pictures.text import SIZE

_HEIGHT = 250.0


def points(
    title: str,
    x: Numbers,
    y: Numbers,
    lows: Numbers = (),
    highs: Numbers = (),
    *,
    x_label: str = "",
    y_label: str = "",
    diagonal: bool = True,
    others: tuple[Numbers, Numbers] | None = None,
    names: Sequence[str] = (),
) -> Markup:
    """Dots with upright intervals, such as mean labels by mean predictions; on the diagonal both are the same.

    Args:
      title: what the picture shows.
      x, y: [n].
      lows, highs: [n] of y's intervals; empty for none.
      x_label, y_label: what the axes are, with their units.
      diagonal: whether both axes are the same, and the diagonal is drawn; else 0 is.
      others: x and y of further, hollow dots; None for none.
      names: what the dots are and what the further ones are.
    """
    x, y = known(x), known(y)
    lows, highs = (known(ends) or [None] * len(x) for ends in (lows, highs))
    more = ([], []) if others is None else (known(others[0]), known(others[1]))
    across, up = [*x, *more[0]], [*y, *more[1], *lows, *highs]
    both = [*across, *up] if diagonal else []
    y_scale = over(both or up, _HEIGHT - BOTTOM, TOP + 4, zero=not diagonal, room=0.04)
    x_scale = over(both or across, left_of(y_scale), WIDTH - SIDE, room=0.04)
    picture = Picture(title, _HEIGHT)
    axes(picture, x_scale, y_scale, x_label, y_label)
    low, high = (x_scale.low, x_scale.high)
    picture.line("mark", x_scale(low), y_scale(low if diagonal else 0), x_scale(high), y_scale(high if diagonal else 0))
    for place, value, below, above in zip(x, y, lows, highs, strict=True):
        if place is not None and below is not None and above is not None:
            picture.line("whisker", x_scale(place), y_scale(below), x_scale(place), y_scale(above))
        _dot(picture, "dot", x_scale, y_scale, place, value)
    for place, value in zip(*more, strict=True):
        _dot(picture, "hollow", x_scale, y_scale, place, value)
    if names:
        legend(picture, list(zip(("dot", "hollow"), names, strict=False)), WIDTH, SIZE)
    return picture.markup()


def bands(
    title: str, x: Numbers, quantiles: Iterable[Sequence[float | None]], *, x_label: str = "", y_label: str = ""
) -> Markup:
    """Quantiles as bands about their median, along x.

    Args:
      title: what the picture shows.
      x: [n].
      quantiles: [n] of an odd number each, from the lowest to the highest.
      x_label, y_label: what the axes are, with their units.
    """
    places, found = known(x), [known(one) for one in zip(*quantiles, strict=True)]
    y_scale = over((value for one in found for value in one), _HEIGHT - BOTTOM, TOP + 4, zero=True, room=0.04)
    x_scale = over(places, left_of(y_scale), WIDTH - SIDE, room=0.02)
    picture = Picture(title, _HEIGHT)
    axes(picture, x_scale, y_scale, x_label, y_label)
    for low, high in zip(found[: len(found) // 2], found[::-1], strict=False):
        upper, lower = _placed(places, high, x_scale, y_scale), _placed(places, low, x_scale, y_scale)
        picture.path("band", [*upper, *lower[::-1]], closed=True)
    picture.line("mark", x_scale.begin, y_scale(0), x_scale.end, y_scale(0))
    if found:
        picture.path("line", _placed(places, found[len(found) // 2], x_scale, y_scale))
    return picture.markup()


def quantiles(title: str, expected: Numbers, found: Numbers, *, x_label: str = "", y_label: str = "") -> Markup:
    """Quantiles of what was found by those that are expected; on the diagonal both are the same.

    Args:
      title: what the picture shows.
      expected, found: [n], of the same shares of the rows.
      x_label, y_label: what the axes are, with their units.
    """
    expected, found = known(expected), known(found)
    y_scale = over(found, _HEIGHT - BOTTOM, TOP + 4, zero=True, room=0.04)
    x_scale = over(expected, left_of(y_scale), WIDTH - SIDE, room=0.04)
    picture = Picture(title, _HEIGHT)
    axes(picture, x_scale, y_scale, x_label, y_label)
    low, high = max(x_scale.low, y_scale.low), min(x_scale.high, y_scale.high)
    if low < high:
        picture.line("mark", x_scale(low), y_scale(low), x_scale(high), y_scale(high))
    for place, value in zip(expected, found, strict=True):
        _dot(picture, "dot", x_scale, y_scale, place, value)
    return picture.markup()


def _dot(picture: Picture, kind: str, x: Scale, y: Scale, place: float | None, value: float | None) -> None:
    if place is not None and value is not None:
        picture.dot(kind, x(place), y(value))


def _placed(
    x: Sequence[float | None], y: Sequence[float | None], x_scale: Scale, y_scale: Scale
) -> list[tuple[float, float]]:
    pairs = zip(x, y, strict=True)
    return [(x_scale(place), y_scale(value)) for place, value in pairs if place is not None and value is not None]
