"""The paths of TF Serving's REST API: which request asks for what of which model."""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import Literal
from urllib.parse import unquote

from pipeline.serving.errors import invalid

RestMethod = Literal["predict", "regress", "classify", "status", "metadata"]

_MODEL = r"([^/:]+)"
_VERSION = r"(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?"
_POST = re.compile(rf"/v1/models/{_MODEL}{_VERSION}:(classify|regress|predict)", re.IGNORECASE | re.ASCII)
_GET = re.compile(rf"/v1/models(?:/{_MODEL})?{_VERSION}(?:/(metadata))?", re.IGNORECASE | re.ASCII)
_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE | re.ASCII)
_METHODS: dict[str, RestMethod] = {"predict": "predict", "regress": "regress", "classify": "classify"}
KEPT = 256  # routes, since the same few are asked for again and again
_LARGEST_VERSION = (1 << 63) - 1
_MOST_DIGITS = 19


@dataclasses.dataclass(frozen=True)
class Route:
    """What a request asks for.

    Attributes:
      method: what to do.
      name: of the model.
      version: its number, if the path has one.
      label: of a version, if the path has one.
    """

    method: RestMethod
    name: str
    version: int | None
    label: str | None


def target(raw: str) -> str:
    """Path and query of what stands in a request line: that itself, or an absolute URI, as proxies send it."""
    if raw.startswith("/"):
        return raw
    rest = _AUTHORITY.sub("", raw, count=1)
    return rest if rest.startswith(("/", "*")) else "/" + rest


def is_api(path: str) -> bool:
    """Whether a path belongs to TF Serving's API, be it valid there or not."""
    return path[:4].lower() == "/v1/"


@functools.lru_cache(KEPT)
def parse_path(http_method: str, path: str) -> Route:
    """Reads a path as TF Serving does.

    Args:
      http_method: in capitals.
      path: as it came, query and all.

    Raises:
      RequestError: TF Serving knows no such path for this method.
    """
    malformed = invalid(f"Malformed request: {http_method} {path}")
    pattern = {"POST": _POST, "GET": _GET}.get(http_method)
    match = pattern.fullmatch(path) if pattern else None
    if match is None:
        raise malformed
    name, digits, label, last = match.groups()
    significant = (digits or "").lstrip("0")
    if len(significant) > _MOST_DIGITS or int(significant or "0") > _LARGEST_VERSION:
        raise invalid(f"Failed to convert version: {digits} to numeric.")
    if http_method == "GET":
        if not name:
            raise invalid("Missing model name in request.")
        method: RestMethod = (
            "metadata" if last == "metadata" else "status"
        )  # TF Serving, too, takes METADATA for the status
    elif last in _METHODS:
        method = _METHODS[last]
    else:
        raise malformed  # PREDICT
    return Route(
        method,
        unquote(name),
        int(significant or "0") if digits is not None else None,
        unquote(label) if label is not None else None,
    )
