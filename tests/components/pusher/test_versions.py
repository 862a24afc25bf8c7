from components.pusher.versions import prune, versions


def make(directory, *names):
    for name in names:
        (directory / name).mkdir(parents=True)
        (directory / name / "saved_model.pb").write_bytes(b"x")


def test_versions_are_integers_in_order(tmp_path):
    make(tmp_path, "10", "9", "100", "tmp-7", ".deleted-3")
    (tmp_path / "11").write_text("a file")
    assert versions(tmp_path) == [9, 10, 100]
    assert versions(tmp_path / "absent") == []


def test_prune_keeps_the_newest(tmp_path):
    make(tmp_path, "1", "2", "3")
    assert prune(tmp_path, 2) == [1]
    assert sorted(child.name for child in tmp_path.iterdir()) == ["2", "3"]
    assert prune(tmp_path, 2) == []
