"""Reports beside versions, in folders and object stores."""

import os

import pytest

from components.publishing.reports import copy_report, last_report, put_report, reports_folder
from tests.components.publishing.test_object_store import Store

TEXTS = {".html": "<p>é</p>", ".json": "{}"}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_they_lie_beside_the_serving_directory(tmp_path, monkeypatch):
    serving = tmp_path / "taxi"
    assert reports_folder(str(serving)) == f"{tmp_path}/taxi-reports"
    (tmp_path / "link").symlink_to(serving)
    assert reports_folder(str(tmp_path / "link")) == f"{tmp_path}/taxi-reports"
    assert reports_folder("gs://bucket/serving/taxi/") == "gs://bucket/serving/taxi-reports"
    assert reports_folder("gs://bucket") == "gs://bucket/.reports"
    real = os.path.ismount
    monkeypatch.setattr(os.path, "ismount", lambda path: path == serving or real(path))
    assert reports_folder(str(serving)) == f"{serving}/.taxi.reports"


@pytest.mark.parametrize("where", ["folder", "store"])
def test_a_report_is_put_once_and_the_newest_is_found(tmp_path, store, where):
    serving = str(tmp_path / "store" / "b" / "taxi") if where == "folder" else "mem://b/taxi"
    folder = tmp_path / "store" / "b" / "taxi-reports"
    assert last_report(store, serving, None) is None
    assert set(put_report(store, serving, 100, TEXTS)) == {".html", ".json"}
    assert (folder / "100.html").read_text(encoding="utf-8") == TEXTS[".html"]
    assert put_report(store, serving, 100, {".html": "other", ".json": "other"}) is None
    assert (folder / "100.json").read_text() == "{}"
    put_report(store, serving, 20, TEXTS)
    (folder / "x.json").write_text("")
    assert sorted(path.name for path in folder.iterdir()) == ["100.html", "100.json", "20.html", "20.json", "x.json"]
    assert last_report(store, serving, None) == (100, f"{reports_folder(serving)}/100.json")
    assert last_report(store, serving, 100) == (20, f"{reports_folder(serving)}/20.json")
    assert last_report(store, serving, 20) is None


def test_half_a_report_is_made_whole(store, tmp_path):
    put_report(store, str(tmp_path / "taxi"), 1, {".html": TEXTS[".html"]})
    put_report(store, str(tmp_path / "taxi"), 1, TEXTS)
    assert (tmp_path / "taxi-reports" / "1.json").read_text() == "{}"


def test_what_a_store_does_not_take_has_no_name(store, tmp_path):
    store.fail_at = "-reports/7.html"
    with pytest.raises(OSError, match="the store is away"):
        put_report(store, "mem://b/taxi", 7, TEXTS)
    assert not (tmp_path / "store" / "b" / "taxi-reports" / "7.html").exists()


def test_a_version_that_is_published_again_has_a_copy(store, tmp_path):
    serving = tmp_path / "taxi"
    assert not copy_report(serving, 1, 2)
    put_report(store, str(serving), 1, TEXTS)
    assert copy_report(serving, 1, 2)
    assert (tmp_path / "taxi-reports" / "2.html").read_text(encoding="utf-8") == TEXTS[".html"]
    assert sorted(os.listdir(tmp_path / "taxi-reports")) == ["1.html", "1.json", "2.html", "2.json"]
