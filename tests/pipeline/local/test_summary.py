import json

import pytest

from components.errors import RunError
from pipeline.graph.steps.model_gate import VERDICT, Verdict
from pipeline.local.summary import RunSummary, StepRun, check_rows, read_last_summary, write_summary


def step(name, rows):
    return StepRun(step=name, cached=False, seconds=1.5, ended=1e9, rows=rows)


def test_rows_that_agree_pass():
    check_rows([step("A", {"train": 8, "eval": 2}), step("B", None), step("C", {"train": 8}), step("D", {"eval": 2})])


def test_a_lost_row_is_said_with_both_steps():
    with pytest.raises(RunError, match="split eval had 2 rows after A, and 1 in D"):
        check_rows([step("A", {"train": 8, "eval": 2}), step("C", {"train": 8}), step("D", {"eval": 1})])


def test_the_last_summary_is_read_back(tmp_path):
    for run_id in ("2026-01-02T00:00:00", "2026-01-01T00:00:00"):
        write_summary(tmp_path, RunSummary.begin("n", run_id, "/R/logs/x.log"))
    assert read_last_summary(tmp_path, "n").run_id == "2026-01-02T00:00:00"
    with pytest.raises(RunError, match="pipeline 'other' has not run here"):
        read_last_summary(tmp_path, "other")


def test_what_steps_leave_is_kept_by_its_key_with_its_type(tmp_path):
    summary = RunSummary.begin("n", "2026", "/R/logs/x.log")
    assert summary.record(VERDICT) is None
    assert summary.refusals() == []
    verdict = Verdict(
        blessed=False,
        reasons=["r_squared on overall is 0.1; the limit is at least 0.5: not kept"],
        checks=[],
        split="eval",
        metrics={"overall": {"r_squared": 0.1, "mean_label": None}},
        intervals={"overall": {"r_squared": (0.0, 0.2), "mean_label": None}},
        cross_validated={"r_squared": float("nan")},
        baseline=None,
    )
    summary.steps.append(step("A", {"train": 8}))
    summary.keep(VERDICT, verdict)
    path = write_summary(tmp_path, summary)
    written = json.loads(path.read_text())
    assert written["format"] == 3
    assert written["verdict"]["intervals"]["overall"]["r_squared"] == [0.0, 0.2]
    assert written["pushed"] is None
    back = read_last_summary(tmp_path, "n")
    assert back.steps == summary.steps
    assert back.refusals() == verdict.reasons
    assert back.to_json() == summary.to_json()


def test_the_keys_of_the_json_are_these():
    """`show --json` is read by other programs: a key that goes or changes its name is told in CHANGELOG.md."""
    summary = json.loads(RunSummary.begin("n", "2026", "/R/logs/x.log").to_json())
    assert set(summary) == {
        *("format", "name", "run_id", "log", "exit_code", "error", "seconds", "steps"),
        *("state", "outputs", "executions", "live"),
        *("cleaning", "linear_fit", "diagnostics", "fit", "verdict", "serving_check", "pushed", "test", "report"),
    }
