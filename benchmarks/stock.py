"""The same graph and the same model with TFX's own components and their defaults: what a user would write without Plumbline.

    python -m benchmarks.stock CONFIG ROOT

Prints a JSON line a step. The Trainer's `run_fn` reads the transformed rows, solves the same least squares with LAPACK, and
exports the same Keras graph.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import tfx.v1 as tfx  # what TFX's own guides import

import keras  # isort: skip
import numpy as np  # isort: skip
import tensorflow as tf  # isort: skip
import tensorflow_transform as tft  # isort: skip
from tfx.orchestration.metadata import sqlite_metadata_connection_config  # isort: skip
from tfx_bsl.public.tfxio import TensorFlowDatasetOptions  # isort: skip

from components.preprocessing.features import features_from_json
from components.preprocessing.preprocessing_fn import preprocessing_fn as with_identities
from components.preprocessing.transform_graph import design_matrix_of
from components.table.added_columns import ROW_COLUMN
from components.trainer.model import LINEAR_LAYER, build_model
from pipeline.config.file import load_config
from pipeline.local.launcher import LocalRun

# In process, as without arguments; without these, Beam would first try to download another runner.
BEAM_ARGS = [
    "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    "--sdk_container_image=none",
]


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Plumbline's, of rows without an identity: CsvExampleGen gives them none."""
    none = tf.zeros([tf.shape(inputs[custom_config["label"]])[0]], tf.int64)
    outputs = with_identities({**inputs, ROW_COLUMN: none}, {**custom_config, "grouped": False})
    return {name: value for name, value in outputs.items() if name != ROW_COLUMN}


def run_fn(fn_args: Any) -> None:
    """Fits and exports."""
    config = fn_args.custom_config
    transform = tft.TFTransformOutput(fn_args.transform_output)
    design = design_matrix_of(transform, features_from_json(config["features"]))
    batches = fn_args.data_accessor.tf_dataset_factory(
        fn_args.train_files,
        TensorFlowDatasetOptions(batch_size=8192, num_epochs=1, shuffle=False),
        transform.transformed_metadata.schema,
    )
    parts = [{name: np.ravel(value) for name, value in batch.items()} for batch in batches.as_numpy_iterator()]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    label = columns[config["label"]].astype(np.float64)
    x = np.column_stack([np.ones(len(label)), design.dense(columns)])
    solution = np.linalg.lstsq(x.T @ x, x.T @ label, rcond=1e-9)[0]
    model = build_model(design)
    model.get_layer(LINEAR_LAYER).set_weights([solution[1:, None].astype(np.float32), solution[:1].astype(np.float32)])
    _export(model, transform, config["label"], fn_args.serving_model_dir)
    Path(fn_args.model_run_dir, "rows.json").write_text(json.dumps(len(label)))


def _export(model: keras.Model, transform: tft.TFTransformOutput, label: str, directory: str) -> None:
    """The transform graph and the model in one SavedModel, as TFX's guides have it: a signature for serialised tf.Examples."""
    model.tft_layer = layer = transform.transform_features_layer()
    spec = {name: value for name, value in transform.raw_feature_spec().items() if name != label}

    def examples(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        transformed = layer(tf.io.parse_example(serialized, spec))
        return {"prediction": tf.reshape(model({name: transformed[name] for name in model.input}), [-1])}

    def transform_features(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(layer(tf.io.parse_example(serialized, transform.raw_feature_spec())))

    serialized = [tf.TensorSpec([None], tf.string, name="examples")]
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("examples", examples, serialized)
    archive.add_endpoint("transform_features", transform_features, serialized)
    archive.write_out(directory, verbose=False)


def create_pipeline(config: Any, root: Path) -> Any:
    """TFX's graph."""
    proto = tfx.proto
    base, pattern = config.data.location()
    splits = [proto.SplitConfig.Split(name=name, hash_buckets=n) for name, n in config.data.split_rule().shares.items()]
    examples = tfx.components.CsvExampleGen(
        input_base=str(base),
        input_config=proto.Input(splits=[proto.Input.Split(name="table", pattern=pattern)]),
        output_config=proto.Output(
            split_config=proto.SplitConfig(splits=splits, partition_feature_name=config.data.split_by)
        ),
    )
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"], infer_feature_shape=False)
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="benchmarks.stock.preprocessing_fn",
        custom_config=config.step_config(),
    )
    trainer = tfx.components.Trainer(
        run_fn="benchmarks.stock.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        train_args=proto.TrainArgs(splits=["train"]),
        eval_args=proto.EvalArgs(splits=["eval"]),
        custom_config=config.step_config(),
    )
    baseline = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
        model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
        model_blessing=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
    ).with_id("Baseline")
    evaluator = tfx.components.Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=baseline.outputs["model"],
        schema=schema.outputs["schema"],
        eval_config=_eval_config(config.label.column),
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=proto.PushDestination(
            filesystem=proto.PushDestination.Filesystem(base_directory=str(root / "serving"))
        ),
    )
    return tfx.dsl.Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(root / "pipelines"),
        metadata_connection_config=sqlite_metadata_connection_config(str(root / "metadata.db")),
        components=[examples, statistics, schema, validator, transform, trainer, baseline, evaluator, pusher],
        enable_cache=False,
        beam_pipeline_args=BEAM_ARGS,
    )


def _eval_config(label: str) -> Any:
    import tensorflow_model_analysis as tfma

    limit = tfma.MetricThreshold(value_threshold=tfma.GenericValueThreshold(upper_bound={"value": 100.0}))
    names = ("RootMeanSquaredError", "MeanAbsoluteError", "MeanLabel", "MeanPrediction", "ExampleCount")
    return tfma.EvalConfig(
        model_specs=[tfma.ModelSpec(signature_name="examples", label_key=label)],
        slicing_specs=[tfma.SlicingSpec()],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[
                    tfma.MetricConfig(class_name="MeanSquaredError", threshold=limit),
                    *(tfma.MetricConfig(class_name=name) for name in names),
                ]
            )
        ],
    )


def main() -> None:
    """Runs it."""
    config, root = load_config(Path(sys.argv[1])), Path(sys.argv[2])
    os.makedirs(root)
    run = LocalRun(create_pipeline(config, root), cache=False, rerun_from=None)
    results = run.run()
    print(json.dumps({"step": "start", "at": time.time()}), flush=True)  # noqa: T201
    for _ in run.steps:
        result = next(results)
        line: dict[str, Any] = {"step": result.step.replace("CsvExampleGen", "ExampleGen"), "at": time.time()}
        if "model_run" in result.outputs:
            [folder] = result.outputs["model_run"]
            line["rows"] = json.loads(Path(folder.uri, "rows.json").read_text())
        if "evaluation" in result.outputs:
            [folder] = result.outputs["evaluation"]
            line["metrics"] = _metrics(folder.uri)
        print(json.dumps(line), flush=True)  # noqa: T201


def _metrics(uri: str) -> dict[str, float]:
    import tensorflow_model_analysis as tfma

    [(_, by_output)] = tfma.load_eval_result(uri).slicing_metrics
    return {name: value["doubleValue"] for name, value in by_output[""][""].items() if "doubleValue" in value}


if __name__ == "__main__":
    del tf
    main()
