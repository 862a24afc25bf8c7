"""What can go wrong with a Beam job's processes."""

from __future__ import annotations

from components.errors import RunError


class WorkerDied(RunError):
    """A worker process of a Beam job ended before its work was done."""
