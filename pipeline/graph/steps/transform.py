"""Transform: TFX's, with our `preprocessing_fn`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.config.file import Config
from pipeline.graph.step import Results, Step, Wiring, judged
from pipeline.graph.steps import data_gate, example_gen, schema_gen

EXAMPLES = "transformed_examples"
PREPROCESSING = "components.preprocessing.preprocessing_fn"


def _node(wiring: Wiring) -> Any:
    from tfx.components import Transform
    from tfx.proto import transform_pb2

    from components.fingerprint import code_fingerprint

    transform = Transform(
        examples=wiring.output(example_gen.STEP, "examples"),
        schema=wiring.output(schema_gen.STEP, "schema"),
        preprocessing_fn=f"{PREPROCESSING}.preprocessing_fn",
        custom_config={**wiring.config.step_config(), "code": code_fingerprint(PREPROCESSING)},
        splits_config=transform_pb2.SplitsConfig(
            analyze=["train"],
            transform=list(dict.fromkeys(["train", wiring.judged])) if wiring.config.materialize else [],
        ),
        materialize=wiring.config.materialize,
        disable_statistics=True,  # StatisticsGen has them
        disable_analyzer_cache=True,  # no step takes it, and on a small table a tenth of the work is to write it
    )
    transform.add_upstream_node(wiring.nodes[data_gate.STEP.name])
    return transform


def _count(results: Results) -> dict[str, int]:
    import tensorflow as tf
    from tfx.types import artifact_utils

    rows: dict[str, int] = {}
    if EXAMPLES not in results.outputs[STEP.name]:  # it analysed alone
        return rows
    artifact = results.artifact(STEP, EXAMPLES)
    for split in artifact_utils.decode_split_names(artifact.split_names):
        files = sorted(map(str, (Path(artifact.uri) / f"Split-{split}").glob("*")))
        data = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(4096)
        rows[split] = int(data.reduce(0, lambda total, batch: total + tf.size(batch)))
    return rows


def _reads(config: Config) -> list[str]:
    return ["train", *(["train", judged(config)] if config.materialize and config.data.held_out else [])]


STEP = Step("Transform", _node, count=_count, beam_modules=(PREPROCESSING,), reads=_reads)
