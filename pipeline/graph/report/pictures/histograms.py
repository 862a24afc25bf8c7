"""How a column of numbers is distributed, in one or two splits."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from pipeline.graph.report.pictures.scale import over
from pipeline.graph.report.pictures.svg import SIDE, TOP, WIDTH, Numbers, Picture, along_x, known, legend, x_name
from pipeline.graph.report.pictures.text import SIZE

_HEIGHT, _BOTTOM = 150.0, 32.0

Bins = tuple[Numbers, Numbers]


def histogram(title: str, series: Mapping[str, Bins], *, x_label: str = "") -> Markup:
    """Bars whose areas are shares of the rows; of two splits the second is a line over the first.

    Args:
      title: what the picture shows.
      series: by split the edges [bins + 1] and the rows of each bin [bins].
      x_label: what the numbers are, with their unit.
    """
    found = {name: _heights(known(edges), known(counts)) for name, (edges, counts) in series.items()}
    bottom = _HEIGHT - _BOTTOM
    x = over((end for bins in found.values() for low, high, _ in bins for end in (low, high)), SIDE, WIDTH - SIDE)
    y = over((height for bins in found.values() for _, _, height in bins), bottom, TOP, zero=True)
    picture = Picture(title, _HEIGHT)
    along_x(picture, x, bottom, TOP)
    for kind, bins in zip(("bar", "outline"), found.values(), strict=False):
        if kind == "bar":
            for low, high, height in bins:
                if height:
                    picture.box(kind, x(low), bottom, x(high), y(height))
        else:
            steps = [(x(end), y(height)) for low, high, height in bins for end in (low, high)]
            picture.path(kind, [(steps[0][0], bottom), *steps, (steps[-1][0], bottom)] if steps else [])
    picture.line("axis", x.begin, bottom, x.end, bottom)
    if len(found) > 1:
        legend(picture, list(zip(("bar", "second"), found, strict=False)), WIDTH, SIZE)
    x_name(picture, x, bottom, x_label)
    return picture.markup()


def _heights(edges: list[float | None], counts: list[float | None]) -> list[tuple[float, float, float]]:
    """Ends of each bin, and its share of the rows by its width; bins of no width are passed over."""
    total = sum(count or 0.0 for count in counts) or 1.0
    return [
        (low, high, (count or 0.0) / total / (high - low))
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
        if low is not None and high is not None and high > low
    ]
