"""What the whole-run benchmark takes for the same work, how it counts, and what it shows."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from benchmarks import whole_run
from benchmarks.contenders import WHOLE, Run, environment
from benchmarks.whole_run import Found, check, compare, of_steps, of_whole
from benchmarks.works import AGAIN, IMPORT, OURS, STOCK, Work

ALL = (IMPORT, STOCK, OURS, AGAIN)


def work(alike: bool = True, contenders: tuple[str, ...] = (STOCK, OURS), name: str = "10 rows") -> Work:
    return Work(name, 10, Path("no folder", "pipeline.yaml"), contenders, alike=alike)


def run(seconds: float, trained: int = 8, evaluated: int = 2, error: float = 0.5) -> Run:
    return Run({WHOLE: (seconds, 2 * seconds, 100 * seconds)}, trained, evaluated, error, 0.25)


@pytest.mark.parametrize(
    ("ours", "alike", "words"),
    [
        (run(1, 7, 2), False, "stock saw 8 \\+ 2 rows, plumbline 7 \\+ 2"),
        (run(1, 7, 3), True, "stock trained on 8 rows, plumbline on 7"),
        (run(1, error=0.5006), True, "stock reached a mean squared error of 0.5, plumbline 0.5006"),
    ],
)
def test_other_work_ends_it(ours, alike, words):
    with pytest.raises(SystemExit, match=words):
        check(work(alike), {STOCK: run(1), OURS: ours})


@pytest.mark.parametrize("ours", [run(1, 7, 3, 0.9), run(1)])
def test_rows_that_are_split_otherwise_are_only_counted(ours):
    check(work(alike=False), {STOCK: run(1), OURS: ours})


def test_contenders_take_turns_and_the_median_counts(monkeypatch):
    turns: list[str] = []
    seconds = {
        STOCK: iter([4.0, 2.0, 9.0]),
        OURS: iter([1.0, 7.0, 2.0]),
        IMPORT: iter([1.0] * 3),
        AGAIN: iter([0.5] * 3),
    }

    def contender(name: str):
        def of_work(work: Work, root: Path) -> Run:
            turns.append(name)
            return run(next(seconds[name]))

        return of_work

    monkeypatch.setattr(whole_run, "CONTENDERS", {name: contender(name) for name in ALL})
    found = compare([work(contenders=ALL)], 3)
    assert turns == [*ALL] * 3
    assert found[0][1].whole(STOCK) == (4.0, 8.0, 400.0)
    lines = [line.split() for line in of_whole(found, 3) if line]
    assert lines[2:] == [
        ["10", "rows", "4.0", "2.0", "0.500", "8.0", "4.0", "400", "200", "2.00"],
        ["10", "rows,", "nothing", "changed", "0.5", "1.0", "50", "0.50"],
        ["import", "tensorflow", "1.0", "2.0", "100", "1.00"],
    ]


def test_works_of_one_list_take_turns(monkeypatch):
    turns: list[str] = []

    def ours(work: Work, root: Path) -> Run:
        turns.append(work.name)
        return run(1)

    monkeypatch.setattr(whole_run, "CONTENDERS", {OURS: ours})
    compare([work(contenders=(OURS,), name=name) for name in "ab"], 2)
    assert turns == ["a", "b"] * 2


def test_why_stock_did_not_end_is_told_and_not_tried_again(monkeypatch):
    tries = itertools.count()

    def stock(work: Work, root: Path) -> Run:
        next(tries)
        sys.exit("Trainer: was ended: its 20.0 GiB are more than 19.0")

    monkeypatch.setattr(whole_run, "CONTENDERS", {STOCK: stock, OURS: lambda *_: run(1)})
    [(given, found)] = compare([work()], 3)
    assert next(tries) == 1
    for lines in (of_steps(given, found), of_whole([(given, found)], 3)):
        assert [line.strip() for line in lines if "can't" in line] == [
            "stock can't: Trainer: was ended: its 20.0 GiB are more than 19.0"
        ]


def test_an_error_of_plumblines_is_told_and_the_others_go_on(monkeypatch, capsys):
    def ours(work: Work, root: Path) -> Run:
        return run(1) if work.name == "b" else sys.exit("failed: no rows")

    monkeypatch.setattr(whole_run, "CONTENDERS", {OURS: ours})
    given = [[work(contenders=(OURS,), name=name)] for name in "ab"]
    assert whole_run.all_of(given, 1) == "failed: no rows"
    lines = capsys.readouterr().out.splitlines()
    assert "a: failed: no rows" in lines
    assert lines[-1].split()[:2] == ["b", "1.0"]
    assert whole_run.all_of(given[1:], 1) is None


def test_steps_of_both_stand_beside_each_other():
    stock = Run({"Transform": (4.0, 8.0, 100.0), WHOLE: (10.0, 20.0, 300.0)}, 8, 2, 0.5, 0.1)
    ours = Run({"Transform": (1.0, 1.5, 50.0), "Gather": (2.0, 2.0, 60.0), WHOLE: (5.0, 6.0, 200.0)}, 8, 2, 0.5, 0.3)
    lines = list(of_steps(work(), Found({STOCK: [stock], OURS: [ours]})))
    assert "stock: 8 + 2 rows, mean squared error 0.5; other processes used 10% of the processors" in lines
    assert [line.split() for line in lines[-3:]] == [
        ["Transform", "4.0", "1.0", "0.250", "8.0", "1.5", "100", "50", "2", "10"],
        ["Gather", "2.0", "2.0", "60", "5"],
        ["whole", "run", "10.0", "5.0", "0.500", "20.0", "6.0", "300", "200", "1", "2"],
    ]


def test_both_sides_have_bytecode_where_the_environment_forbids_to_write_it(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in environment()
