"""What one request may ask of the models, and whether its caller still waits."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable


def _waits() -> None:
    """Nobody's time passes."""


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """On which a request is answered; without limits unless said otherwise, as for the requests of a warm-up.

    Attributes:
      max_rows: that it may stand for.
      max_bytes: that all its tf.Examples together may have once the context is in each.
      check: raises RequestError if nobody waits for the answer any more; called between reading, calling and writing.
    """

    max_rows: int = sys.maxsize
    max_bytes: int = sys.maxsize
    check: Callable[[], None] = _waits


UNLIMITED = Terms()
