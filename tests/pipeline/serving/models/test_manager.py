import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.serving.conftest import publish

pytestmark = pytest.mark.e2e


class Fake:
    """Stands for a loaded model."""

    def __init__(self, name: str, version: int) -> None:
        self.name, self.version, self.closed = name, version, False

    def close(self) -> None:
        self.closed = True


class Loader:
    """Loads whatever has a file `good` in it."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, name: str, version: int, path: Path) -> Any:
        from pipeline.serving.errors import RequestError

        self.calls.append(version)
        if not (path / "good").exists():
            raise RequestError("NOT_FOUND", f"nothing good in {path}")
        return Fake(name, version)


Make = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m").mkdir()
    return tmp_path / "m"


@pytest.fixture
def make(folder: Path) -> Make:
    """Makes managers of model `m` that look only when they are told to."""

    def made(policy: Any = None, **options: Any) -> Any:
        from pipeline.serving.models.manager import ModelManager
        from pipeline.serving.models.server_config import ServedModel, VersionPolicy

        return ModelManager([ServedModel("m", folder, policy or VersionPolicy())], loader=Loader(), **options)

    return made


def put(folder: Path, *versions: int, good: bool = True) -> None:
    for version in versions:
        (folder / str(version)).mkdir()
        if good:
            (folder / str(version) / "good").touch()


def states(manager: Any) -> dict[int, str]:
    return {status.version: status.state for status in manager.statuses("m")}


def test_the_latest_is_served_and_the_old_one_goes(make: Make, folder: Path) -> None:
    put(folder, 1, 2)
    manager = make()
    manager.poll()
    assert manager.available() == {"m": [2]}
    put(folder, 10)
    manager.poll()
    assert manager.available() == {"m": [10]}
    assert states(manager) == {10: "AVAILABLE", 2: "END"}
    assert [status.version for status in manager.statuses("m")] == [10, 2]
    assert manager._load.calls == [2, 10]


def test_policies(make: Make, folder: Path) -> None:
    from pipeline.serving.models.server_config import VersionPolicy

    put(folder, 1, 2, 3)
    for policy, served in (
        (VersionPolicy(latest=2), [2, 3]),
        (VersionPolicy(specific=(1, 9)), [1]),
        (VersionPolicy(every=True), [1, 2, 3]),
    ):
        manager = make(policy)
        manager.poll()
        assert manager.available() == {"m": served}
        with manager.servable("m") as servable:
            assert servable.version == served[-1]


def test_a_broken_version_leaves_the_old_one(make: Make, folder: Path) -> None:
    put(folder, 1)
    manager = make()
    manager.poll()
    put(folder, 2, good=False)
    for _ in range(5):
        manager.poll()
    assert manager.available() == {"m": [1]}
    broken, served = manager.statuses("m")
    assert (broken.state, broken.code, broken.message) == ("END", "NOT_FOUND", f"nothing good in {folder / '2'}")
    assert served.state == "AVAILABLE"
    assert manager._load.calls == [1, 2]  # not tried at every look
    (folder / "2" / "good").touch()  # but as soon as its files change
    manager.poll()
    assert manager.available() == {"m": [2]}
    assert states(manager) == {2: "AVAILABLE", 1: "END"}


def test_at_the_start_the_newest_that_can_be_loaded_serves(make: Make, folder: Path) -> None:
    put(folder, 1, 2)
    put(folder, 3, 4, good=False)
    said: list[tuple[str, str]] = []
    manager = make(failed=lambda model, line: said.append((model, line)))
    manager.poll()
    assert manager.available() == {"m": [2]}
    assert manager._load.calls == [4, 3, 2]
    assert said == [("m", f"m: version {n} can't be loaded: nothing good in {folder / str(n)}") for n in (4, 3)]
    assert manager.broken() == {"m": {3: f"nothing good in {folder / '3'}", 4: f"nothing good in {folder / '4'}"}}
    assert manager.reasons() == {"m": [said[1][1], said[0][1]]}
    manager.poll()
    assert manager._load.calls == [4, 3, 2]
    (folder / "3" / "good").touch()
    manager.poll()
    assert manager.available() == {"m": [3]}
    assert list(manager.broken()["m"]) == [4]
    (folder / "4" / "good").touch()
    manager.poll()
    assert manager.available() == {"m": [4]}
    assert states(manager)[2] == "END"
    assert (manager.broken(), manager.reasons()) == ({"m": {}}, {})


def test_only_latest_falls_back(make: Make, folder: Path) -> None:
    from pipeline.serving.models.server_config import VersionPolicy

    put(folder, 1, 2, 4)
    put(folder, 3, 5, good=False)
    for policy, served in (
        (VersionPolicy(latest=2), [2, 4]),
        (VersionPolicy(specific=(2, 5)), [2]),
        (VersionPolicy(every=True), [1, 2, 4]),
    ):
        manager = make(policy)
        manager.poll()
        assert manager.available() == {"m": served}
        assert max(manager.broken()["m"]) == 5
        manager.stop()


def test_what_fell_back_stays_while_a_version_is_tried_again(make: Make, folder: Path) -> None:
    from pipeline.serving.models.server_config import VersionPolicy

    put(folder, 1, 2)
    put(folder, 3, good=False)
    manager = make(VersionPolicy(latest=2), retry_seconds=0)
    for _ in range(4):
        manager.poll()
    assert manager._load.calls == [3, 2, 1, 3, 3, 3]


def test_a_model_without_a_version(make: Make, folder: Path) -> None:
    manager = make()
    assert manager.reasons() == {}  # nobody has looked yet
    manager.poll()
    assert manager.reasons() == {"m": [f"m: no version to serve was found in {folder}"]}
    put(folder, 1)
    manager.poll()
    assert manager.reasons() == {}


def test_labels_of_a_reload(folder: Path) -> None:
    """A client may give a label to what is loaded alone; who starts the server, or changes its file, to what will be."""
    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.manager import ModelManager
    from pipeline.serving.models.server_config import ServedModel

    put(folder, 1)
    manager = ModelManager([], loader=Loader())
    labelled = [ServedModel("m", folder, labels={"stable": 1})]
    with pytest.raises(RequestError, match="Request to assign label to version 1 of model m, which is not currently"):
        manager.serve(labelled)
    assert manager.available() == {}
    manager.replace(labelled)
    with manager.servable("m", label="stable") as servable:
        assert servable.version == 1
    manager.serve(labelled)
    with pytest.raises(RequestError, match=r"1 model\(s\) did not become available: {{name: n version: none found}, }"):
        manager.serve([*labelled, ServedModel("n", folder / "none")])
    assert manager.available() == {"m": [1], "n": []}


def test_a_broken_version_is_tried_again_five_times(make: Make, folder: Path) -> None:
    put(folder, 1, good=False)
    manager = make(retry_seconds=0)
    for _ in range(10):
        manager.poll()
    assert manager._load.calls == [1] * 6


def test_a_broken_version_that_is_withdrawn(make: Make, folder: Path) -> None:
    put(folder, 1)
    manager = make()
    manager.poll()
    put(folder, 2, good=False)
    manager.poll()
    shutil.rmtree(folder / "2")
    manager.poll()
    assert manager.available() == {"m": [1]}
    put(folder, 2)
    manager.poll()
    assert manager.available() == {"m": [2]}


def test_versions_that_disappear(make: Make, folder: Path) -> None:
    put(folder, 1, 2)
    manager = make()
    manager.poll()
    shutil.rmtree(folder / "2")
    manager.poll()
    assert manager.available() == {"m": [1]}
    shutil.rmtree(folder / "1")
    manager.poll()
    assert manager.available() == {"m": []}
    put(folder, 1)
    manager.poll()
    assert manager.available() == {"m": [1]}
    folder.rename(folder.with_name("away"))  # a base path that can't be read changes nothing
    manager.poll()
    assert manager.available() == {"m": [1]}


def test_a_version_in_use_is_freed_after_its_last_use(make: Make, folder: Path) -> None:
    put(folder, 1)
    manager = make()
    manager.poll()
    with manager.servable("m") as first, manager.servable("m", 1) as second:
        assert first is second
        put(folder, 2)
        manager.poll()
        assert states(manager) == {2: "AVAILABLE", 1: "UNLOADING"}
        assert not first.closed
        with manager.servable("m") as newest:
            assert newest.version == 2
    assert first.closed
    assert states(manager) == {2: "AVAILABLE", 1: "END"}
    manager.stop()
    assert newest.closed


def test_a_version_that_comes_back_while_in_use(make: Make, folder: Path) -> None:
    put(folder, 1)
    manager = make()
    manager.poll()
    with manager.servable("m"):
        put(folder, 2)
        manager.poll()
        shutil.rmtree(folder / "2")
        manager.poll()
        manager.poll()
    manager.poll()
    manager.poll()
    assert manager.available() == {"m": [1]}


def test_unexpected_failures_are_a_status(make: Make, folder: Path) -> None:
    put(folder, 1)
    manager = make()

    def fail(*_: object) -> None:
        raise ZeroDivisionError("oh")

    manager._load = fail
    manager.poll()
    (status,) = manager.statuses("m")
    assert (status.state, status.code, status.message) == ("END", "INTERNAL", "ZeroDivisionError: oh")


def test_ended_versions_are_forgotten_at_some_point(make: Make, folder: Path) -> None:
    manager = make()
    for number in range(1, 130):
        put(folder, number)
        manager.poll()
        shutil.rmtree(folder / str(number))
    assert len(manager.statuses("m")) == 101
    assert manager.statuses("m")[0].state == "AVAILABLE"


def test_labels_at_the_start(folder: Path) -> None:
    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.manager import ModelManager
    from pipeline.serving.models.server_config import ServedModel, VersionPolicy

    put(folder, 1, 2)
    labels = {"stable": 1, "canary": 2, "next": 3}
    manager = ModelManager([ServedModel("m", folder, VersionPolicy(every=True), labels)], loader=Loader())
    manager.poll()
    for label, version in (("stable", 1), ("canary", 2)):
        with manager.servable("m", label=label) as servable:
            assert servable.version == version
    with pytest.raises(RequestError, match=r"Servable not found for request: Specific\(m, 3\)"):
        manager.acquire("m", label="next")
    with pytest.raises(RequestError, match="Unrecognized servable version label: z"):
        manager.acquire("m", label="z")


def test_the_thread_outlives_a_failed_look(make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.serving.models.server_config import ServedModel

    manager = make(poll_seconds=0.01)
    manager.start()
    find = ServedModel.find
    failed = threading.Event()

    def fail(model: ServedModel) -> Any:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("once")
        return find(model)

    monkeypatch.setattr(ServedModel, "find", fail)
    assert failed.wait(5)
    put(folder, 1)
    deadline = time.monotonic() + 5
    while not manager.available()["m"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert manager.available() == {"m": [1]}
    manager.stop()


def test_what_is_no_saved_model_is_said_in_tf_servings_words(tmp_path: Path) -> None:
    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.manager import load_version

    empty = tmp_path / "1"
    empty.mkdir()
    with pytest.raises(
        RequestError, match=r"^Could not find SavedModel .pb or .pbtxt at supplied export directory path"
    ):
        load_version("m", 1, empty)
    (empty / "saved_model.pb").write_bytes(b"\xff\xff")
    with pytest.raises(RequestError, match=r"^Can't parse .*saved_model.pb as binary proto$"):
        load_version("m", 1, empty)
    (empty / "saved_model.pb").write_bytes(b"")
    with pytest.raises(RequestError, match=r"Could not find meta graph def matching supplied tags: \{ serve \}"):
        load_version("m", 1, empty)
    no_variables = publish(tmp_path, 2)
    shutil.rmtree(no_variables / "variables")
    with pytest.raises(RequestError):
        load_version("m", 2, no_variables)


def test_a_version_that_is_not_what_was_published_is_not_served(
    start: Any, base: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Version 1 has no manifest: somebody else put it there. Version 2 is damaged, version 3 whole."""
    from components.publishing.manifest import write_manifest

    served = start(base, poll_seconds=60)
    assert "m/1: has no manifest.json" in caplog.text
    manager = served.server.manager

    damaged = publish(base.parent, 2)
    write_manifest(damaged, {})
    index = damaged / "variables" / "variables.index"
    index.write_bytes(index.read_bytes()[:-1] + b"!")
    damaged.rename(base / "2")
    manager.poll()
    assert manager.available() == {"m": [1]}
    [status] = manager.statuses("m", 2)
    assert (status.state, status.code) == ("END", "INTERNAL")
    assert "m/2: variables/variables.index is changed" in status.message
    assert "version 2 can't be loaded" in caplog.text
    assert served.post("/v1/models/m:predict", {"signature_name": "raw", "instances": [{"x": 0.5}]}).status == 200

    whole = publish(base.parent, 3)
    write_manifest(whole, {})
    whole.rename(base / "3")
    manager.poll()
    assert manager.available() == {"m": [3]}
