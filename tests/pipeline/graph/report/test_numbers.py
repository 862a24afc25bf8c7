"""A number is shown short, and told whole."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from pipeline.graph.report.numbers import count, moment, number, p_value, share, signed


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (number(1234.5678), "1235"),
        (number(12345.678, 7), "12,345.68"),
        (number(-0.000123456), "−0.0001235"),
        (number(-1e-20), "−1e−20"),
        (number(4374.2, 3), "4374"),
        (number(1234567.8), "1,234,568"),
        (number(1e8), "1e+08"),
        (count(11972), "11,972"),
        (share(0.12345), "12.3\N{NO-BREAK SPACE}%"),
        (signed(2.5), "+2.5"),
        (signed(-2.5), "−2.5"),
        (signed(0.0), "0"),
        (p_value(0.0), "&lt; 0.0001"),
        (p_value(3e-310), "&lt; 0.0001"),
        (p_value(0.0001234), "0.000123"),
    ],
)
def test_shown(found: Markup, shown: str) -> None:
    assert re.sub("<.*?>", "", found) == shown


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([number, share, signed]))
def test_all_digits_are_in_the_element(value: float, how: Callable[[float], Markup]) -> None:
    text = re.search('value="(.*?)"', how(value))
    assert text is not None
    assert float(text[1]) == value


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_nothing_is_a_dash(value: float | None) -> None:
    assert number(value) == "–"


def test_a_moment_is_to_the_minute() -> None:
    assert moment("2026-11-29T01:05:59.5") == '<time datetime="2026-11-29T01:05:59.5">29 November 2026, 01:05</time>'
