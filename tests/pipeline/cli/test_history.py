"""`plumbline history` from outside: after whole runs, and on the screen."""

import io
import json

import pytest
from rich.console import Console

from pipeline.cli.history import print_history
from pipeline.local.history import PastRun
from tests.conftest import REPOSITORY, plumbline


def printed(runs):
    out = io.StringIO()
    print_history(Console(file=out, width=160), runs)
    return out.getvalue()


def test_a_line_a_run_newest_first_and_why_below():
    pushed = PastRun(
        run="2026-01-01T00:00:00.123456",
        outcome="pushed",
        seconds=12.34,
        steps=13,
        cached=2,
        table="0123456789abcdef",
        rows={"train": 11972, "eval": 2995},
        split="eval",
        metrics={"mean_squared_error": 13.88281, "mean_label": 1.0},
        version=1795986517,
    )
    lines = [f"line {number}" for number in range(9)]
    failed = PastRun(
        run="2026-01-02T00:00:00", outcome="failed", seconds=1, step="DataGate", because=["\n".join(lines)]
    )
    header, newest, oldest, *why = printed([pushed, failed]).splitlines()
    assert header.split() == ["run", "outcome", "version", "table", "rows", "metrics", "seconds", "cached"]
    assert newest.split() == ["2026-01-02T00:00:00", "failed", "in", "DataGate", "1.0"]
    assert oldest.split() == [
        *("2026-01-01T00:00:00", "pushed", "1795986517", "0123456789ab", "train", "11,972", "eval", "2,995"),
        *("mean_squared_error", "13.8828", "12.3", "2", "of", "13"),
    ]
    assert why == ["2026-01-02T00:00:00 failed in DataGate: line 0", "line 1", "line 2", "  … 6 more lines (--json)"]


def test_no_run_is_an_error(tmp_path):
    done = plumbline("history", REPOSITORY / "data/taxi/pipeline.yaml", "--root", tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "pipeline 'taxi-fare' has not run here" in done.err


@pytest.mark.e2e
def test_a_run_is_told_with_what_show_has_of_it(seed_run):
    [past] = json.loads(plumbline("history", seed_run.config, "--root", seed_run.root, "--json").out)[-1:]
    summary = seed_run.show()
    assert past["run"] == summary["run_id"]
    assert past["table"] == summary["cleaning"]["table"]["sha256"]
    assert past["metrics"] == summary["verdict"]["metrics"]["overall"]
    assert past["version"] == summary["pushed"]["version"]
    assert past["outcome"] in ("pushed", "already live")
    assert past["seconds"] == summary["seconds"]
