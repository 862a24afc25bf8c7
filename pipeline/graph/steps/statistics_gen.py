"""StatisticsGen: TFX's, of every split but the test split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.graph.step import Results, Step, Wiring, seen
from pipeline.graph.steps import example_gen


def _node(wiring: Wiring) -> Any:
    from tfx.components import StatisticsGen

    return StatisticsGen(examples=wiring.output(example_gen.STEP, "examples"), exclude_splits=wiring.unseen)


def datasets(folder: Path, split: str) -> Sequence[Any]:
    """A split's statistics, as TensorFlow Data Validation has them: one `DatasetFeatureStatistics`.

    Args:
      folder: of the `ExampleStatistics`.
      split: its name.
    """
    from tensorflow_metadata.proto.v0 import statistics_pb2

    file = folder / f"Split-{split}" / "FeatureStats.pb"
    return statistics_pb2.DatasetFeatureStatisticsList.FromString(file.read_bytes()).datasets


def _count(results: Results) -> dict[str, int]:
    from tfx.types import artifact_utils

    artifact = results.artifact(STEP, "statistics")
    rows = {}
    for split in artifact_utils.decode_split_names(artifact.split_names):
        [dataset] = datasets(Path(artifact.uri), split)
        rows[split] = int(dataset.num_examples)
    return rows


STEP = Step("StatisticsGen", _node, count=_count, reads=seen)
