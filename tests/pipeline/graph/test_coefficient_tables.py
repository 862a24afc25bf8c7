"""The tables of coefficients: order, folding, what is left out; errors of two kinds; what narrow terminals have."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from rich.text import Text
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

from pipeline.graph.coefficient_tables import print_coefficients, print_estimates, print_intervals
from pipeline.graph.regression import Column, Regression, read_regression
from tests.components.fits import ORACLES, drawn, fitted
from tests.components.table_fits import table_look


def level(text, coefficient=1.0, rows=9, role=None, weight=None):
    figures = dict.fromkeys(("standard_error", "t", "p", "low", "high"))
    column = {"name": f"c[{text}]", "feature": "c", "level": text, "coefficient": coefficient, "rows": rows}
    return Column(**column, role=role, weight=weight, **figures)


def of(columns, **changed):
    """A regression that has these columns."""
    figures = {name: None for name in Regression.model_fields} | {"level": 0.95, "family": "gaussian"}
    return Regression.model_construct(**{**figures, "errors": "classical", "columns": columns, **changed})


def printed(columns, whole=False):
    out = io.StringIO()
    print_coefficients(Console(file=out, width=200), of(columns), whole)
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


def test_a_long_text_leaves_room_for_the_figures():
    """Seen: a level of 10,000 characters left one character for each coefficient."""
    _, text = printed([level("w" * 10_000, 1.23456, rows=41), level("b", 2.5)])
    assert "1.23456" in text
    assert "www…" in text


@pytest.mark.parametrize("family", [family for family in ORACLES if family != "gaussian"])
def test_tables_fit_a_terminal_of_80_columns(family, monkeypatch):
    """Names take more lines there; every figure stands whole."""
    monkeypatch.setenv("COLUMNS", "80")
    found = read_regression(fitted(family, drawn(family, exposed=family == "poisson")), DatasetFeatureStatistics())
    long = [
        column.model_copy(update={"name": "company[Chicago Independents and Taxi Affiliation Services of the Loop]"})
        if column.level == "card"
        else column
        for column in found.columns
    ]
    out = io.StringIO()
    console = Console(file=out, width=132, force_terminal=True, no_color=True, highlight=False)
    found = found.model_copy(update={"columns": long})
    print_estimates(console, found, False)
    print_intervals(console, found, False)
    text = Text.from_ansi(out.getvalue()).plain
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in text
    card = next(column for column in found.columns if column.level == "card")
    assert f"{card.coefficient:.6g}" in text
    assert len([line for line in lines if "company[" in line]) == 2


def test_many_levels_are_folded_alike_in_both_tables():
    columns = [level(f"v{index}", float((index * 7) % 41)) for index in range(41)]
    columns[20] = level("v20", 20.5, role="reference")
    out = io.StringIO()
    found = of(columns, family="binomial", ratio="odds ratio")
    print_estimates(Console(file=out, width=132), found, False)
    print_intervals(Console(file=out, width=132), found, False)
    assert out.getvalue().count("… 30 more levels of c (show --all)") == 2
    assert len([line for line in out.getvalue().splitlines() if line.startswith(" c[")]) == 11 + 10


COMPANY = "company[Chicago Independents and Taxi Affiliation Services of the Loop]"


def spread(**how):
    """A regression of rows whose spread grows, with both kinds of errors."""
    generator = np.random.default_rng(4)
    x = generator.normal(3, 1, 300)
    table = pd.DataFrame({"x": x, "y": 2 + 12345.678 * x + np.exp(x) * generator.normal(size=300)})
    table["c"] = np.array(["cash", "card"], object)[generator.integers(0, 2, 300)]
    table["town"] = np.arange(300) % 7
    table["w"] = generator.uniform(0.5, 2.0, 300)
    return read_regression(table_look(table, "y", ["x", "c"], **how)[0], DatasetFeatureStatistics())


def lines_of(found, columns=None):
    out = io.StringIO()
    console = Console(file=out, width=132, force_terminal=columns is not None, no_color=True, highlight=False)
    print_coefficients(console, found, False)
    return [line.rstrip() for line in Text.from_ansi(out.getvalue()).plain.splitlines()]


@pytest.mark.parametrize(
    ("how", "own", "beside"),
    [
        ({}, "classical", "hc3"),
        ({"errors": "hc1"}, "hc1", "classical"),
        ({"errors": "hc3"}, "hc3", "classical"),
        ({"cluster": "town"}, "cluster", "classical"),
    ],
)
def test_errors_of_two_kinds_stand_side_by_side_those_that_were_asked_for_first(how, own, beside):
    found = spread(**how)
    top, kinds, _, row, *_ = lines_of(found)
    assert top.split() == ["std.", "error"] * 2
    names = {"hc1": "HC1", "hc3": "HC3", "cluster": "clustered", "classical": "classical"}
    assert kinds.split() == ["column", "coefficient", names[own], names[beside], "t", "p", "2.5%", "97.5%", "rows"]
    x = found.columns[1]
    assert row.split()[1:4] == [f"{x.coefficient:.6g}", *(f"{x.standard_errors[kind]:.4g}" for kind in (own, beside))]
    assert x.standard_error == x.standard_errors[own]
    assert x.t == pytest.approx(x.coefficient / x.standard_errors[own])


def test_a_terminal_that_holds_no_table_has_two_with_rows_beside_the_intervals(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    found = spread(weight="w")
    found.columns[3].name = COMPANY
    lines = lines_of(found, 80)
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)
    assert lines[1].split() == ["column", "coefficient", "classical", "HC3", "t", "p"]
    place = lines.index("95 % intervals")
    assert lines[place + 1].split() == ["column", "2.5%", "97.5%", "rows", "weight"]
    [reference] = [line.split() for line in lines[place:] if "reference" in line]
    assert reference[2] == f"{found.columns[2].rows:,}"
    assert all(f"{column.coefficient:.6g}" in "\n".join(lines) for column in found.columns if column.role is None)
    monkeypatch.setenv("COLUMNS", "132")
    found.columns[3].name = "c[card]"
    assert "95 % intervals" not in lines_of(found, 132)
