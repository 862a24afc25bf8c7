"""From the report of the version before to this model."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.graph.report import before as before_module
from pipeline.graph.report.document import FILE
from pipeline.graph.report.page import page
from pipeline.graph.report.sections import changed
from pipeline.graph.report.sections.changed import SECTION, Changed
from pipeline.graph.report.source import Facts, Source
from pipeline.graph.step import Results
from pipeline.graph.steps.pusher import PUSHED, Pushed
from pipeline.local.summary import RunSummary
from tests.components.table_fits import table_fit
from tests.pipeline.summaries import summary_of


@pytest.fixture(scope="module")
def summaries():
    """Three runs: what `a` means changes from the first to the second, which has one more column; the last has another label."""
    rng = np.random.default_rng(23)
    table = pd.DataFrame({"a": rng.normal(3, 2, 400), "b": rng.normal(0, 1, 400)})
    table["kind"] = rng.choice(["x", "y", "rare"], 400, p=[0.5, 0.495, 0.005])
    table["label"] = table["other"] = 1 + 2 * table.a + rng.normal(0, 1, 400)
    later = table.assign(label=table.label + table.a)
    return [
        summary_of(table_fit(table, "label", ["a", "kind"])),
        summary_of(table_fit(later, "label", ["a", "b", "kind"])),
        summary_of(table_fit(table, "other", ["a"])),
    ]


@pytest.fixture
def serving(tmp_path, monkeypatch):
    """The folder of a place without TFX, which has it by `fileio`."""

    def before(source):
        from components.publishing.reports import last_report
        from tests.components.publishing.test_object_store import Store

        pushed = source.record(PUSHED)
        found = last_report(Store(tmp_path), source.facts.serving, pushed and pushed.version)
        return found and (found[0], Path(found[1]).read_text())

    monkeypatch.setattr(before_module, "version_before", before)
    (tmp_path / "s-reports").mkdir()
    return tmp_path / "s"


def read(serving, summary, version=None):
    """The section of a run, and its report beside the version."""
    summary = summary.model_copy()
    summary.keep(PUSHED, None if version is None else Pushed(version=version, path="p", already=False))
    facts = Facts(name="n", config={}, written={}, fingerprint="", summaries=None, serving=str(serving))
    found = SECTION.read(Source(facts, Results({}, summary), "2026-01-01T00:00:00", []))
    document = FILE(name="n", run_id=None, written=0.0, outcome="pushed", version=version, changed=found)
    if version is not None:
        (serving.parent / "s-reports" / f"{version}.json").write_text(document.to_json())
    return found, page(document)


def test_the_first_version_has_nothing_before_it(serving, summaries):
    found, text = read(serving, summaries[0], 1)
    assert (found.version, found.since) == (None, None)
    assert "No version before this one has a report." in text
    assert "kind[rare]" not in text
    assert "kind[rare]" not in found.model_dump_json()


def test_what_moved_comes_first_and_every_number_is_the_jsons(serving, summaries):
    read(serving, summaries[0], 1)
    found, text = read(serving, summaries[1], 2)
    assert (found.version, found.since.moved, found.since.new, found.since.gone) == (1, 1, ["b"], [])
    assert found.since.coefficients[0].name == "a"
    assert "<p>New columns: b.</p>" in text
    assert '<data value="1">1</data> of <data value="3">3</data> coefficients moved by more than two' in text
    for one in found.since.coefficients:
        for number in (one.before, one.after, one.change, one.in_errors):
            assert f'<data value="{number!r}">' in text
    assert text.index('<th scope="row">a</th>') < text.index("Coefficients that moved by less")
    back = FILE.parse((serving.parent / "s-reports" / "2.json").read_text(), "2.json", "")
    assert back.section(SECTION) == found


def test_a_refused_model_is_compared_with_the_newest_version(serving, summaries):
    read(serving, summaries[0], 1)
    read(serving, summaries[1], 2)
    assert read(serving, summaries[0])[0].version == 2
    assert read(serving, summaries[0], 2)[0].version == 1


def test_another_label_or_a_damaged_report_is_said(serving, summaries):
    read(serving, summaries[0], 1)
    found, text = read(serving, summaries[2], 2)
    assert found.since is None
    assert "received the label label and other" in text
    for wrong in ("{", json.dumps({"changed": None}), json.dumps({"changed": {"now": {"name": 1}}})):
        (serving.parent / "s-reports" / "2.json").write_text(wrong)
        found, text = read(serving, summaries[0])
        assert "The report of version 2 is damaged, or of another format." in text


def test_of_very_many_columns_those_that_moved_most_are_kept(serving, summaries, monkeypatch):
    monkeypatch.setattr(changed, "MOST", 1)
    read(serving, summaries[0], 1)
    found, _ = read(serving, summaries[1], 2)
    assert [one.name for one in found.since.coefficients] == ["a"]
    assert found.since.compared == 3


def test_without_a_fit_there_is_no_section():
    facts = Facts(name="n", config={}, written={}, fingerprint="", summaries=None, serving=None)
    empty = RunSummary.begin("n", "2026", "x.log")
    assert SECTION.read(Source(facts, Results({}, empty), None, [])) is None
    assert set(Changed.model_fields) == {"now", "version", "before", "since", "because"}
