import hashlib
import json
import os

import pytest

from components.errors import RunError
from components.publishing.manifest import (
    Manifest,
    content_digest,
    has_manifest,
    hash_files,
    read_manifest,
    verify_manifest,
    write_manifest,
)


@pytest.fixture
def model(tmp_path):
    (tmp_path / "m" / "variables").mkdir(parents=True)
    (tmp_path / "m" / "saved_model.pb").write_bytes(b"graph")
    (tmp_path / "m" / "variables" / "variables.index").write_bytes(b"")
    return tmp_path / "m"


def test_files_are_hashed(model):
    write_manifest(model, {})
    assert list(hash_files(model).items()) == [
        ("saved_model.pb", {"sha256": hashlib.sha256(b"graph").hexdigest(), "bytes": 5}),
        ("variables/variables.index", {"sha256": hashlib.sha256(b"").hexdigest(), "bytes": 0}),
    ]


def test_the_manifest_holds_facts_beside_the_files(model):
    write_manifest(model, {"metrics": {"mse": 0.5}})
    manifest = verify_manifest(model)
    assert manifest == Manifest(hash_files(model), {"metrics": {"mse": 0.5}})
    write_manifest(model, {"metrics": {"mse": 0.25}})
    assert content_digest(read_manifest(model).files) == content_digest(manifest.files)
    (model / "saved_model.pb").write_bytes(b"other")
    write_manifest(model, {"metrics": {"mse": 0.25}})
    assert content_digest(read_manifest(model).files) != content_digest(manifest.files)


def test_what_differs_is_named(model):
    write_manifest(model, {})
    (model / "saved_model.pb").write_bytes(b"grapf")
    with pytest.raises(
        RunError, match=r"m: saved_model\.pb is changed: 5 bytes with SHA-256 .*, where its manifest lists 5"
    ):
        verify_manifest(model)
    (model / "saved_model.pb").unlink()
    with pytest.raises(RunError, match=r"m: saved_model\.pb is missing, which its manifest lists"):
        verify_manifest(model)
    (model / "assets").mkdir()
    (model / "assets" / "x").write_bytes(b"x")
    with pytest.raises(RunError, match=r"m: assets/x is extra: its manifest does not list it \(and 1 more\)\. Publish"):
        verify_manifest(model)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (None, r"manifest\.json: not there"),
        ("{", r"manifest\.json: not JSON"),
        ("[]", "expected an object with `files`"),
        ('{"files": 1}', "expected an object with `files`"),
        ('{"files": {"saved_model.pb": 7}}', "expected an object with `files`, each with `sha256` and `bytes`"),
    ],
)
def test_what_is_no_manifest(model, text, match):
    if text is not None:
        (model / "manifest.json").write_text(text)
    with pytest.raises(RunError, match=match):
        verify_manifest(model)


def test_a_manifest_of_a_version_without_formats_is_verified(model):
    text = json.dumps({"files": hash_files(model), "name": "fares"})
    (model / "manifest.json").write_text(text)
    assert verify_manifest(model).facts == {"name": "fares"}
    (model / "manifest.json").write_text(text.replace("{", '{"format": 2, ', 1))
    with pytest.raises(RunError, match=r"manifest\.json: expected format 1; received 2\. Another version of Plumbline"):
        verify_manifest(model)


def test_a_manifest_below_the_top_is_a_file_like_others(model):
    (model / "variables" / "manifest.json").write_text("{}")
    assert "variables/manifest.json" in hash_files(model)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda path: path.symlink_to("saved_model.pb"), "a symbolic link"),
        (lambda path: path.symlink_to("variables"), "a symbolic link"),
        (os.mkfifo, "a special file"),
    ],
)
def test_only_regular_files(model, make, kind):
    make(model / "variables" / "odd")
    with pytest.raises(
        RunError, match=f"m/variables/odd: a model is made of regular files and folders. Received: {kind}"
    ):
        hash_files(model)


@pytest.mark.parametrize("facts", [{"x": float("nan")}, {"x": {1, 2}}])
def test_facts_are_json(model, facts):
    with pytest.raises(RunError, match="a fact is not JSON"):
        write_manifest(model, facts)
    for name in ("files", "format"):
        with pytest.raises(RunError, match=f"`{name}` is .* no fact can have this name"):
            write_manifest(model, {name: 1})
    assert not (model / "manifest.json").exists()


def test_the_text_is_plain_json(model):
    write_manifest(model, {"name": "fares"})
    assert json.loads((model / "manifest.json").read_text())["name"] == "fares"


def test_another_tools_manifest_is_a_file_like_others(model):
    (model / "manifest.json").write_text('{"files": ["saved_model.pb"]}')
    assert not has_manifest(model)
    assert "manifest.json" in hash_files(model)
    write_manifest(model, {})
    assert has_manifest(model)
    assert "manifest.json" not in hash_files(model)
