"""What a publish keeps beside the serving directory, and what it takes over from version 0.1."""

import os

import pytest

from components.errors import RunError
from components.publishing.publish import Publication, publish
from components.publishing.versions import versions
from tests.components.publishing.folders import make_model


@pytest.fixture
def model(tmp_path):
    return lambda content: make_model(tmp_path / "models" / content, content)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_directory_holds_versions_alone(tmp_path, model):
    """`max(int(name) for name in os.listdir(directory))` is what clients write."""
    base = tmp_path / "serving" / "taxi"
    done = [publish(model(name), base, 2).version for name in "abc"]
    assert max(int(name) for name in os.listdir(base)) == done[-1]
    assert names(base) == sorted(map(str, done[1:]))
    assert names(base.parent) == [".taxi.highest", ".taxi.lock", "taxi"]
    assert (base.parent / ".taxi.highest").read_text() == f"{done[-1]}\n"


def test_directories_side_by_side_have_their_own(tmp_path, model):
    """The second one's name is as the beginning of what the first one leaves when it dies."""
    for name in ("s", "s.staging-1-1", "s.highest"):
        publish(model(f"{name} a"), tmp_path / name, 1)
    (tmp_path / ".s.staging-1-1").mkdir()
    (tmp_path / ".s.staging-of somebody else").mkdir()
    publish(model("b"), tmp_path / "s", 1)
    assert names(tmp_path) == [
        ".s.highest", ".s.highest.highest", ".s.highest.lock", ".s.lock", ".s.staging-1-1.highest", ".s.staging-1-1.lock",
        ".s.staging-of somebody else", "models", "s", "s.highest", "s.staging-1-1",
    ]  # fmt: skip


def test_what_version_0_1_left_is_taken_over(tmp_path, model):
    base = tmp_path / "s"
    make_model(base / "5000000000", "a")
    (base / ".lock").write_text("process 1\n")
    (base / ".highest").write_text("6000000000\n")
    (base / ".staging-11-12").mkdir()
    (base / ".deleted-4000000000-12").mkdir()
    (base / ".writing-models.config").write_text("ha")
    (base / ".staging-11").mkdir()  # of no publisher of ours
    assert publish(model("b"), base, 5) == Publication(6_000_000_001, True, [])
    assert names(base) == [".staging-11", "5000000000", "6000000001"]
    assert names(tmp_path) == [".s.highest", ".s.lock", "models", "s"]
    # An old publisher was here once more.
    (base / ".highest").write_text("7000000000\n")
    assert publish(model("c"), base, 5).version == 7_000_000_001


def test_the_old_note_is_damaged(tmp_path, model):
    make_model(tmp_path / "s" / "5", "a")
    (tmp_path / "s" / ".highest").write_text("?")
    with pytest.raises(RunError, match=r"s/\.highest: expected the highest version ever published.*seen here: 5"):
        publish(model("b"), tmp_path / "s", 5)
    assert versions(tmp_path / "s") == [5]
    assert (tmp_path / "s" / ".highest").read_text() == "?"


def test_a_mount_point_keeps_them_itself(tmp_path, model, monkeypatch):
    real = os.path.ismount
    monkeypatch.setattr(os.path, "ismount", lambda path: path == tmp_path / "s" or real(path))
    done = [publish(model(name), tmp_path / "s", 1).version for name in "ab"]
    assert names(tmp_path / "s") == [".s.highest", ".s.lock", str(done[1])]
    assert names(tmp_path) == ["models", "s"]


def test_the_parent_cannot_be_written_to(tmp_path, model, monkeypatch):
    (tmp_path / "s").mkdir()
    real = os.open

    def refused(path, flags, *more, **kwargs):
        if flags & os.O_CREAT and os.path.dirname(path) == str(tmp_path):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, *more, **kwargs)

    monkeypatch.setattr(os, "open", refused)  # root, whom tests may run as, is refused nowhere
    with pytest.raises(
        RunError,
        match=rf"s: nothing was published: {tmp_path} can't be written to \(.*Permission denied.*holds versions",
    ):
        publish(model("a"), tmp_path / "s")
    assert names(tmp_path / "s") == []
