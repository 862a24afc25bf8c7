import io
import json
import time

import pytest
from rich.console import Console

from components import progress
from pipeline.beam.watchdog import LEAST_SHARE
from pipeline.cli import screen, step_progress
from pipeline.cli.screen import RunView, print_steps, print_summary
from pipeline.config.root import runs_directory
from pipeline.local.estimates import Expected
from pipeline.local.summary import StepRun, read_last_summary

SUMMARY = {
    "format": 2,
    "name": "fares",
    "run_id": "2026",
    "exit_code": 4,
    "cleaning": {
        "rows read": 10,
        "rows kept": 9,
        "rows dropped": 1,
        "rows rejected": 0,
        "y: missing, row dropped": 1,
        "x1: missing, mean imputed": 0,
        "missing tokens": {"c": {"NA": 3, "": 1}},
        "format": 2,
        "splits": {"train": 7, "eval": 2},
        "files": {"t.csv": 0},
        "table": {"files": 2, "sha256": "ab" * 32},
    },
    "linear_fit": {
        "family": "gaussian",
        "label": "y",
        "models": "y, in its units",
        "columns": [
            {
                "name": "(intercept)",
                "coefficient": 1.5,
                "standard_error": 0.5,
                "t": 3.0,
                "p": 0.003,
                "low": 0.5,
                "high": 2.5,
                "rows": None,
                "feature": None,
                "level": None,
                "weight": None,
                "role": None,
            },
            {
                "name": "c[a]",
                "coefficient": 0.0,
                "standard_error": None,
                "t": None,
                "p": None,
                "low": None,
                "high": None,
                "rows": 5,
                "feature": "c",
                "level": "a",
                "weight": None,
                "role": "reference",
            },
            {
                "name": "c[b]",
                "coefficient": 2.25,
                "standard_error": 0.1,
                "t": 22.5,
                "p": 0.0,
                "low": 2.0,
                "high": 2.5,
                "rows": 3,
                "feature": "c",
                "level": "b",
                "weight": None,
                "role": None,
            },
            {
                "name": "x2",
                "coefficient": 0.0,
                "standard_error": None,
                "t": None,
                "p": None,
                "low": None,
                "high": None,
                "rows": None,
                "feature": None,
                "level": None,
                "weight": None,
                "role": "dropped",
            },
        ],
        "level": 0.95,
        "references": {"c": "a"},
        "other": [],
        "rows": 9,
        "degrees_of_freedom": 7.0,
        "r_squared": 0.5,
        "adjusted_r_squared": 0.4,
        "sigma": 1.25,
        "loss": 1e-4,
        "rank": 2,
        "condition_number": 12.5,
        "dropped": [{"name": "x2", "because": "x2 = 2·x1"}],
        "shared": [{"name": f"x{index}", "because": f"x{index} = x1"} for index in range(3, 16)],
        "leaks": ["a leak? x[1] alone explains 99.98 % of y's variance: is it known before the label is?"],
        "penalty": 3.5,
        "penalty_rule": "least error",
        "cv_error": 1.75,
        "refined": 2,
    },
    "fit": {
        "label": "y",
        "solver": "sgd",
        "rows": {"train": 7},
        "intercept": 1.25,
        "coefficients": {"c[a]": 0.0, "c[b]": 2.0, "x2": 0.0},
        "loss": "mean squared error",
        "loss_trace": [{"step": step, "loss": 1.0 / (step + 1)} for step in range(0, 5000, 100)],
        "from_exact": {"length": 2.5, "largest": 1.25, "column": "c[b]"},
    },
    "verdict": {
        "blessed": False,
        "reasons": ["r_squared on overall is 0.1; the limit is at least 0.5: not kept"],
        "checks": [],
        "split": "eval",
        "intervals": {"overall": {"r_squared": None}},
        "cross_validated": None,
        "metrics": {"overall": {"r_squared": 0.1}},
        "baseline": {"overall": {"r_squared": 0.2}},
    },
    "error": None,
    "pushed": None,
    "steps": [{"step": "ExampleGen", "cached": True, "seconds": 0.1, "ended": 1e9, "rows": {"train": 7, "eval": 2}}],
    "seconds": 3.0,
    "log": "/R/logs/x.log",
}


@pytest.fixture
def parse(tmp_path):
    """A summary as `show` reads it."""

    def read(value):
        path = runs_directory(tmp_path, value["name"]) / "2026.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(value))
        return read_last_summary(tmp_path, value["name"])

    return read


def printed(function, *args):
    out = io.StringIO()
    function(Console(file=out, width=150), *args)
    return out.getvalue()


