"""`plumbline report` from outside."""

import pytest

from pipeline.graph.steps.report import PAGE, Page
from pipeline.local.summary import RunSummary, write_summary
from tests.conftest import REPOSITORY, plumbline

SEED = REPOSITORY / "data/seed/pipeline.yaml"


@pytest.fixture
def root(tmp_path):
    summary = RunSummary.begin("seed", "2026-01-01T00:00:00", "x.log")
    (tmp_path / "a page.html").write_text("")
    summary.keep(PAGE, Page(page=str(tmp_path / "a page.html"), figures="f"))
    write_summary(tmp_path, summary)
    return tmp_path


def test_the_path_is_printed_and_the_browser_gets_its_address(root, tmp_path):
    assert plumbline("report", SEED, "--root", root).out == f"{root}/a page.html\n"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/asked\n')
    browser.chmod(0o755)
    done = plumbline("report", SEED, "--root", root, "--open", env={"BROWSER": f"{browser} %s"})
    assert done.code == 0, done.err
    assert (tmp_path / "asked").read_text() == f"file://{root}/a%20page.html\n"


def test_without_a_browser_or_a_run_it_is_an_error(root, tmp_path):
    done = plumbline(
        "report", SEED, "--root", root, "--open", env={"BROWSER": "/bin/false %s", "PATH": "", "DISPLAY": ""}
    )
    assert done.code == 1
    assert "--open: no browser was found here" in done.err
    done = plumbline("report", SEED, "--root", tmp_path / "none")
    assert (done.code, done.out) == (1, "")
    assert "pipeline 'seed' has not run here" in done.err
