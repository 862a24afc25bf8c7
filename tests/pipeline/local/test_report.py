"""Where the last run's page is, or why it is nowhere."""

import pytest

from components.errors import RunError
from pipeline.graph.steps.report import PAGE, Page
from pipeline.local.report import last_page
from pipeline.local.summary import RunSummary, write_summary


def put(root, page, error=None):
    summary = RunSummary.begin("n", "2026-01-01T00:00:00", "x.log")
    summary.error = error
    summary.keep(PAGE, None if page is None else Page(page=str(page), figures="f"))
    write_summary(root, summary)


def test_the_last_runs_page(tmp_path):
    (tmp_path / "report.html").write_text("")
    put(tmp_path, tmp_path / "report.html")
    assert last_page(tmp_path, "n") == tmp_path / "report.html"


@pytest.mark.parametrize(
    ("error", "said"),
    [("stopped by SIGTERM in Fit", "left no report: stopped by SIGTERM in Fit"), (None, "it has not come to its end")],
)
def test_a_run_without_one_is_said(tmp_path, error, said):
    put(tmp_path, None, error)
    with pytest.raises(RunError, match=f"the last run of n, 2026-01-01T00:00:00, left no report: .*{said[-20:]}"):
        last_page(tmp_path, "n")


def test_one_that_is_gone_is_said(tmp_path):
    put(tmp_path, tmp_path / "gone.html")
    with pytest.raises(RunError, match=r"gone\.html: the report of the last run of n is not there any more"):
        last_page(tmp_path, "n")