def test_a_refused_model_is_shown_with_its_reason(parse):
    text = printed(print_summary, parse(SUMMARY), "c.yaml", "/R")
    assert "rows: 10 read, 1 dropped, 9 kept" in text
    assert (
        "y: missing, row dropped: 1\n  c: taken for missing: 'NA' 3, '' 1\ntable: 2 files, SHA-256 " + "ab" * 32 + "\n"
        in text
    )
    assert "mean imputed" not in text
    assert "verdict: refused" in text
    assert "  r_squared on overall is 0.1; the limit is at least 0.5: not kept" in text
    assert "pushed: nothing" in text
    assert {"2.5%", "97.5%"} <= set(text.split())
    assert "n 9, degrees of freedom 7, R² 0.5, adjusted R² 0.4, σ 1.25, rank 2, condition 12.5" in text
    assert "penalty 3.5 (least error); held-out mean squared error 1.75" in text
    assert "leave the bias of the penalty out of account" in text
    assert "dropped: x2 = 2·x1" in text
    assert "kept by the penalty: x12 = x1\nkept by the penalty: 3 more columns that others give\n" in text
    assert "a leak? x[1] alone explains 99.98 % of y's variance: is it known before the label is?" in text
    assert "refined in 2 further passes" in text
    assert next(line.split() for line in text.splitlines() if "c[a]" in line) == ["c[a]", "reference", "5"]
    assert "the exact optimum's is 0.0001" in text
    assert "coefficients are 2.5 standard errors from the exact ones, the farthest 1.25 of its own: c[b]\n" in text
    assert "next:" not in text
    assert "4900" in text


def test_a_pushed_model_names_version_and_next_command(parse):
    pushed = {"version": 7, "path": "/R/serving/fares/7", "already": False}
    text = printed(print_summary, parse({**SUMMARY, "exit_code": 0, "pushed": pushed}), "c.yaml", "/R")
    assert "pushed: version 7  /R/serving/fares/7" in text
    assert "pushed: nothing" not in text
    assert "next: plumbline show c.yaml --root /R" in text


def test_a_run_that_failed_says_why_and_what_was_done_before(parse):
    nothing = dict.fromkeys(("linear_fit", "fit", "verdict"))
    text = printed(print_summary, parse({**SUMMARY, **nothing, "exit_code": 1, "error": "no [space]"}), "c.yaml", "/R")
    assert "rows: 10 read, 1 dropped, 9 kept" in text
    assert "failed: no [space]" in text
    assert "pushed" not in text
    assert "1 steps, 1 of 1 cached" in text


def test_steps(parse):
    assert "cached" in printed(print_steps, parse(SUMMARY))


def done(step: str) -> StepRun:
    return StepRun(step=step, cached=False, seconds=1.25, ended=1e9, rows={"train": 7000})


def test_without_a_terminal_a_long_step_is_announced_and_says_now_and_then_how_far_it_is(monkeypatch):
    monkeypatch.setattr(screen, "SETTLED", 0.01)
    monkeypatch.setattr(screen, "PLAIN_EVERY", 0.2)
    monkeypatch.setattr(step_progress, "LEAST_SECONDS", 0.1)
    out, rows = io.StringIO(), iter(range(0, 10**9, 1000))
    view = RunView(Console(file=out, width=100))
    view.preparing(lambda: next(rows))
    view.step_begins("SchemaGen", Expected())
    view.step_done(done("SchemaGen"))
    view.step_begins("Transform", Expected(10**9, 95.0))
    view.beam_stage(3, 9)
    begun = time.monotonic()
    while out.getvalue().count("Beam stage 3 of 9") < 2 and time.monotonic() < begun + 30:
        time.sleep(0.01)
    lasted = time.monotonic() - begun
    view.step_done(done("Transform"))
    said = out.getvalue()
    time.sleep(0.5)
    assert out.getvalue() == said  # between steps there is nothing to say
    view.close()
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert lines[0].startswith("loaded TensorFlow and TFX")
    assert lines[1] == "SchemaGen 1.2 s train 7,000"
    assert lines[2] == "Transform: 1,000,000,000 rows, some 95 s at the rate of the last run"
    assert lines[-1] == "Transform 1.2 s train 7,000"
    progress = lines[3:-1]
    assert 2 <= len(progress) <= lasted / 0.2 + 1
    assert "rows/s" in progress[-1]
    assert all(" of 1,000,000,000 rows" in line and line.endswith("Beam stage 3 of 9") for line in progress)


def test_a_short_step_says_nothing_before_its_line(monkeypatch):
    monkeypatch.setattr(screen, "SETTLED", 0.01)
    out = io.StringIO()
    view = RunView(Console(file=out, width=100))
    view.preparing(lambda: 0)
    view.step_begins("Transform", Expected(100, 3.0))
    time.sleep(0.2)
    view.step_done(done("Transform"))
    view.close()
    assert out.getvalue().count("Transform") == 1


def test_on_a_terminal_the_live_line_has_rows_and_is_removed():
    out = io.StringIO()
    rows = 0
    view = RunView(Console(file=out, width=100, force_terminal=True, color_system=None))
    view.preparing(lambda: rows)
    view.step_begins("Gather", Expected(10_000, None))
    rows = 2500
    begun = time.monotonic()
    while "2,500 of 10,000 rows" not in out.getvalue() and time.monotonic() < begun + 30:
        time.sleep(0.01)
    view.close()
    assert "2,500 of 10,000 rows" in out.getvalue()
    assert "━" in out.getvalue()
    assert out.getvalue().endswith("\x1b[1A\x1b[2K")  # the line is gone


def test_a_live_line_costs_less_than_what_the_watchdog_takes_for_work(tmp_path):
    with progress.counting(tmp_path / "rows") as rows:
        for _ in range(500):
            progress.rows_read(8192)
        view = RunView(Console(file=io.StringIO(), width=100, force_terminal=True))
        view.preparing(rows)
        view.step_begins("Gather", Expected(10_000_000, 95.0))
        before = time.process_time()
        time.sleep(3)
        used = time.process_time() - before
        view.close()
    assert used < 3 * LEAST_SHARE / 2
