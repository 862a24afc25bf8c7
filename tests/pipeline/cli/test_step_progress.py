"""How far a step is: nothing is said that is not known."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipeline.cli.step_progress import StepProgress, duration
from pipeline.local.estimates import Expected


class Clock:
    """A step at which rows are read, and time passes, by hand."""

    def __init__(self, expected: Expected, before: int = 500) -> None:
        self.now, self.rows = 100.0, before
        self.progress = StepProgress("Gather", expected, lambda: self.rows, lambda: self.now)

    def after(self, seconds: float, rows: int) -> str:
        self.now += seconds
        self.rows += rows
        return self.progress.words()


def test_rows_their_rate_and_what_is_left_of_them():
    clock = Clock(Expected(rows=10_000, seconds=40.0))
    assert clock.after(2, 0) == "2 s, some 38 s left at the rate of the last run"
    assert clock.after(2, 1000) == "4 s, 1,000 of 10,000 rows, some 36 s left at the rate of the last run"
    assert clock.after(2, 3000) == "6 s, 4,000 of 10,000 rows, 1,500 rows/s, 4 s left to read"
    assert clock.after(4, 6000).startswith("10 s, 10,000 of 10,000 rows, 1,500 rows/s, some 30 s left")


def test_without_an_earlier_run_and_a_number_of_rows_there_is_no_time_left():
    clock = Clock(Expected())
    assert clock.after(3, 0) == "3 s"
    clock.after(1, 100)
    assert clock.after(2, 100) == "6 s, 200 rows, 50 rows/s"
    assert clock.progress.estimate() == ""


def test_a_step_that_takes_longer_than_expected_promises_nothing():
    assert Clock(Expected(seconds=20.0)).after(30, 0) == "30 s"


def test_what_the_step_told_comes_last():
    clock = Clock(Expected())
    clock.progress.note = "Beam stage 3 of 12"
    assert clock.after(1, 0) == "1 s, Beam stage 3 of 12"


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (Expected(4_000_000, 95.0), "4,000,000 rows, some 95 s at the rate of the last run"),
        (Expected(None, 200.0), "some 3 min 20 s at the rate of the last run"),
        (Expected(10, 9.0), ""),
        (Expected(10, None), ""),
    ],
)
def test_the_estimate_of_a_long_step(expected, words):
    assert Clock(expected).progress.estimate() == words


@pytest.mark.parametrize(("rows", "filled"), [(0, None), (5_000, 12), (10_000, 24), (30_000, 24)])
def test_the_bar_is_as_full_as_rows_are_read(rows, filled):
    clock = Clock(Expected(rows=10_000))
    clock.after(1, rows)
    out = io.StringIO()
    Console(file=out, width=120, force_terminal=False).print(clock.progress.bar())
    line = out.getvalue()
    assert line.count("\n") == 1 and "Gather" in line
    assert line.count("━") == (filled or 0)


def test_durations():
    assert [duration(seconds) for seconds in (0.4, 99.4, 100, 3599.6)] == ["0 s", "99 s", "1 min 40 s", "60 min 0 s"]
