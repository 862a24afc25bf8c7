"""Answers that HTTP has, and TF Serving's API has not."""

from __future__ import annotations

from collections.abc import Mapping


class HttpError(Exception):
    """A request that is answered by a status of HTTP's own.

    Attributes:
      code: of HTTP.
      message: for the caller.
      status: for the metrics.
      headers: of the answer.
    """

    def __init__(
        self, code: int, message: str, status: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or str(code)
        self.headers = headers or {}


def busy(message: str) -> HttpError:
    """The server has as much to do as it may: a load balancer asks another, a client waits."""
    return HttpError(503, message, "RESOURCE_EXHAUSTED", {"Retry-After": "1"})
