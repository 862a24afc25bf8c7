"""Ingest's executor alone, as a run's first step runs it, and what it wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def ingest(folder: Path, pattern: str, out: Path, **spec: Any) -> dict[str, Any]:
    """Writes the artifact to a folder. Returns the counts."""
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
    from tfx.types import standard_artifacts

    from components.ingest.component import TableExampleGen
    from components.ingest.executor import Executor
    from components.table.spec import TableSpec
    from pipeline.beam.in_process import local_args

    table = TableSpec(**{"numbers": ["x", "y"], "texts": [], "label": "y", **spec})
    component = TableExampleGen(str(folder), pattern, table, 0, f"{out}-rejected")
    examples = standard_artifacts.Examples()
    examples.uri = str(out)
    context = BaseBeamExecutor.Context(
        list(local_args(0)), "", tmp_dir=f"{out}-tmp", unique_id="1"
    )  # TFX adds to the list
    Executor(context).Do({}, {"examples": [examples]}, dict(component.spec.exec_properties))
    counts: dict[str, Any] = json.loads((out / "counts.json").read_text())
    return counts


def stored(folder: Path, split: str = "*") -> tuple[dict[str, list[Any]], dict[str, set[str]]]:
    """The tf.Examples of an artifact's splits: by feature, the values in order, and the kinds that they have."""
    import tensorflow as tf

    columns: dict[str, list[Any]] = {}
    kinds: dict[str, set[str]] = {}
    for path in sorted(folder.glob(f"Split-{split}/data_tfrecord-*")):
        for record in tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator():
            for name, feature in tf.train.Example.FromString(record).features.feature.items():
                kind = feature.WhichOneof("kind")
                columns.setdefault(name, []).append(getattr(feature, kind).value[0] if kind else None)
                kinds.setdefault(name, set()).add(kind)
    return columns, kinds
