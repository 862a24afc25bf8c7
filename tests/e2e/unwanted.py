"""Configurations of runs that end without a model."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.conftest import REPOSITORY


def write_refused(folder: Path) -> Path:
    """The tips, with a limit that no model keeps."""
    folder.mkdir(exist_ok=True)
    text = (REPOSITORY / "data/tips/pipeline.yaml").read_text()
    text = text.replace("auc: {min: 0.9}", "auc: {min: 0.99}").replace("l2: auto", "l2: 1")
    path = folder / "refused.yaml"
    path.write_text(text.replace("path: data.csv", f"path: {REPOSITORY / 'data/tips/data.csv'}"))
    return path


def write_stopped(folder: Path) -> Path:
    """Taxi trips of which one was paid in another way than the schema has it, and one was in another month."""
    folder.mkdir(exist_ok=True)
    table = pd.read_csv(REPOSITORY / "data/taxi/data.csv", nrows=400, dtype=str)
    table.loc[7, "payment_type"] = "Bitcoin"
    table.loc[9, "trip_start_month"] = "13"
    table.to_csv(folder / "data.csv", index=False)
    for name in ("pipeline.yaml", "schema.pbtxt"):
        (folder / name).write_text((REPOSITORY / "data/taxi" / name).read_text())
    return folder / "pipeline.yaml"
