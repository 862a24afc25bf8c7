import errno
import os
import shutil
import time
from pathlib import Path

import pytest

from components.errors import RunError
from components.publishing import filesystem
from components.publishing.manifest import content_digest, hash_files, read_manifest, verify_manifest, write_manifest
from components.publishing.publish import Publication, publish, rollback
from components.publishing.versions import versions
from tests.components.publishing.folders import hidden, make_model, name_of, numbered


@pytest.fixture
def model(tmp_path):
    return lambda content, **kwargs: make_model(tmp_path / "models" / content, content, **kwargs)


# What a publish does


def test_a_version_is_the_unix_time(tmp_path, model):
    before = int(time.time())
    done = publish(model("a"), tmp_path / "new" / "serving", 5)
    assert before <= done.version <= time.time() and done.fresh and done.deleted == []
    version = tmp_path / "new" / "serving" / str(done.version)
    assert name_of(version) == "a"
    assert (version / "saved_model.pb").read_text() == "a" * 500


def test_numbers_rise_within_a_second_and_old_versions_go(tmp_path, model):
    done = [publish(model(name), tmp_path / "s", 2) for name in "abcd"]
    numbers = [publication.version for publication in done]
    assert numbers == sorted(set(numbers))
    assert [publication.deleted for publication in done] == [[], [], numbers[:1], numbers[1:2]]
    assert versions(tmp_path / "s") == numbers[2:]
    assert hidden(tmp_path / "s") == []


def test_numbers_rise_though_the_newest_is_gone_and_the_clock_is_set_back(tmp_path, model, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 2000.0)
    assert publish(model("a"), tmp_path / "s", 5).version == 2000
    assert publish(model("b"), tmp_path / "s", 5).version == 2001
    shutil.rmtree(tmp_path / "s" / "2001")
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    assert publish(model("c"), tmp_path / "s", 5).version == 2002


@pytest.mark.parametrize("name", ["5000000000", "005000000000", "+5000000000", " 5000000000\n"])
def test_numbers_are_above_all_that_a_server_takes_for_one(tmp_path, model, name):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / name).write_text("a file")
    source = model("a")
    assert publish(source, tmp_path / "s", 1).version == 5_000_000_001
    (tmp_path / "s" / name).rename(tmp_path / "s" / "6000000000")
    # The newest folder has this content, and yet it isn't what a server takes for the newest.
    assert publish(source, tmp_path / "s", 1) == Publication(6_000_000_001, True, [5_000_000_001])
    assert (tmp_path / "s" / "6000000000").exists()


def test_no_number_is_left(tmp_path, model):
    (tmp_path / "s" / str((1 << 63) - 1)).mkdir(parents=True)
    with pytest.raises(RunError, match="9223372036854775807 is the highest number that servers know"):
        publish(model("a"), tmp_path / "s", 5)


def test_the_note_of_the_highest_number_is_damaged(tmp_path, model):
    done = publish(model("a"), tmp_path / "s", 5)
    (tmp_path / ".s.highest").write_text("?")
    with pytest.raises(RunError, match=rf"\.s\.highest: expected the highest version ever published.*{done.version}"):
        publish(model("b"), tmp_path / "s", 5)


def test_the_same_content_is_published_once(tmp_path, model):
    first = publish(model("a"), tmp_path / "s", 5)
    write_manifest(tmp_path / "models" / "a", {"name": "other facts"})
    assert publish(tmp_path / "models" / "a", tmp_path / "s", 5) == Publication(first.version, False, [])
    second = publish(model("b"), tmp_path / "s", 5)
    third = publish(tmp_path / "models" / "a", tmp_path / "s", 5)
    assert third.version > second.version > first.version


def test_the_newest_version_is_damaged_and_published_again(tmp_path, model):
    first = publish(model("a"), tmp_path / "s", 5)
    (tmp_path / "s" / str(first.version) / "variables" / "variables.index").write_text("!")
    assert publish(tmp_path / "models" / "a", tmp_path / "s", 1) == Publication(
        first.version + 1, True, [first.version]
    )


def test_a_model_without_a_manifest_gets_one(tmp_path, model):
    done = publish(model("a", manifest=False), tmp_path / "s", 5, facts={"verdict": "blessed"})
    assert verify_manifest(tmp_path / "s" / str(done.version)).facts["verdict"] == "blessed"
    assert not (tmp_path / "models" / "a" / "manifest.json").exists()


