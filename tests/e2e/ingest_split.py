"""Runs TableExampleGen's executor alone, and prints the rows of each split.

python -m tests.e2e.ingest_split FOLDER PATTERN WORKERS OUT
"""

from __future__ import annotations

import json
import sys

import tensorflow as tf
import tfx.components  # noqa: F401 (first)
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import standard_artifacts

from components.ingest.component import TableExampleGen
from components.ingest.executor import Executor
from components.table.spec import TableSpec
from pipeline.beam import fork_server
from pipeline.beam.in_process import local_args

SPEC = TableSpec(numbers=["x", "y"], texts=["c"], label="y")


def main() -> None:
    """Ingests, reads back."""
    folder, pattern, workers, out = sys.argv[1:]
    if int(workers) > 1:
        fork_server.start()
    component = TableExampleGen(folder, pattern, SPEC, 0, f"{out}-rejected")
    examples = standard_artifacts.Examples()
    examples.uri = out
    context = BaseBeamExecutor.Context(local_args(int(workers)), "", tmp_dir=f"{out}-tmp", unique_id="1")
    Executor(context).Do({}, {"examples": [examples]}, dict(component.spec.exec_properties))
    splits = {}
    for split in ("train", "eval"):
        files = tf.io.gfile.glob(f"{out}/Split-{split}/*")
        splits[split] = sorted(
            map(_row, tf.data.TFRecordDataset(sorted(files), "GZIP").as_numpy_iterator()), key=json.dumps
        )
    print(json.dumps(splits))  # noqa: T201


def _row(record: bytes) -> dict[str, object]:
    features = tf.train.Example.FromString(record).features.feature
    return {
        "x": list(features["x"].float_list.value),
        "y": list(features["y"].float_list.value),
        "c": [value.decode() for value in features["c"].bytes_list.value],
        "plumbline_row": features["plumbline_row"].int64_list.value[0],
    }


if __name__ == "__main__":
    main()
