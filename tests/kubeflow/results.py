"""What a run leaves behind, be it a local or a compiled one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from components.publishing.versions import versions
from tests.conftest import WholeRun

NAMES = {
    "seed": "seed",
    "taxi": "taxi-fare",
    "tips": "taxi-tips",
    "delays": "late-flights",
    "kinds": "kinds",
}  # of the examples' pipelines


def read(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text())


def pushed_model(serving: Path) -> Any:
    """The `model.json` of the only version in a folder."""
    [version] = versions(serving)
    return read(serving / str(version) / "model.json")


def local_model(example: str, run: WholeRun) -> Any:
    """The `model.json` that the local run of an example pushed."""
    return pushed_model(run.root / "serving" / NAMES[example])


def last_words(text: str) -> str:
    """The message that ends what a command or a task wrote."""
    return text[text.rindex("plumbline: ") :].rstrip()
