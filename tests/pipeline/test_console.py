import io

from rich.console import Console

from pipeline.console import RunView, print_steps, print_summary

SUMMARY = {
    "name": "fares",
    "cleaning": {"rows read": 10, "rows kept": 9, "rows dropped": 1, "y: missing, row dropped": 1},
    "fit": {
        "label": "y",
        "intercept": 1.5,
        "coefficients": [
            {"name": "c[a]", "coefficient": 0.0, "reference": True, "rows": 5},
            {"name": "c[b]", "coefficient": 2.25, "reference": False, "rows": 3},
            {"name": "c[(other)]", "coefficient": -1.0, "reference": False, "rows": 0},
        ],
        "loss": "mean squared error",
        "loss_trace": [{"step": step, "loss": 1.0 / (step + 1)} for step in range(0, 5000, 100)],
    },
    "verdict": {
        "blessed": False,
        "reasons": ["r_squared on overall is 0.1; the limit is at least 0.5: not kept"],
        "checks": [],
        "metrics": {"overall": {"r_squared": 0.1}},
        "baseline": {"overall": {"r_squared": 0.2}},
    },
    "error": None,
    "pushed": None,
    "steps": [{"step": "ExampleGen", "cached": True, "seconds": 0.1, "rows": {"train": 7, "eval": 2}}],
    "seconds": 3.0,
    "log": "/R/logs/x.log",
}


def printed(function, *args):
    out = io.StringIO()
    function(Console(file=out, width=150), *args)
    return out.getvalue()


def test_a_refused_model_is_shown_with_its_reason():
    text = printed(print_summary, SUMMARY, "c.yaml", "/R")
    assert "rows: 10 read, 1 dropped, 9 kept" in text
    assert "verdict: refused" in text
    assert "  r_squared on overall is 0.1; the limit is at least 0.5: not kept" in text
    assert "pushed: nothing" in text
    assert "no such row" in text
    assert "next:" not in text
    assert "4900" in text


def test_a_pushed_model_names_version_and_next_command():
    summary = {**SUMMARY, "pushed": {"version": 7, "path": "/R/serving/fares/7"}}
    text = printed(print_summary, summary, "c.yaml", "/R")
    assert "pushed: version 7  /R/serving/fares/7" in text
    assert "next: plumbline show c.yaml --root /R" in text


def test_steps_and_live_view():
    assert "cached" in printed(print_steps, SUMMARY)
    out = io.StringIO()
    view = RunView(Console(file=out, width=100))
    view.preparing()
    view.step_begins("Transform")
    view.beam_stage(3, 9)
    view.step_done({"step": "Transform", "cached": False, "seconds": 1.25, "rows": {"train": 7000}})
    view.close()
    assert "Transform" in out.getvalue()
    assert "train 7,000" in out.getvalue()
