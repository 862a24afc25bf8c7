"""Where Kubeflow's launcher has the artifacts of a task: `minio://bucket/key` is `/minio/bucket/key`, `s3://…` is `/s3/…`.

TensorFlow reads `gs://` itself. Vertex AI names artifacts so, or has them at such a path too, and neither is changed here.
"""

from __future__ import annotations

import os

MOUNTS = "PLUMBLINE_MOUNTS"  # environment variable: the folder that has the launcher's `minio` and `s3`; by default /
MOUNTED = ("minio", "s3")  # schemes


def to_path(uri: str) -> str:
    """The path at which the launcher has an artifact; what it has no path for stays as it is."""
    scheme, separator, rest = uri.partition("://")
    return os.path.join(_mounts(), scheme, rest) if separator and scheme in MOUNTED else uri


def to_uri(path: str) -> str:
    """The opposite of `to_path`."""
    for scheme in MOUNTED:
        folder = os.path.join(_mounts(), scheme, "")
        if path.startswith(folder):
            return f"{scheme}://{path.removeprefix(folder)}"
    return path


def _mounts() -> str:
    return os.environ.get(MOUNTS, "/")
