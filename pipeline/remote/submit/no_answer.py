"""Why a service did not answer, out of what its client makes of it."""

from __future__ import annotations


def reason(error: BaseException) -> str:
    """The text of the innermost of the errors that clients wrap in each other, on one line, with a full stop."""
    inner: object = error
    while isinstance(inner, BaseException):
        error = inner
        held = (getattr(error, "reason", None), getattr(error, "cause", None), *error.args)
        inner = next((value for value in held if isinstance(value, BaseException)), None)
    return (" ".join(str(error).split()) or type(error).__name__).rstrip(".") + "."
