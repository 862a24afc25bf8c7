"""TFX's own StatisticsGen and Transform read a folder of ours: python -m tests.e2e.stock_reader EXAMPLES ROOT

Nothing of `pipeline.beam.in_process` is imported, so that TFX reads and writes in its own way. Prints, by split, the rows that
each saw.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import tfx.components  # noqa: F401 (first)

import tensorflow as tf  # isort: skip
import tensorflow_data_validation as tfdv  # isort: skip
from tfx.components import SchemaGen, StatisticsGen, Transform
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.pipeline import Pipeline
from tfx.types import standard_artifacts

from pipeline.config.file import load_config
from pipeline.local.launcher import LocalRun

BEAM_ARGS = ["--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner", "--sdk_container_image=none"]


def main() -> None:
    """Runs the three steps."""
    config, uri, root = load_config(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3])
    examples = Importer(
        source_uri=uri,
        artifact_type=standard_artifacts.Examples,
        properties={"split_names": '["train", "eval"]'},
        custom_properties={"payload_format": "FORMAT_TF_EXAMPLE", "file_format": "tfrecords_gzip"},
    ).with_id("Examples")
    statistics = StatisticsGen(examples=examples.outputs["result"])
    schema = SchemaGen(statistics=statistics.outputs["statistics"], infer_feature_shape=False)
    transform = Transform(
        examples=examples.outputs["result"],
        schema=schema.outputs["schema"],
        preprocessing_fn="components.preprocessing.preprocessing_fn.preprocessing_fn",
        custom_config=config.step_config(),
    )
    pipeline = Pipeline(
        pipeline_name="stock",
        pipeline_root=str(root / "pipelines"),
        metadata_connection_config=sqlite_metadata_connection_config(str(root / "metadata.db")),
        components=[examples, statistics, schema, transform],
        beam_pipeline_args=BEAM_ARGS,
    )
    found = {
        result.step: result.outputs
        for result in LocalRun(pipeline, "2026-01-01T00:00:00", cache=False, rerun_from=None).run()
    }
    [seen] = found["StatisticsGen"]["statistics"]
    [written] = found["Transform"]["transformed_examples"]
    counts = {
        split: [
            tfdv.load_stats_binary(f"{seen.uri}/Split-{split}/FeatureStats.pb").datasets[0].num_examples,
            sum(1 for _ in tf.data.TFRecordDataset(tf.io.gfile.glob(f"{written.uri}/Split-{split}/*"), "GZIP")),
        ]
        for split in ("train", "eval")
    }
    print(json.dumps(counts))  # noqa: T201


if __name__ == "__main__":
    main()
