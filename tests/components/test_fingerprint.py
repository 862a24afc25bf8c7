from components import fingerprint


def test_changes_with_the_code_of_the_step_and_of_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint, "_ROOT", tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "core.py").write_text("x = 1\n")
    (tmp_path / "shared.py").write_text("y = 1\n")
    before = {name: fingerprint.code_fingerprint(name) for name in ("one", "two")}
    assert before["one"] != before["two"]

    (tmp_path / "one" / "core.py").write_text("x = 2\n")
    assert fingerprint.code_fingerprint("one") != before["one"]
    assert fingerprint.code_fingerprint("two") == before["two"]

    (tmp_path / "shared.py").write_text("y = 2\n")
    assert fingerprint.code_fingerprint("two") != before["two"]
