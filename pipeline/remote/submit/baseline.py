"""Which model a candidate is compared with where the orchestrator can't look it up: the one that is live.

Its `manifest.json` says which artifact it was made from, and that is what an importer takes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from components.errors import ConfigError, RunError
from components.publishing.manifest import ARTIFACT_FACT, MANIFEST_FILE
from components.publishing.publish import SAVED_MODEL_FILE
from components.publishing.versions import parse_version, versions
from pipeline.remote.submit.google_errors import google_errors

RETRY_SECONDS = 20.0  # of a bucket that doesn't answer
_BY_HAND = "Say --baseline ADDRESS, that of the artifact of a blessed model, or --no-baseline"


def live_artifact(serving: str) -> str | None:
    """The address of the artifact that the newest version was made from; None if nothing was published yet.

    Args:
      serving: the folder of the versions: gs://bucket/path, or a path that is mounted here as in the containers.

    Raises:
      ConfigError: the folder can't be seen from here, or the live version doesn't say.
      RunError: the bucket can't be read.
    """
    found = _in_bucket(serving) if "://" in serving else _on_disk(Path(serving))
    if found is None:
        return None
    place, text = found
    try:
        artifact: Any = json.loads(text).get(ARTIFACT_FACT)
    except (ValueError, AttributeError) as error:
        raise RunError(f"{place}: is no manifest: {error}. {_BY_HAND}.") from error
    if not isinstance(artifact, str) or "://" not in artifact:
        raise ConfigError(
            f"{place}: {ARTIFACT_FACT!r} has to be the address of the model's artifact. Received {artifact!r}: that run was not "
            f"one of Kubeflow's. {_BY_HAND}."
        )
    return artifact


def _on_disk(serving: Path) -> tuple[str, str] | None:
    try:
        present = versions(serving)
        if not present:
            if not serving.is_dir():
                raise FileNotFoundError(f"there is no folder {serving}")
            return None
        path = serving / str(present[-1]) / MANIFEST_FILE
        return str(path), path.read_text()
    except OSError as error:
        raise ConfigError(
            f"targets.kubeflow.serving: {serving} can't be seen from here ({error}), so the live model isn't known. {_BY_HAND}."
        ) from error


def _in_bucket(serving: str) -> tuple[str, str] | None:
    with google_errors("Cloud Storage", serving, "roles/storage.objectViewer"):
        from google.cloud import storage
        from google.cloud.storage.retry import DEFAULT_RETRY

        retry = DEFAULT_RETRY.with_timeout(RETRY_SECONDS)
        bucket_name, _, path = serving.removeprefix("gs://").partition("/")
        bucket = storage.Client(project=None).bucket(bucket_name)
        listing = bucket.list_blobs(prefix=f"{path}/", delimiter="/", retry=retry)
        list(listing)  # the prefixes are there once the pages were read
        names = [prefix.rstrip("/").rpartition("/")[2] for prefix in listing.prefixes]
        present = sorted(number for number in map(parse_version, names) if number is not None)
        for number in reversed(present):
            # The model is copied last: without it there is no version yet.
            if bucket.blob(f"{path}/{number}/{SAVED_MODEL_FILE}").exists(retry=retry):
                blob = bucket.blob(f"{path}/{number}/{MANIFEST_FILE}")
                return f"gs://{bucket_name}/{blob.name}", blob.download_as_text(retry=retry)
    return None
