"""Numbers lie where they should, and an axis has round ones that are told apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.graph.report.pictures.scale import Scale, nice, over, tick_texts


def test_places_are_linear_and_end_at_the_ends() -> None:
    scale = Scale(-2.0, 6.0, 100.0, 20.0)
    found = [scale(value) for value in (-9.0, -2.0, 0.0, 2.0, 6.0, 7.0)]
    np.testing.assert_allclose(found, [100, 100, 80, 60, 20, 20])


def test_equal_ratios_are_equally_far_apart_on_a_logarithmic_scale() -> None:
    scale = Scale(0.01, 100.0, 0.0, 40.0, log=True)
    np.testing.assert_allclose([scale(10.0**power) for power in range(-2, 3)], [0, 10, 20, 30, 40])
    assert scale.ticks(5) == pytest.approx([0.01, 0.1, 1, 10, 100])
    assert Scale(3.0, 60.0, 0.0, 1.0, log=True).ticks() == pytest.approx([5, 10, 20, 50])


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 10.0, [0, 2, 4, 6, 8, 10]),
        (-0.3, 0.41, [-0.2, 0, 0.2, 0.4]),
        (1013.0, 1014.0, [1013, 1013.2, 1013.4, 1013.6, 1013.8, 1014]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert Scale(low, high, 0.0, 1.0).ticks() == pytest.approx(ticks)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=5), st.booleans(), st.booleans())
def test_whatever_the_numbers_the_scale_has_them_and_a_few_ticks_within(
    values: list[float], log: bool, zero: bool
) -> None:
    values = [value for value in values if not math.isfinite(value) or value == 0 or 1e-290 < abs(value) < 1e150]
    scale = over(values, 0.0, 100.0, log=log, zero=zero)
    known = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    assert all(scale.low <= value <= scale.high for value in known)
    assert scale.low < scale.high
    ticks, slack = scale.ticks(), 1e-6 * (scale.high - scale.low)
    assert len(ticks) <= 12
    assert all(scale.low - slack <= tick <= scale.high + slack for tick in ticks)
    assert len(tick_texts(ticks, log=log)) == len(ticks)


@given(st.floats(1e-200, 1e200))
def test_a_nice_number_is_the_next_of_its_kind(rough: float) -> None:
    found = nice(rough)
    digits = f"{found:.6e}".partition("e")[0]
    assert float(digits) in (1.0, 2.0, 5.0)
    assert rough * (1 - 1e-6) <= found <= 2.5 * rough * (1 + 1e-6)


@pytest.mark.parametrize(
    ("ticks", "texts"),
    [
        ([-1.0, -0.5, 0.0], ["−1.0", "−0.5", "0.0"]),
        ([0.0, 5000.0, 10000.0], ["0", "5000", "10,000"]),
        ([0.0, 2e6, 4e6], ["0", "2·10⁶", "4·10⁶"]),
        ([-1e-5, 0.0, 1e-5], ["−10⁻⁵", "0", "10⁻⁵"]),
        ([1013.2, 1013.4], ["1013.2", "1013.4"]),
        ([7.0], ["7"]),
        ([], []),
    ],
)
def test_texts_tell_ticks_apart(ticks: list[float], texts: list[str]) -> None:
    assert tick_texts(ticks) == texts


def test_each_tick_of_a_logarithmic_axis_has_its_own_decimals() -> None:
    assert tick_texts([0.01, 0.1, 1.0, 10.0], log=True) == ["0.01", "0.1", "1", "10"]
