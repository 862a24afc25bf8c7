"""Rows of names: each mark lies on the scale that is written below."""

from __future__ import annotations

import pytest

from pipeline.graph.report.pictures import bars, levels, limited, shares
from tests.pipeline.graph.report.drawn import Drawn


def _scale(drawn: Drawn, one: str, other: str) -> float:
    """Units of the picture for 1, by two numbers of the axis."""
    apart = drawn.text_at(other)[0] - drawn.text_at(one)[0]
    return apart / (float(other.replace("−", "-")) - float(one.replace("−", "-")))


def test_bars_begin_at_0_and_whiskers_end_at_the_interval() -> None:
    drawn = Drawn(bars("effects", ["a", "b"], [4.0, -2.0], [3.0, -2.5], [5.0, -1.5], label="dollars"))
    zero, unit = drawn.text_at("0")[0], _scale(drawn, "0", "5" if "5" in drawn.texts else "4")
    (left, _, wide, _), (left_b, _, wide_b, _) = drawn.boxes("bar")
    assert (left, wide) == pytest.approx((zero, 4 * unit), abs=0.2)
    assert (left_b, wide_b) == pytest.approx((zero - 2 * unit, 2 * unit), abs=0.2)
    (begin, end), *_ = drawn.paths("whisker")
    assert [begin[0], end[0]] == pytest.approx([zero + 3 * unit, zero + 5 * unit], abs=0.2)
    assert drawn.name == "effects"
    assert {"a", "b", "4", "−2", "dollars"} <= set(drawn.texts)


def test_an_interval_without_end_does_not_make_the_bars_small() -> None:
    drawn = Drawn(bars("effects", ["a", "b"], [4.0, 2.0], [3.0, -1e6], [5.0, 1e6]))
    assert drawn.boxes("bar")[0][2] > 25
    stops = [path for path in drawn.paths("whisker") if path[0][0] == path[1][0]]
    assert len(stops) == 2  # of the other one


def test_a_bar_that_is_not_known_is_left_out_and_its_row_stays() -> None:
    drawn = Drawn(bars("effects", ["a", "<b>"], [None, float("nan")]))
    assert not drawn.boxes("bar")
    assert drawn.texts.count("–") == 2
    assert "<b>" in drawn.texts


def test_long_names_take_lines_and_their_rows_room() -> None:
    short, long = ["a", "b"], ["payment type of the passenger in the back of the car", "b"]
    assert Drawn(bars("", long, [1, 2])).height > Drawn(bars("", short, [1, 2])).height


def test_the_reference_is_hollow_and_at_0() -> None:
    drawn = Drawn(levels("payment", ["Cash", "Card"], [0.0, 2.0], [0.0, 1.0], [0.0, 3.0], reference="Cash"))
    [(hollow, _)], [(dot, _)] = drawn.dots("hollow"), drawn.dots("dot")
    assert hollow == pytest.approx(drawn.text_at("0")[0], abs=0.1)
    assert dot == pytest.approx(drawn.text_at("2")[0], abs=0.1)
    assert "reference" in drawn.texts


def test_a_limit_and_the_whole_are_lines_where_they_are() -> None:
    drawn = Drawn(limited("AUC", ["a", "b"], [0.9, 0.95], [0.8, 0.94], [1.0, 0.96], limits=[0.85, None], whole=0.92))
    [limit], [whole] = drawn.paths("limit"), drawn.paths("mark")
    (first, _), (second, _) = drawn.dots("dot")
    unit = (second - first) / 0.05
    assert [limit[0][0], limit[1][0]] == pytest.approx([first - 0.05 * unit] * 2, abs=0.2)
    assert whole[0][0] == pytest.approx(first + 0.02 * unit, abs=0.2)
    assert "0.0" not in drawn.texts


def test_shares_of_two_splits_are_side_by_side() -> None:
    drawn = Drawn(shares("payment", ["a", "b"], {"train": [0.5, 0.5], "eval": [0.25, None]}))
    first, second = drawn.boxes("bar"), drawn.boxes("second")
    assert second[0][2] == pytest.approx(first[0][2] / 2, abs=0.1)
    assert second[0][1] == pytest.approx(first[0][1] + first[0][3] + 1, abs=0.2)
    assert {"train", "eval", "50 %"} <= set(drawn.texts)


def test_nothing_to_draw_is_no_error() -> None:
    assert Drawn(bars("", [], [])).texts
