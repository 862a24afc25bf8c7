"""Slices that few rows fall into are counted, and not named."""

from __future__ import annotations

from typing import Any

import pytest

from components.linear_model.families import named
from components.model_gate.verdict import Verdict, judge
from pipeline.graph.report.slices import MOST, slices_by, value_of
from tests.components.model_gate.measurements import measured, rules


def _verdict(rows: dict[str, int], limits: dict[str, Any]) -> Verdict:
    metrics = {
        (("city", name),): measured(
            count, root_mean_squared_error=(2.0 + place, 0.1), mean_squared_error=(4.0 + place, 0.5)
        )
        for place, (name, count) in enumerate(rows.items())
    }
    entry = {"columns": ["city"], "limits": limits}
    return judge(
        {(): measured(500, mean_squared_error=9.0), **metrics}, None, rules(slices=[entry], min_rows=0), None, None
    )


def test_the_largest_come_first_and_small_ones_are_counted() -> None:
    verdict = _verdict({"Rome": 40, "Oslo": 300, "Ann's own": 3, "Bob's own": 4}, {})
    found = slices_by(verdict, ["city"], named("gaussian"), 5, weighted=False)
    assert [(one.name, one.rows, one.metric) for one in found.slices] == [("Oslo", 300, 3.0), ("Rome", 40, 2.0)]
    assert (found.few, found.few_rows, found.more, found.broken) == (2, 7, 0, 0)
    assert "own" not in found.model_dump_json()
    assert found.metric == "root_mean_squared_error"
    low, high = verdict.intervals["city=Oslo"]["root_mean_squared_error"] or (0, 0)
    assert (found.slices[0].low, found.slices[0].high) == (low, high)


def test_a_limit_that_a_small_slice_breaks_is_counted_without_its_name() -> None:
    verdict = _verdict({"Rome": 40, "Oslo": 300, "Ann's own": 3}, {"mean_squared_error": {"max": 4.5}})
    found = slices_by(verdict, ["city"], named("gaussian"), 5, weighted=False)
    assert {one.name: [check.kept for check in one.limits] for one in found.slices} == {"Oslo": [False], "Rome": [True]}
    assert (found.metric, found.least, found.greatest, found.whole) == ("mean_squared_error", None, 4.5, 9.0)
    assert found.broken == 1
    assert "own" not in found.model_dump_json()


def test_of_very_many_the_largest_are_told() -> None:
    verdict = _verdict({f"c{number}": 10 + number for number in range(MOST + 5)}, {})
    found = slices_by(verdict, ["city"], named("gaussian"), 5, weighted=False)
    assert len(found.slices) == MOST
    assert (found.more, found.more_rows) == (5, 10 + 11 + 12 + 13 + 14)


@pytest.mark.parametrize(
    ("key", "columns", "value"),
    [
        ("city=Rome", ["city"], "Rome"),
        ("city=", ["city"], "(empty)"),
        ("city=a=b, c", ["city"], "a=b, c"),
        ("city=Rome, kind=x", ["kind", "city"], "x, Rome"),
        ("overall", ["city"], None),
        ("town=Rome", ["city"], None),
    ],
)
def test_what_a_key_says(key: str, columns: list[str], value: str | None) -> None:
    assert value_of(key, columns) == value