def test_a_folder_of_any_format_as_it_is(tmp_path):
    (tmp_path / "lite").mkdir()
    (tmp_path / "lite" / "model.tflite").write_bytes(b"x")
    (tmp_path / "lite" / "manifest.json").write_text('{"of": "another tool"}')
    first = publish(tmp_path / "lite", tmp_path / "s")
    assert sorted(hash_files(tmp_path / "s" / str(first.version))) == ["manifest.json", "model.tflite"]
    assert publish(tmp_path / "lite", tmp_path / "s") == Publication(first.version, False, [])
    (tmp_path / "lite" / "manifest.json").write_text('{"of": "a tool"}')
    second = publish(tmp_path / "lite", tmp_path / "s")
    assert second.version > first.version
    with pytest.raises(RunError, match=r"lite/manifest\.json: expected an object with `files`"):
        publish(tmp_path / "lite", tmp_path / "s", 1)
    (tmp_path / "lite" / "manifest.json").unlink()
    third = publish(tmp_path / "lite", tmp_path / "s", 1)
    assert third.deleted == []  # the others have no manifest of ours
    assert verify_manifest(tmp_path / "s" / str(third.version)).files.keys() == {"model.tflite"}


def test_texts_lie_among_the_versions_and_are_written_if_changed(tmp_path, model):
    publish(model("a"), tmp_path / "s", 5, {"models.config": "one", "monitoring.config": "m"})
    before = (tmp_path / "s" / "monitoring.config").stat().st_mtime_ns
    publish(tmp_path / "models" / "a", tmp_path / "s", 5, {"models.config": "two", "monitoring.config": "m"})
    assert (tmp_path / "s" / "models.config").read_text() == "two"
    assert (tmp_path / "s" / "monitoring.config").stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["", "7", "../x", ".hidden"])
def test_a_text_of_an_impossible_name(tmp_path, model, name):
    with pytest.raises(RunError, match="expected the name of a file among the versions"):
        publish(model("a"), tmp_path / "s", 5, {name: "x"})


def test_others_may_read_what_was_published(tmp_path, model):
    source = model("a")
    for path in [source, *source.rglob("*")]:
        path.chmod(0o700)
    old = os.umask(0o022)
    try:
        done = publish(source, tmp_path / "s", 5, {"models.config": "x"})
    finally:
        os.umask(old)
    for path in [tmp_path / "s", *(tmp_path / "s" / str(done.version)).rglob("*"), tmp_path / "s" / "models.config"]:
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path


def test_the_directory_may_be_a_link(tmp_path, model):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    done = publish(model("a"), tmp_path / "link", 5)
    assert versions(tmp_path / "real") == versions(tmp_path / "link") == [done.version]


# What it refuses


def test_what_is_no_model(tmp_path, model):
    with pytest.raises(RunError, match="absent: expected the folder of a model"):
        publish(tmp_path / "absent", tmp_path / "s", 5)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=r"empty: expected the folder of a model. There is no file in it"):
        publish(tmp_path / "empty", tmp_path / "s", 5)
    source = model("a")
    (source / "variables" / "more").write_text("x")
    with pytest.raises(RunError, match=r"a: variables/more is extra: its manifest does not list it"):
        publish(source, tmp_path / "s", 5)
    with pytest.raises(RunError, match="keep: expected at least 1"):
        publish(source, tmp_path / "s", 0)
    with pytest.raises(RunError, match="lies in the model's own folder"):
        publish(source, source / "s", 5)
    assert numbered(tmp_path / "s") == {}


def test_the_directory_is_a_file(tmp_path, model):
    (tmp_path / "s").write_text("x")
    with pytest.raises(RunError, match=r"s: nothing was published, as the file system failed: .*Not a directory"):
        publish(model("a"), tmp_path / "s", 5)


@pytest.mark.parametrize("manifest", [True, False])
def test_the_model_changes_while_it_is_copied(tmp_path, model, monkeypatch, manifest):
    real = filesystem.copy_file
    monkeypatch.setattr(
        filesystem, "copy_file", lambda source, target: (source.write_text("new"), real(source, target))[1]
    )
    with pytest.raises(RunError, match=r"the model was changed while it was copied: .* is changed"):
        publish(model("a", manifest=manifest), tmp_path / "s", 5)
    assert numbered(tmp_path / "s") == {} and hidden(tmp_path / "s") == []


