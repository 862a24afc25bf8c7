"""Lines end between words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.graph.report.pictures.text import SIZE, lines, width


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("Cash", 100, ["Cash"]),
        ("Taxi Affiliation Services", 100, ["Taxi Affiliation", "Services"]),
        ("dropoff_latitude_missing", 100, ["dropoff_latitude_", "missing"]),
        ("Donaudampfschifffahrt", 50, ["Donaudampfschifffahrt"]),
        ("a b c d e f g h", 12, ["a", "b", "c …"]),
        ("", 50, [""]),
    ],
)
def test_names_are_wrapped_between_words(text: str, room: float, expected: list[str]) -> None:
    assert lines(text, room) == expected


@given(st.text(max_size=60), st.floats(20, 300))
def test_no_word_is_broken_and_none_is_lost(text: str, room: float) -> None:
    found = lines(text, room, most=1000)
    words = (
        " ".join(found).replace("_ ", "_").replace("/ ", "/").replace(", ", ",").replace("; ", ";").replace("| ", "|")
    )
    for mark in "_/,;|":
        text = text.replace(mark + " ", mark)
    assert "".join(words.split()) == "".join(text.split())
    for line in found:
        assert width(line) <= room + SIZE or not any(mark in line.rstrip(" _/,;|") for mark in " _/,;|")


def test_wide_letters_take_more_room() -> None:
    assert width("lll") < width("aaa") < width("MMM") < width("東京都")
    assert width("e\N{COMBINING ACUTE ACCENT}") == width("e")
