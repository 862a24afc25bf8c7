from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from components.errors import ConfigError, RunError
from pipeline.remote.submit.baseline import live_artifact


def publish(serving: Path, version: int, manifest: Any) -> None:
    folder = serving / str(version)
    folder.mkdir()
    (folder / "manifest.json").write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))


def test_the_newest_versions_artifact(tmp_path: Path) -> None:
    assert live_artifact(str(tmp_path)) is None
    publish(tmp_path, 9, {"artifact": "minio://b/old"})
    publish(tmp_path, 10, {"artifact": "minio://b/new"})
    (tmp_path / ".staging-11").mkdir()
    assert live_artifact(str(tmp_path)) == "minio://b/new"


def test_a_folder_that_is_not_here(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"targets\.kubeflow\.serving: .*/gone can't be seen from here .* --no-baseline\."
    ):
        live_artifact(str(tmp_path / "gone"))


@pytest.mark.parametrize("artifact", ["/runs/model", None, 3])
def test_a_model_that_no_importer_can_take(artifact: Any, tmp_path: Path) -> None:
    publish(tmp_path, 1, {"artifact": artifact})
    with pytest.raises(
        ConfigError, match=r"manifest.json: 'artifact' has to be the address .* Received .* Say --baseline"
    ):
        live_artifact(str(tmp_path))


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_manifest_that_is_none(text: str, tmp_path: Path) -> None:
    publish(tmp_path, 1, text)
    with pytest.raises(RunError, match=r"manifest.json: is no manifest: "):
        live_artifact(str(tmp_path))


class Bucket(ThreadingHTTPServer):
    """Stands for Cloud Storage's JSON API: objects of one bucket by name, or one refusal for everything."""

    objects: dict[str, str]
    refusal: int | None = None


class Handler(BaseHTTPRequestHandler):
    server: Bucket

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = urllib.parse.unquote(url.path.rpartition("/o/")[2])
        status, answer = 200, json.dumps({"name": name, "bucket": "b"})
        if self.server.refusal:
            status, answer = (
                self.server.refusal,
                json.dumps({"error": {"code": self.server.refusal, "message": "go away"}}),
            )
        elif "prefix" in query:
            begin = query["prefix"]
            folders = {begin + rest.partition("/")[0] + "/" for rest in self.below(begin) if "/" in rest}
            answer = json.dumps({"prefixes": sorted(folders)})
        elif name not in self.server.objects:
            status = 404
        elif query.get("alt") == "media":
            answer = self.server.objects[name]
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def below(self, begin: str) -> list[str]:
        return [name.removeprefix(begin) for name in self.server.objects if name.startswith(begin)]

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with Bucket(("127.0.0.1", 0), Handler) as server:
        server.objects = {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_address[1]}")
        yield server
        server.shutdown()


def test_a_version_in_a_bucket_counts_once_its_model_is_there(bucket: Bucket) -> None:
    assert live_artifact("gs://b/serving/taxi") is None
    for version, artifact in ((9, "minio://b/old"), (10, "minio://b/new"), (11, "minio://b/half")):
        bucket.objects[f"serving/taxi/{version}/manifest.json"] = json.dumps({"artifact": artifact})
    bucket.objects |= {
        "serving/taxi/9/saved_model.pb": "",
        "serving/taxi/10/saved_model.pb": "",
        "serving/taxi/readme": "",
    }
    assert live_artifact("gs://b/serving/taxi") == "minio://b/new"


def test_a_bucket_that_refuses(bucket: Bucket) -> None:
    bucket.refusal = 403
    with pytest.raises(
        RunError, match=r"Cloud Storage: gs://b/m: not allowed \(403\): go away\. .* roles/storage.objectViewer\."
    ):
        live_artifact("gs://b/m")
    bucket.refusal = 404
    with pytest.raises(RunError, match=r"Cloud Storage: gs://b/m: not found \(404\): go away\. Check its name\."):
        live_artifact("gs://b/m")


def test_a_bucket_without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "CLOUDSDK_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(
        RunError, match=r"Cloud Storage: no valid credentials were found: .* 'gcloud auth application-default login'"
    ):
        live_artifact("gs://b/m")


def test_a_bucket_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr("pipeline.remote.submit.baseline.RETRY_SECONDS", 0.5)
    with pytest.raises(
        RunError,
        match=r"Cloud Storage: gs://b/m: no answer: [^(]*\(host='127.0.0.1', port=9\): Failed to establish [^:]*: \[Errno 111\]",
    ):
        live_artifact("gs://b/m")
