"""What a request may ask for, whichever API it comes by."""

from __future__ import annotations

from pipeline.serving.errors import RequestError


def check_rows(rows: int, most: int) -> None:
    """Refuses a request that stands for too many rows, before anything is made of it.

    Args:
      rows: of the request.
      most: that one may stand for, `ServerSettings.max_rows`.

    Raises:
      RequestError: INVALID_ARGUMENT.
    """
    if rows > most:
        raise RequestError(
            "INVALID_ARGUMENT",
            f"A request may stand for {most} rows; this one stands for {rows}. "
            "Send fewer, or start the server with a higher --max-rows.",
        )


def check_context(size: int, examples: int, most: int) -> None:
    """Refuses tf.Examples that are too long together once the context is in each, before they are made.

    Args:
      size: bytes of the serialised context.
      examples: how many share it.
      most: bytes that they may have together, `ServerSettings.max_body_bytes`.

    Raises:
      RequestError: INVALID_ARGUMENT.
    """
    if size * examples > most:
        raise RequestError(
            "INVALID_ARGUMENT",
            f"The context of {size} bytes stands in each of {examples} examples, which is more than {most} bytes together. "
            "Send fewer examples at once, or less in the context.",
        )
