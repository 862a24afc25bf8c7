"""What the page of a failed run says, without values of the table."""

import pytest

from pipeline.graph.report.document import document_of
from pipeline.graph.report.page import page
from pipeline.graph.report.sections.failed import SECTION, without_values
from pipeline.graph.report.source import Facts, Failure, Found, Source
from pipeline.graph.step import Results


def source(error, step="DataGate"):
    facts = Facts(
        name="n", config={"label": {"column": "fare"}}, written={}, fingerprint="", summaries=None, serving=None
    )
    failure = None if error is None else Failure(step=step, error=error)
    return Source(facts, Results({}, Found()), "2026-01-01T00:00:00", [], failure)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            "t.csv, line 7, column 'fare': expected a number; received 'twelve'.",
            "t.csv, line 7, column 'fare': expected a number; received '…'.",
        ),
        ("received \"it's\" and 'a \\' b', 'label'.", "received '…' and '…', 'label'."),
        (
            "  feature p: Unexpected string values. Seen: Examples contain values missing from the schema: Ann (<1%).\n"
            "Correct the table",
            "  feature p: Unexpected string values. Seen: Examples contain values missing from the schema: …\n"
            "Correct the table",
        ),
        (
            "Out-of-range values. Seen: Unexpectedly large value: 700.",
            "Out-of-range values. Seen: Unexpectedly large value: …",
        ),
        ("too few rows: there are 3 training rows", "too few rows: there are 3 training rows"),
    ],
)
def test_what_an_error_quotes_of_the_table_is_left_out(error, told):
    found = SECTION.read(source(error))
    assert found.lines == told.splitlines()
    assert found.left_out == (told != error)
    assert without_values(told, {"fare", "label"}) == told


def test_the_page_begins_with_the_error():
    text = page(document_of(source("no <b>such</b> file: 'x'", step="")))
    assert "<p>Before its first step. Nothing was pushed.</p>" in text
    assert "no &lt;b&gt;such&lt;/b&gt; file: &#39;…&#39;" in text
    assert "Values of the table are left out here" in text
    assert text.count("<section ") >= 1
    assert "In the step DataGate." in page(document_of(source("x")))


def test_a_run_that_did_not_fail_has_no_such_section():
    assert SECTION.read(source(None)) is None