def test_the_disk_keeps_something_else(tmp_path, model, monkeypatch):
    real = filesystem.copy_file

    def copy_file(source, target):
        entry = real(source, target)
        target.write_bytes(b"\0" * entry["bytes"])
        return entry

    monkeypatch.setattr(filesystem, "copy_file", copy_file)
    with pytest.raises(RunError, match=r"\.s\.staging-.*: read back after copying: .* is changed"):
        publish(model("a"), tmp_path / "s", 5)
    assert numbered(tmp_path / "s") == {} and hidden(tmp_path / "s") == []


# Rollback


def test_rollback_is_there_and_back(tmp_path, model):
    a, b = (publish(model(name), tmp_path / "s", 9).version for name in "ab")
    there, back = rollback(tmp_path / "s", 9), rollback(tmp_path / "s", 3)
    assert (there, back) == (Publication(b + 1, True, []), Publication(b + 2, True, [a]))
    assert [name_of(tmp_path / "s" / str(v)) for v in (there.version, back.version)] == ["a", "b"]
    assert read_manifest(tmp_path / "s" / str(there.version)).facts["republished"] == a
    with pytest.raises(RunError, match=f"version {back.version} is the live one"):
        rollback(tmp_path / "s", 9, back.version)
    assert rollback(tmp_path / "s", 9, b) == Publication(back.version, False, [])


def test_rollback_from_a_damaged_version(tmp_path, model):
    a, b = (publish(model(name), tmp_path / "s", 9).version for name in "ab")
    (tmp_path / "s" / str(b) / "saved_model.pb").unlink()
    (tmp_path / "s" / str(b) / "variables" / "link").symlink_to("/dev/null")
    assert name_of(tmp_path / "s" / str(rollback(tmp_path / "s", 9).version)) == "a"
    with pytest.raises(
        RunError, match=rf"special file|symbolic link.*It can't be rolled back to; the others are: {a}\."
    ):
        rollback(tmp_path / "s", 9, b)


def test_rollback_that_is_impossible(tmp_path, model):
    with pytest.raises(RunError, match="absent: nothing is published here"):
        rollback(tmp_path / "absent", 5)
    assert not (tmp_path / "absent").exists()
    a = publish(model("a"), tmp_path / "s", 5).version
    with pytest.raises(RunError, match=f"no earlier version of other content. Present: {a}"):
        rollback(tmp_path / "s", 5)
    b = publish(model("b"), tmp_path / "s", 5).version
    with pytest.raises(RunError, match=rf"there is no version 7\. Choose one of {a}\."):
        rollback(tmp_path / "s", 5, 7)
    assert versions(tmp_path / "s") == [a, b]


def test_a_leftover_that_cannot_be_removed_is_no_obstacle(tmp_path, model, monkeypatch, caplog):
    (tmp_path / ".s.staging-1-1").mkdir()

    def rmtree(path):
        raise OSError(errno.ENOTEMPTY, "in use", str(path))

    monkeypatch.setattr(shutil, "rmtree", rmtree)
    assert publish(model("a"), tmp_path / "s", 5).fresh
    assert "a leftover that can't be removed" in caplog.text


def test_content_digest_ignores_facts(tmp_path, model):
    a = publish(model("a"), tmp_path / "s", 5, facts={"x": 1}).version
    assert content_digest(read_manifest(tmp_path / "s" / str(a)).files) == content_digest(
        read_manifest(Path(tmp_path / "models" / "a")).files
    )


def test_what_was_hidden_is_synced_before_it_is_removed(tmp_path, model, monkeypatch):
    """A publisher died after it hid a version, before the name was on the disk: a power cut now must not bring it back."""
    done = []
    (tmp_path / ".s.deleted-7-1").mkdir()
    for name in ("sync", "discard"):
        real = getattr(filesystem, name)
        monkeypatch.setattr(
            filesystem, name, lambda path, name=name, real=real: (done.append((name, path.name)), real(path))
        )
    publish(model("a"), tmp_path / "s", 5)
    assert done[:3] == [("sync", "s"), ("sync", tmp_path.name), ("discard", ".s.deleted-7-1")]
