"""A histogram's areas are shares."""

from __future__ import annotations

import pytest

from pipeline.graph.report.pictures import histogram
from tests.pipeline.graph.report.drawn import Drawn


def test_areas_are_shares_whatever_the_bins_widths() -> None:
    drawn = Drawn(histogram("miles", {"train": ([0.0, 1.0, 3.0, 10.0], [20, 40, 0])}))
    first, second = drawn.boxes("bar")
    assert second[2] == pytest.approx(2 * first[2], abs=0.2)
    assert second[3] == first[3]


def test_two_splits_of_other_sizes_are_alike_where_their_shares_are() -> None:
    edges = [0.0, 1.0, 2.0]
    drawn = Drawn(histogram("miles", {"train": (edges, [30, 10]), "eval": (edges, [3, 1])}))
    [outline] = drawn.paths("outline")
    first, second = drawn.boxes("bar")
    assert [outline[1][1], outline[3][1]] == pytest.approx([first[1], second[1]], abs=0.1)
    assert {"train", "eval"} <= set(drawn.texts)


def test_one_number_alone_is_drawn() -> None:
    assert Drawn(histogram("", {"train": ([2.0, 2.0], [9])})).name == ""
