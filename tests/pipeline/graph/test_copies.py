"""Artifacts of a bucket as a reader of paths has them."""

import dataclasses
import os

import pytest

from pipeline.graph.copies import copied
from pipeline.graph.step import Results
from pipeline.graph.steps import example_gen
from pipeline.local.summary import RunSummary
from tests.components.publishing.test_object_store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "store")
    store.walk = lambda uri: (  # as an object store names its folders
        (place.replace(str(store.root), "mem:/", 1), folders, names)
        for place, folders, names in os.walk(store._path(uri))
    )
    for name in ("counts.json", "Split-train/rows.gz", "columns/Split-train/rows.arrow", "more/deep/file"):
        path = tmp_path / "store" / "b" / "examples" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return store


def test_all_is_copied_once_but_for_its_rows(store, tmp_path):
    folder = copied("mem://b/examples/", tmp_path / "copy", ("Split-", "columns"), store)
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found == {"counts.json": "counts.json", "more/deep/file": "more/deep/file"}
    (tmp_path / "store" / "b" / "examples" / "counts.json").write_text("changed")
    assert copied("mem://b/examples", tmp_path / "copy", (), store) == folder
    assert (folder / "counts.json").read_text() == "counts.json"


@dataclasses.dataclass
class Here:
    uri: str


@pytest.mark.parametrize("copies", [None, "c"])
def test_what_is_here_is_read_where_it_is(tmp_path, monkeypatch, copies):
    monkeypatch.setattr(Results, "artifact", lambda self, step, key: Here(str(tmp_path)))
    results = Results({}, RunSummary.begin("n", "2026", "x"), copies and tmp_path / copies)
    assert results.folder(example_gen.STEP, "examples") == tmp_path


def test_what_lies_elsewhere_is_copied_without_its_rows(store, tmp_path, monkeypatch):
    from pipeline.graph import copies

    def from_store(uri, folder, left_out):
        return copied(uri, folder, left_out, store)

    monkeypatch.setattr(copies, "copied", from_store)
    monkeypatch.setattr(Results, "artifact", lambda self, step, key: Here("mem://b/examples"))
    results = Results({}, RunSummary.begin("n", "2026", "x"), tmp_path / "c")
    folder = results.folder(example_gen.STEP, "examples")
    assert folder == tmp_path / "c" / "ExampleGen" / "examples"
    assert sorted(path.name for path in folder.iterdir()) == ["counts.json", "more"]
