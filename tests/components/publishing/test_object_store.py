import os
import shutil
import time
from pathlib import Path

import pytest

from components.errors import RunError
from components.publishing.manifest import verify_manifest, write_manifest
from components.publishing.object_store import publish_remote
from components.publishing.publish import Publication
from tests.components.publishing.folders import make_model


class Store:
    """`tfx.dsl.io.fileio` over a local folder, for URIs of mem://; notes what is written, and fails on demand."""

    def __init__(self, root):
        self.root, self.written, self.fail_at = root, [], None

    def _path(self, uri):
        return str(uri).replace("mem:/", str(self.root), 1)

    def _changes(self, uri):
        self.written.append(str(uri))
        if self.fail_at and self.fail_at in str(uri):
            raise OSError(f"{uri}: the store is away")

    def open(self, uri, mode="r"):
        if "w" in mode:
            self._changes(uri)
            os.makedirs(os.path.dirname(self._path(uri)), exist_ok=True)
        return open(self._path(uri), mode)

    def copy(self, source, target):
        self._changes(target)
        shutil.copyfile(self._path(source), self._path(target))

    def exists(self, uri):
        return os.path.exists(self._path(uri))

    def isdir(self, uri):
        return os.path.isdir(self._path(uri))

    def listdir(self, uri):  # as object stores list folders
        return [name + "/" * os.path.isdir(os.path.join(self._path(uri), name)) for name in os.listdir(self._path(uri))]

    def makedirs(self, uri):
        os.makedirs(self._path(uri), exist_ok=True)

    def remove(self, uri):
        self.written.append(f"-{uri}")
        os.remove(self._path(uri))

    def rename(self, source, target, overwrite=False):
        self._changes(target)
        assert overwrite or not self.exists(target)
        os.replace(self._path(source), self._path(target))

    def rmtree(self, uri):
        shutil.rmtree(self._path(uri))

    def walk(self, uri):
        return os.walk(self._path(uri))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_saved_model_comes_last(tmp_path, store):
    source = make_model(tmp_path / "a", "a")
    done = publish_remote(store, str(source), "mem://b/s/", 5, {"models.config": "x"})
    assert done == Publication(done.version, True, []) and abs(done.version - time.time()) < 60
    folder = f"mem://b/s/{done.version}"
    assert store.written[0] == "mem://b/s/models.config"
    assert store.written[-1] == f"{folder}/saved_model.pb"
    assert verify_manifest(Path(store._path(folder))).facts["name"] == "a"


def test_numbers_rise_and_old_versions_go(tmp_path, store):
    store.makedirs("mem://b/s/4000000000")  # of somebody else: it stays
    numbers = [
        publish_remote(store, str(make_model(tmp_path / name, name)), "mem://b/s", 2).version for name in ("a", "b")
    ]
    assert numbers == [4_000_000_001, 4_000_000_002]
    assert sorted(os.listdir(store._path("mem://b/s"))) == ["4000000000", "4000000001", "4000000002"]
    done = publish_remote(store, str(make_model(tmp_path / "c", "c")), "mem://b/s", 2)
    assert done == Publication(4_000_000_003, True, [4_000_000_001])
    assert store.written[-1] == "-mem://b/s/4000000001/saved_model.pb"


def test_the_same_content_is_published_once(tmp_path, store):
    source = make_model(tmp_path / "a", "a")
    first = publish_remote(store, str(source), "mem://b/s", 5)
    write_manifest(source, {"name": "other facts"})
    assert publish_remote(store, str(source), "mem://b/s", 5) == Publication(first.version, False, [])
    # An incomplete version above it: a server sees that one.
    store.makedirs(f"mem://b/s/{first.version + 1}")
    assert publish_remote(store, str(source), "mem://b/s", 5).version == first.version + 2
    Path(store._path(f"mem://b/s/{first.version + 2}/manifest.json")).write_text("{}")
    assert publish_remote(store, str(source), "mem://b/s", 5).version == first.version + 3


def test_a_folder_of_any_format_as_it_is(tmp_path, store):
    (tmp_path / "lite").mkdir()
    (tmp_path / "lite" / "model.tflite").write_bytes(b"x")
    (tmp_path / "lite" / "manifest.json").write_text('{"of": "another tool"}')
    first = publish_remote(store, str(tmp_path / "lite"), "mem://b/s")
    second = publish_remote(store, str(tmp_path / "lite"), "mem://b/s")
    assert first.version < second.version and second.deleted == []  # nothing says that the content is the same
    for version in (first.version, second.version):
        assert sorted(os.listdir(store._path(f"mem://b/s/{version}"))) == ["manifest.json", "model.tflite"]
    with pytest.raises(RunError, match=r"lite/manifest\.json: expected an object with `files`"):
        publish_remote(store, str(tmp_path / "lite"), "mem://b/s", 5)
    (tmp_path / "lite" / "manifest.json").unlink()
    third = publish_remote(store, str(tmp_path / "lite"), "mem://b/s", 5)
    assert verify_manifest(Path(store._path(f"mem://b/s/{third.version}"))).files.keys() == {"model.tflite"}
    assert publish_remote(store, str(tmp_path / "lite"), "mem://b/s", 5) == Publication(third.version, False, [])


@pytest.mark.parametrize("at", ["variables.index", "manifest.json", "saved_model.pb"])
def test_the_store_fails(tmp_path, store, at):
    first = publish_remote(store, str(make_model(tmp_path / "a", "a")), "mem://b/s", 5)
    source = make_model(tmp_path / "c", "c", manifest=False)
    store.fail_at = at
    with pytest.raises(RunError, match=r"mem://b/s: publishing failed, as the store did: .*is away.*publish again"):
        publish_remote(store, str(source), "mem://b/s", 5)
    assert os.listdir(store._path("mem://b/s")) == [str(first.version)]


def test_what_is_read_back_differs(tmp_path, store, monkeypatch):
    source = make_model(tmp_path / "a", "a")
    monkeypatch.setattr(shutil, "copyfile", lambda source, target: Path(target).write_text("!"))
    with pytest.raises(RunError, match=r"mem://b/s/.*: read back after copying: .* is changed"):
        publish_remote(store, str(source), "mem://b/s", 5)
    assert os.listdir(store._path("mem://b/s")) == []


def test_what_is_no_model(tmp_path, store):
    with pytest.raises(RunError, match=r"absent: expected the folder of a model. There is no file in it"):
        publish_remote(store, str(tmp_path / "absent"), "mem://b/s", 5)
    source = make_model(tmp_path / "a", "a")
    (source / "saved_model.pb").write_text("!")
    with pytest.raises(RunError, match=r"a: saved_model\.pb is changed"):
        publish_remote(store, str(source), "mem://b/s", 5)
    with pytest.raises(RunError, match="keep: expected at least 1"):
        publish_remote(store, str(source), "mem://b/s", 0)
