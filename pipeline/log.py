"""Library noise goes to a file: everything written to stdout and stderr, by Python and by native code alike."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def to_file(path: Path) -> Iterator[IO[str]]:
    """Redirects file descriptors 1 and 2, and Python's logging and warnings, to a file.

    Yields:
      The terminal (the former stdout), to write to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    former = os.dup(1), os.dup(2)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr, force=True
    )
    logging.captureWarnings(True)
    warnings.simplefilter("default")
    try:
        with os.fdopen(os.dup(former[0]), "w") as terminal:
            yield terminal
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, number in zip(former, (1, 2), strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)
