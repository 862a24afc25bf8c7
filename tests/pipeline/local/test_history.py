"""Runs as their summaries and ML Metadata have them."""

import fcntl
import json

import pytest

from components.errors import RunError
from components.ingest.counts import Counts
from pipeline.config.root import LOCK, runs_directory
from pipeline.graph.steps.example_gen import CLEANING
from pipeline.graph.steps.model_gate import VERDICT, Verdict
from pipeline.graph.steps.pusher import PUSHED, Pushed
from pipeline.local import history as module
from pipeline.local.executions import CACHED, COMPLETE, FAILED, Execution, RecordedRun
from pipeline.local.history import history
from pipeline.local.summary import RunSummary, StepRun, write_summary

RUNNING = 2


def put(root, day, exit_code=0, error=None, seconds=10.0, blessed=None, pushed=None, cached=(), **more):
    summary = RunSummary.begin("taxi", f"2026-01-{day:02}T00:00:00", "x.log")
    summary.exit_code, summary.error, summary.seconds = exit_code, error, seconds
    summary.steps = [StepRun(step=step, cached=hit, seconds=1.0, ended=1.0, rows=None) for step, hit in cached]
    if blessed is not None:
        summary.keep(
            VERDICT,
            Verdict(
                blessed=blessed,
                reasons=[] if blessed else ["r_squared is 0.1: not kept"],
                checks=[],
                split="eval",
                metrics={"overall": {"r_squared": 0.1}, "a=b": {"r_squared": 0.2}},
                intervals={},
                cross_validated=None,
                baseline=None,
            ),
        )
        counts = {"rows read": 9, "splits": {"train": 7, "eval": 2}, "files": {}, "table": {"files": 1, "sha256": "ab"}}
        summary.keep(CLEANING, Counts.model_validate(counts))
    summary.keep(PUSHED, pushed)
    write_summary(root, summary)


@pytest.fixture
def recorded(monkeypatch):
    """What ML Metadata knows: `test_executions` has how it is asked."""
    runs = []
    monkeypatch.setattr(module, "recorded_runs", lambda database, name: list(runs))
    return lambda day, *states, second=3: runs.append(
        RecordedRun(
            f"2026-01-{day:02}T00:00:{second:02}", 4.0, [Execution(n, *state) for n, state in enumerate(states)]
        )
    )


def test_each_outcome(tmp_path, recorded):
    put(tmp_path, 1, blessed=True, pushed=Pushed(version=5, path="p", already=False), cached=[("Fit", False)])
    recorded(1, ("Fit", COMPLETE))
    put(tmp_path, 2, blessed=True, pushed=Pushed(version=5, path="p", already=True), cached=[("Fit", True)])
    put(tmp_path, 3, 4, blessed=False)
    put(tmp_path, 4, 3, "the data do not fit")
    recorded(4, ("ExampleGen", CACHED), ("DataGate", FAILED))
    put(tmp_path, 5, 143, "stopped by SIGTERM")
    put(tmp_path, 6, 1, seconds=0.0)  # killed as its last step ran
    recorded(6, ("Fit", COMPLETE), ("Report", FAILED), second=0)
    recorded(7, ("ExampleGen", CACHED), ("Baseline", COMPLETE), ("Fit", FAILED))
    (runs_directory(tmp_path, "taxi") / "2026-01-08T00:00:00.json").write_text('{"format": 1}')
    found = history(tmp_path, "taxi")
    assert [past.outcome for past in found] == [
        *("pushed", "already live", "refused", "failed", "stopped", "killed", "killed", "unreadable"),
    ]
    assert [past.version for past in found[:3]] == [5, 5, None]
    assert [(past.cached, past.steps) for past in (*found[:2], found[6])] == [(0, 1), (1, 1), (1, 1)]
    refused = found[2]
    assert (refused.table, refused.rows, refused.metrics) == ("ab", {"train": 7, "eval": 2}, {"r_squared": 0.1})
    assert refused.because == ["r_squared is 0.1: not kept"]
    assert [past.step for past in found[3:7]] == ["DataGate", None, "Report", "Fit"]
    assert [past.seconds for past in found[5:7]] == [4.0, 4.0]
    assert "expected format 3; received 1" in found[7].because[0]


def test_the_newest_that_has_not_ended_goes_on_while_the_root_is_locked(tmp_path, recorded):
    recorded(1, ("Fit", FAILED))
    recorded(2, ("ExampleGen", CACHED), ("Fit", RUNNING))
    with (tmp_path / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert [(past.outcome, past.step) for past in history(tmp_path, "taxi")] == [
            ("killed", "Fit"),
            ("running", "Fit"),
        ]
    assert [past.outcome for past in history(tmp_path, "taxi")] == ["killed", "killed"]


def test_the_last_few_alone_are_read(tmp_path, recorded):
    for day in range(1, 8):
        put(tmp_path, day)
        recorded(day, ("Fit", COMPLETE))
    recorded(8, ("Fit", FAILED))
    (runs_directory(tmp_path, "taxi") / "2026-01-01T00:00:00.json").unlink()
    for last in (1, 3, 5):
        assert [past.run[9] for past in history(tmp_path, "taxi", last)] == list("12345678")[-last:]
    assert len(history(tmp_path, "taxi")) == 8


def test_no_run_is_an_error(tmp_path):
    with pytest.raises(RunError, match=r"pipeline 'taxi' has not run here\. Run it first"):
        history(tmp_path, "taxi")


def test_it_is_json(tmp_path, recorded):
    del recorded
    put(tmp_path, 1)
    assert json.loads(history(tmp_path, "taxi")[0].model_dump_json())["run"] == "2026-01-01T00:00:00"
