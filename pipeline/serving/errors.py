"""What a caller is told when a request can't be answered: TF Serving's codes and words."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "INVALID_ARGUMENT",
    "FAILED_PRECONDITION",
    "OUT_OF_RANGE",
    "NOT_FOUND",
    "UNIMPLEMENTED",
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "RESOURCE_EXHAUSTED",
    "INTERNAL",
    "CANCELLED",
]

HTTP_STATUS: dict[Code, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "NOT_FOUND": 404,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "CANCELLED": 499,
}


class RequestError(Exception):
    """A request that can't be answered.

    Attributes:
      code: of gRPC, by name; `HTTP_STATUS` has its HTTP status.
      message: for the caller.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message


def invalid(message: str) -> RequestError:
    """The error that nearly every bad request gets."""
    return RequestError("INVALID_ARGUMENT", message)
