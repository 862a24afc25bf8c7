"""The table of coefficients: order, folding, what is left out, what is said of `(other)`."""

import io

import pytest
from rich.console import Console

from pipeline.graph.regression import Column, Pool
from pipeline.graph.regression_table import pooled_lines, print_coefficients


def level(text, coefficient=1.0, rows=9, role=None, weight=None):
    figures = dict.fromkeys(("standard_error", "t", "p", "low", "high"))
    column = {"name": f"c[{text}]", "feature": "c", "level": text, "coefficient": coefficient, "rows": rows}
    return Column(**column, role=role, weight=weight, **figures)


def printed(columns, whole=False):
    out = io.StringIO()
    print_coefficients(Console(file=out, width=200), columns, 0.95, "t", whole)
    return [line.split()[0] for line in out.getvalue().splitlines()[1:]], out.getvalue()


def test_levels_without_rows_are_left_out():
    columns = [level("b"), level("a", role="reference"), level("(other)", rows=0), level("(missing)", rows=0)]
    assert printed(columns)[0] == ["c[b]", "c[a]"]
    assert printed(columns, whole=True)[0] == ["c[b]", "c[a]", "c[(other)]", "c[(missing)]"]


@pytest.mark.parametrize(
    ("texts", "ordered"),
    [
        (["16", "8", "12", "-1.5"], ["-1.5", "8", "12", "16"]),
        (["Mar", "Jan", "Feb"], ["Jan", "Feb", "Mar"]),
        (["friday", "Monday"], ["Monday", "friday"]),
        (["z", "a"], ["z", "a"]),
        (["2", "nan", "1"], ["2", "nan", "1"]),
        (["< 6", "6 to 10"], ["< 6", "6 to 10"]),
    ],
)
def test_levels_stand_in_their_own_order(texts, ordered):
    columns = [level("(other)"), *map(level, texts)]
    text = printed(columns)[1]
    places = [text.index(f"c[{name}]") for name in [*ordered, "(other)"]]
    assert places == sorted(places)


def test_many_levels_are_folded_to_the_extreme_ones_and_the_reference():
    columns = [level(f"v{index}", float((index * 7) % 41)) for index in range(41)]
    columns[20] = level("v20", 20.5, role="reference")
    names, text = printed(columns)
    assert len(names) == 12
    assert "… 30 more levels of c (show --all)" in text
    assert next(line.split() for line in text.splitlines() if "v20" in line) == ["c[v20]", "reference", "9"]
    assert len(printed(columns, whole=True)[0]) == 41


def test_rows_and_weights_are_named_apart():
    text = printed([level("a", rows=9, weight=4.5)])[1]
    assert text.splitlines()[0].split()[-2:] == ["rows", "weight"]
    assert text.splitlines()[1].split()[-2:] == ["9", "4.5"]


def test_what_is_other_is_said():
    entry = {
        "feature": "c",
        "rows": 367,
        "share": 0.509,
        "values": 4,
        "texts": [["TRUE", 200], ["true", 100]],
        "rarest": 5,
    }
    [line] = pooled_lines([Pool(**entry)])
    assert line == (
        "c: 367 training rows (50.9%) with 4 values are (other), most often TRUE (200), true (100). More levels: "
        "features.c.vocabulary, min_rows"
    )
    [line] = pooled_lines([Pool(**{**entry, "rows": 3, "share": 0.004, "values": 1})])
    assert line == "c: 3 training rows (0.4%) with one value are (other)"


def test_a_long_text_leaves_room_for_the_figures():
    """Seen: a level of 10,000 characters left one character for each coefficient."""
    _, text = printed([level("w" * 10_000, 1.23456, rows=41), level("b", 2.5)])
    assert "1.23456" in text
    assert "www…" in text
