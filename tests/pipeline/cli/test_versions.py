import io
import json
import subprocess
import sys

import pytest
from rich.console import Console

from components.errors import RunError
from components.publishing.publish import publish
from pipeline.cli.versions import list_versions, print_versions, roll_back
from tests.components.publishing.folders import make_model
from tests.conftest import REPOSITORY


@pytest.fixture
def serving(tmp_path):
    facts = {
        "table": {"files": 2, "sha256": "0123456789abcdef" * 4},
        "verdict": {"blessed": True},
        "metrics": {"mean_squared_error": 0.125, "r_squared": 0.5, "mean_label": 9.0},
    }
    publish(make_model(tmp_path / "a", "a"), tmp_path / "s", 5, facts=facts)
    publish(make_model(tmp_path / "b", "b"), tmp_path / "s", 5, facts={"metrics": {"mean_squared_error": 0.25}})
    return tmp_path / "s"


def printed(entries):
    out = io.StringIO()
    print_versions(Console(file=out, width=160), entries)
    return out.getvalue()


def test_versions_are_plain_json_and_a_table(serving):
    entries = list_versions(serving)
    assert json.loads(json.dumps(entries)) == entries
    assert [entry["live"] for entry in entries] == [False, True]
    assert entries[0].keys() == {"version", "published", "bytes", "problem", "digest", "facts", "live"}
    header, newest, oldest = printed(entries).splitlines()
    assert header.split() == ["version", "published", "bytes", "content", "table", "verdict", "metrics"]
    assert newest.split()[:2] == [str(entries[1]["version"]), "live"]
    assert "mean_squared_error 0.25" in newest and entries[1]["digest"][:12] in newest
    assert (
        " 0123456789ab " in oldest
        and "blessed" in oldest
        and "mean_squared_error 0.125  r_squared 0.5" in oldest
        and "mean_label" not in oldest
    )


def test_a_version_without_held_out_rows_shows_its_cross_validation(tmp_path):
    facts = {"evaluated": "train", "metrics": {"r_squared": 0.99}, "cross_validated": {"r_squared": 0.61, "rows": 88}}
    publish(make_model(tmp_path / "a", "a"), tmp_path / "s", 5, facts=facts)
    out = printed(list_versions(tmp_path / "s"))
    assert "r_squared 0.61  (cross-validated)" in out
    assert "0.99" not in out


def test_a_damaged_version_is_shown(serving):
    [first, _] = list_versions(serving)
    (serving / str(first["version"]) / "saved_model.pb").write_text("[half]")
    out = printed(list_versions(serving))
    assert "damaged" in out
    assert f"version {first['version']}: {serving}/{first['version']}: saved_model.pb is changed" in out


def test_rollback_is_shown(serving):
    first, second = (entry["version"] for entry in list_versions(serving))
    reports = serving.parent / "s-reports"
    reports.mkdir()
    for version in (first, second):
        for suffix in (".html", ".json"):
            (reports / f"{version}{suffix}").write_text(f"{version}{suffix}")
    done = roll_back(serving, 5, None)
    assert done.fresh and done.version > second
    assert (reports / f"{done.version}.html").read_text() == f"{first}.html"
    assert (reports / f"{done.version}.json").read_text() == f"{first}.json"
    assert f"blessed, again {first}" in printed(list_versions(serving)).splitlines()[1]


def test_nothing_is_published(tmp_path):
    assert list_versions(tmp_path / "absent") == []
    assert printed([]) == "no version is published\n"
    with pytest.raises(RunError, match="nothing is published here"):
        roll_back(tmp_path / "absent", 5, None)


def test_neither_tensorflow_nor_tfx_is_loaded():
    code = (
        "import sys, pipeline.cli.versions; print([n for n in sys.modules if n.split('.')[0] in ('tensorflow', 'tfx')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout == "[]\n"
