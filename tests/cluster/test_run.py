"""A whole run whose every Beam step is done by a Flink cluster, beside one on this machine."""

from __future__ import annotations

import pytest
import yaml

from tests.conftest import REPOSITORY, WholeRun, plumbline

pytestmark = [pytest.mark.e2e, pytest.mark.flink]


def test_the_seed_on_flink_is_the_seed_on_this_machine(seed_run, flink, flink_job_service, pool, tmp_path):
    written = yaml.safe_load((REPOSITORY / "data" / "seed" / "pipeline.yaml").read_text())
    written["data"]["path"] = str(REPOSITORY / "data" / "seed" / "data.csv")
    environment = {"type": "EXTERNAL", "config": pool}
    written["beam"] = {
        "engine": "portable",
        "endpoint": flink_job_service,
        "environment": environment,
        "parallelism": 2,
    }
    config = tmp_path / "pipeline.yaml"
    config.write_text(yaml.safe_dump(written))
    done = plumbline("run", config, "--root", tmp_path / "runs")
    assert done.code == 0, done.out + done.err
    ours, theirs = WholeRun(config, tmp_path / "runs", done.out).show(), seed_run.show()
    assert [(step["step"], step["rows"]) for step in ours["steps"]] == [
        (step["step"], step["rows"]) for step in theirs["steps"]
    ]
    for key in ("coefficient", "standard_error"):
        assert [column[key] for column in ours["linear_fit"]["columns"]] == pytest.approx(
            [column[key] for column in theirs["linear_fit"]["columns"]], rel=1e-9
        )
    assert _figures(ours["diagnostics"]) == pytest.approx(_figures(theirs["diagnostics"]), rel=1e-9, abs=1e-12)
    assert ours["verdict"]["metrics"] == theirs["verdict"]["metrics"]
    again = plumbline("run", config, "--root", tmp_path / "runs", "--beam", "local", "--from", "Pusher")
    assert again.code == 0, again.err
    steps = WholeRun(config, tmp_path / "runs", again.out).show()["steps"]
    assert {step["step"] for step in steps if not step["cached"]} == {
        "Baseline",
        "Pusher",
        "Report",
    }  # which engine it was makes no difference


def _figures(told):
    """All numbers of a tree of JSON, in order."""
    if isinstance(told, dict | list):
        parts = told.values() if isinstance(told, dict) else told
        return [figure for part in parts for figure in _figures(part)]
    return [told] if isinstance(told, int | float) else []
