from components.publishing.beside import Beside
from components.publishing.manifest import write_manifest
from components.publishing.retention import prune
from components.publishing.versions import versions


def make(directory, *names, manifest=True):
    for name in names:
        (directory / name).mkdir(parents=True)
        (directory / name / "saved_model.pb").write_bytes(b"x")
        if manifest:
            write_manifest(directory / name, {})


def test_the_newest_are_kept(tmp_path):
    make(tmp_path / "s", "1", "2", "3")
    assert prune(Beside.of(tmp_path / "s"), None) == []
    assert prune(Beside.of(tmp_path / "s"), 2) == [1]
    assert versions(tmp_path / "s") == [2, 3]
    assert prune(Beside.of(tmp_path / "s"), 2) == []
    assert [child.name for child in tmp_path.iterdir()] == ["s"]


def test_what_others_put_there_is_neither_deleted_nor_counted(tmp_path):
    base = tmp_path / "s"
    make(base, "1", "3", "5", "7")
    make(base, "0", "2", "4", "8", manifest=False)
    others = ("{", "{}", '{"files": ["saved_model.pb"]}', '{"files": {"saved_model.pb": "9f86"}}')
    for version, text in enumerate(others, 90):
        make(base, str(version), manifest=False)
        (base / str(version) / "manifest.json").write_text(text)
    foreign = set(versions(base)) - {1, 3, 5, 7}
    assert prune(Beside.of(base), 1) == [1, 3, 5]
    assert set(versions(base)) == foreign | {7} and len(foreign) == 8


def test_a_damaged_version_of_ours_goes_too(tmp_path):
    make(tmp_path / "s", "1", "2")
    (tmp_path / "s" / "1" / "saved_model.pb").unlink()
    assert prune(Beside.of(tmp_path / "s"), 1) == [1]
