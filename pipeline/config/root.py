"""What lies where below the one root folder that a run on this machine writes to."""

from __future__ import annotations

from pathlib import Path

METADATA = "metadata.db"  # ML Metadata's
LOCK = ".lock"  # the file that a run locks


def runs_directory(root: Path, name: str) -> Path:
    """Folder of a pipeline's summaries, one JSON file a run."""
    return root / "pipelines" / name / "runs"


def rejected_directory(root: Path, name: str) -> Path:
    """Folder of the lists of a pipeline's bad rows."""
    return root / "pipelines" / name / "rejected"


def failed_directory(root: Path, name: str) -> Path:
    """Folder of the reports of a pipeline's runs that failed, by the time when each began."""
    return root / "pipelines" / name / "failed"
