import shutil

import pytest

from components.publishing import versions as module
from components.publishing.manifest import content_digest, hash_files, write_manifest
from components.publishing.versions import describe, highest_name, parse_version, versions


def make(directory, *names):
    for name in names:
        (directory / name).mkdir(parents=True)
        (directory / name / "saved_model.pb").write_bytes(b"x")


def test_versions_are_integers_in_order(tmp_path):
    make(tmp_path, "10", "9", "100", "tmp-7", ".deleted-3", "007", "-5", "١٢")
    (tmp_path / "11").write_text("a file")
    assert versions(tmp_path) == [9, 10, 100]
    assert versions(tmp_path / "absent") == []


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("7", 7),
        ("007", 7),
        ("+7", 7),
        ("-7", -7),
        (" 7\t", 7),
        ("0" * 5000 + "7", 7),
        ("9223372036854775807", (1 << 63) - 1),
        ("-9223372036854775808", -(1 << 63)),
        ("9223372036854775808", None),
        ("9" * 5000, None),
        ("", None),
        ("+", None),
        ("+-7", None),
        ("7.0", None),
        ("0x7", None),
        ("1_000", None),
        ("٧", None),
        (".staging-7", None),
        (".deleted-7", None),
    ],
)
def test_names_are_parsed_as_the_server_parses_them(name, version):
    assert parse_version(name) == version


def test_the_highest_name_may_be_a_file(tmp_path):
    assert highest_name(tmp_path) is None
    make(tmp_path, "10", "9")
    (tmp_path / "0011").write_text("a file")
    assert highest_name(tmp_path) == 11


def test_describe(tmp_path):
    assert describe(tmp_path / "absent") == []
    make(tmp_path, "1", "2", "3")
    write_manifest(tmp_path / "1", {"verdict": "blessed"})
    write_manifest(tmp_path / "2", {})
    (tmp_path / "2" / "saved_model.pb").write_bytes(b"half")
    first, second, third = describe(tmp_path)
    assert (first.version, first.facts, first.problem, first.live) == (1, {"verdict": "blessed"}, None, False)
    assert first.bytes == 1 + (tmp_path / "1" / "manifest.json").stat().st_size
    assert first.time == (tmp_path / "1").stat().st_mtime
    assert "saved_model.pb is changed" in second.problem
    assert first.digest == second.digest == content_digest(hash_files(tmp_path / "1"))
    assert (third.version, third.digest, third.live) == (3, None, True)
    assert "manifest.json: not there" in third.problem


def test_no_version_is_live_where_a_file_is_taken_for_the_newest(tmp_path):
    make(tmp_path, "1")
    (tmp_path / "2").write_text("a file")
    assert [entry.live for entry in describe(tmp_path)] == [False]


def test_a_version_that_goes_while_it_is_described_is_left_out(tmp_path, monkeypatch):
    make(tmp_path, "1", "2")
    for version in "12":
        write_manifest(tmp_path / version, {})
    real = module.read_manifest

    def read_manifest(directory):
        shutil.rmtree(tmp_path / "1", ignore_errors=True)
        return real(directory)

    monkeypatch.setattr(module, "read_manifest", read_manifest)
    assert [entry.version for entry in describe(tmp_path)] == [2]
