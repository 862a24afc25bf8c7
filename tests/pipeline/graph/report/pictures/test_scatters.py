"""Dots lie where their numbers are, and on the diagonal where they are the same."""

from __future__ import annotations

import pytest

from pipeline.graph.report.pictures import bands, points, quantiles
from tests.pipeline.graph.report.drawn import Drawn


def _along(mark: list[tuple[float, float]], x: float) -> float:
    (x1, y1), (x2, y2) = mark
    return y1 + (y2 - y1) * (x - x1) / (x2 - x1)


def test_equal_numbers_are_on_the_diagonal() -> None:
    drawn = Drawn(points("", [1.0, 5.0, 30.0], [1.0, 5.0, 20.0], [0.0, 4.0, 18.0], [2.0, 6.0, 22.0]))
    [mark], dots = drawn.paths("mark"), drawn.dots("dot")
    for x, y in dots[:2]:
        assert y == pytest.approx(_along(mark, x), abs=0.2)
    assert dots[2][1] > _along(mark, dots[2][0]) + 10
    for (x, y), (low, high) in zip(dots, drawn.paths("whisker"), strict=True):
        assert low[0] == x
        assert low[1] - y == pytest.approx(y - high[1], abs=0.2)


def test_another_split_is_hollow() -> None:
    drawn = Drawn(points("", [1.0, 2.0], [1.0, 2.0], others=([1.5], [1.5]), names=("train", "eval")))
    assert len(drawn.dots("hollow")) == 1
    assert {"train", "eval"} <= set(drawn.texts)


def test_residuals_are_beside_0() -> None:
    drawn = Drawn(points("", [1.0, 2.0, 3.0], [1.0, -1.0, 0.0], diagonal=False))
    [mark], dots = drawn.paths("mark"), drawn.dots("dot")
    assert dots[2][1] == mark[0][1] == mark[1][1]
    assert mark[0][1] - dots[0][1] == pytest.approx(dots[1][1] - mark[0][1], abs=0.1)


def test_bands_lie_within_one_another() -> None:
    drawn = Drawn(bands("", [1.0, 2.0], [[-4, -1, 0, 1, 4], [-8, -2, 0.5, 2, 8]]))
    outer, inner = ([place[1] for place in band] for band in drawn.paths("band"))
    assert min(outer) < min(inner) < max(inner) < max(outer)
    [line] = drawn.paths("line")
    assert len(line) == 2


def test_quantiles_that_are_as_expected_are_on_the_line_whatever_the_rest() -> None:
    drawn = Drawn(quantiles("", [-2.0, 0.0, 2.0], [-40.0, 0.0, 2.0]))
    [mark], dots = drawn.paths("mark"), drawn.dots("dot")
    for x, y in dots[1:]:
        assert y == pytest.approx(_along(mark, x), abs=0.3)
    assert dots[0][1] > _along(mark, dots[0][0]) + 20


def test_what_is_not_known_is_left_out() -> None:
    drawn = Drawn(points("", [None, 2.0, 3.0], [1.0, None, 3.0], [None] * 3, [None] * 3))
    assert len(drawn.dots("dot")) == 1
    assert not drawn.of("whisker")
