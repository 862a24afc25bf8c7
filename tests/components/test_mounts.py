from __future__ import annotations

from pathlib import Path

import pytest

from components.mounts import MOUNTS, to_path, to_uri


@pytest.mark.parametrize(
    ("uri", "path"), [("minio://bucket/a/b", "/minio/bucket/a/b"), ("s3://bucket/key", "/s3/bucket/key")]
)
def test_an_address_becomes_the_launchers_path_and_comes_back(
    uri: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(MOUNTS, raising=False)
    assert to_path(uri) == path
    assert to_uri(path) == uri


@pytest.mark.parametrize("uri", ["gs://bucket/key", "/data/minio/x", "relative", "/miniature/x"])
def test_what_the_launcher_has_no_path_for_stays_as_it_is(uri: str) -> None:
    assert to_path(uri) == uri
    assert to_uri(uri) == uri


def test_the_mounts_can_lie_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MOUNTS, str(tmp_path))
    assert to_path("minio://b/k") == f"{tmp_path}/minio/b/k"
    assert to_uri(f"{tmp_path}/minio/b/k") == "minio://b/k"
