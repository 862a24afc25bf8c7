from __future__ import annotations

import json

import pytest

from pipeline.config.json_schema import json_schema
from tests.conftest import plumbline


def test_it_prints_the_schema_that_comes_with_the_package():
    done = plumbline("schema")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == json_schema()


def test_it_writes_it_beside_a_configuration_over_an_older_one(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text("of an earlier version")
    done = plumbline("schema", "-o", path)
    assert (done.code, done.out) == (0, f"wrote {path}\n")
    assert json.loads(path.read_text()) == json_schema()
    assert [entry.name for entry in tmp_path.iterdir()] == ["schema.json"]


@pytest.mark.parametrize("place", ["none/schema.json", "file/schema.json"])
def test_a_file_that_can_not_be_written_is_named(tmp_path, place):
    (tmp_path / "file").touch()
    done = plumbline("schema", "-o", tmp_path / place)
    assert done.code == 1
    assert done.err.startswith(f"plumbline: error: {tmp_path / place}: the schema can't be written: ")
    assert len(done.err.strip().splitlines()) == 1
