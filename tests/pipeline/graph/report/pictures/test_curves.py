"""Curves go through their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.graph.report.pictures import curve, trace
from tests.pipeline.graph.report.drawn import Drawn


def test_a_curve_and_its_band_are_where_their_numbers_are() -> None:
    x, y = [0.0, 10.0, 20.0], [0.0, 2.0, 1.0]
    drawn = Drawn(curve("miles", x, y, [-1.0, 1.0, 0.0], [1.0, 3.0, 2.0], x_label="miles", y_label="dollars"))
    [line], [band] = drawn.paths("line"), drawn.paths("band")
    assert line[1][0] == pytest.approx((line[0][0] + line[2][0]) / 2, abs=0.1)
    unit = (line[0][1] - line[1][1]) / 2
    np.testing.assert_allclose(
        [place[1] for place in band],
        [*(np.array([a[1] for a in line]) + unit), *[a[1] - unit for a in line[::-1]]],
        atol=0.2,
    )
    assert {"miles", "dollars"} <= set(drawn.texts)


def test_a_density_is_by_area_and_ends_with_the_curve() -> None:
    drawn = Drawn(curve("", [0.0, 20.0], [0.0, 1.0], edges=[-10.0, 5.0, 10.0, 20.0, 90.0], counts=[15, 10, 10, 0]))
    boxes = drawn.boxes("density")
    assert [box[3] for box in boxes] == pytest.approx([boxes[1][3] / 2, boxes[1][3], boxes[1][3] / 2], abs=0.1)
    [line] = drawn.paths("line")
    assert boxes[0][0] == line[0][0]
    assert boxes[0][1] > max(place[1] for place in line)  # below the curve


def test_a_path_is_logarithmic_and_what_is_not_above_0_left_out() -> None:
    drawn = Drawn(
        trace("", [0.0, 0.01, 1.0, 100.0], [9.0, 3.0, 1.0, 2.0], [9, 2.5, 0.5, 1], [9, 3.5, 1.5, 3], chosen=1.0)
    )
    dots = drawn.dots("dot")
    assert len(dots) == 3
    assert dots[1][0] - dots[0][0] == pytest.approx(dots[2][0] - dots[1][0], abs=0.2)
    [mark] = drawn.paths("mark")
    assert mark[0][0] == dots[1][0]
    assert len(drawn.paths("whisker")) == 3


def test_long_paths_have_no_dots() -> None:
    drawn = Drawn(trace("", range(1, 400), [1 / step for step in range(1, 400)], log_x=False, log_y=True))
    assert not drawn.dots("dot")
    assert len(drawn.paths("line")[0]) == 399
