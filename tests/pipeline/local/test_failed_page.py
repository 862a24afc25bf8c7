"""The page of a run that failed: before TFX is loaded, and between the steps."""

import json
import logging
from pathlib import Path

import pytest

from pipeline.config.file import load_config
from pipeline.graph.report.document import FILE
from pipeline.graph.steps.report import PAGE
from pipeline.local import failed_page
from pipeline.local.failed_page import keep_failed_page
from pipeline.local.summary import RunSummary
from tests.conftest import REPOSITORY, plumbline


@pytest.fixture
def config():
    return load_config(REPOSITORY / "data/seed/pipeline.yaml")


def failed():
    summary = RunSummary.begin("seed", "2026-01-01T00:00:00", "x.log")
    summary.error = "too few rows: there are 3"
    return summary


def test_page_and_figures_are_written_and_kept(tmp_path, config):
    summary = failed()
    kept = keep_failed_page(config, tmp_path, summary, "ExampleGen", {})
    assert summary.record(PAGE) == kept
    assert kept.page == str(tmp_path / "pipelines/seed/failed/2026-01-01T00:00:00.html")
    document = FILE.parse(Path(kept.figures).read_text(), kept.figures, "")
    assert (document.run_id, document.version) == ("2026-01-01T00:00:00", None)
    assert document.failed.lines == ["too few rows: there are 3"]
    assert "In the step ExampleGen." in Path(kept.page).read_text()
    assert sorted(path.suffix for path in (tmp_path / "pipelines/seed/failed").iterdir()) == [".html", ".json"]


def test_a_page_that_can_not_be_written_does_not_hide_the_error(tmp_path, config, monkeypatch, caplog):
    monkeypatch.setattr(failed_page, "failed_directory", lambda root, name: tmp_path / "file" / "x")
    (tmp_path / "file").write_text("")
    summary = failed()
    with caplog.at_level(logging.ERROR):
        assert keep_failed_page(config, tmp_path, summary, "Fit", {}) is None
    assert "The report of this run, which failed, was not written" in caplog.text
    assert summary.record(PAGE) is None
    assert summary.error == "too few rows: there are 3"


def test_a_run_without_its_table_leaves_a_page(tmp_path):
    config = tmp_path / "seed.yaml"
    text = (REPOSITORY / "data/seed/pipeline.yaml").read_text()
    config.write_text(text.replace("path: data.csv", "path: none.csv"))
    done = plumbline("run", config, "--root", tmp_path / "runs")
    assert done.code == 3
    page = done.out.rpartition("report: ")[2].strip()
    assert "none.csv: no such file" in Path(page).read_text()
    assert plumbline("report", config, "--root", tmp_path / "runs").out == f"{page}\n"
    shown = plumbline("show", config, "--root", tmp_path / "runs")
    assert f"report: {page}\n" in shown.out


@pytest.mark.e2e
def test_a_run_that_fails_between_the_steps_leaves_what_there_is(tmp_path):
    """The label's values lie outside of the schema's domain in every row."""
    config = tmp_path / "seed.yaml"
    text = (REPOSITORY / "data/seed/pipeline.yaml").read_text()
    config.write_text(
        text.replace("path: data.csv", f"path: {REPOSITORY}/data/seed/data.csv") + "schema: schema.pbtxt\n"
    )
    (tmp_path / "schema.pbtxt").write_text(
        'feature { name: "x" type: FLOAT presence { min_fraction: 1.0 } value_count { min: 1 max: 1 } }\n'
        'feature { name: "y" type: FLOAT float_domain { min: 1000.0 max: 2000.0 } value_count { min: 1 max: 1 } }\n'
    )
    done = plumbline("run", config, "--root", tmp_path / "runs")
    assert done.code == 3, done.err
    page = done.out.rpartition("report: ")[2].strip()
    document = json.loads(Path(page.replace(".html", ".json")).read_text())
    assert document["failed"]["step"] == "DataGate"
    assert document["failed"]["left_out"] is True
    assert "feature y: Out-of-range values. Seen: Unexpectedly low values: …" in Path(page).read_text()
