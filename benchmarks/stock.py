"""What a user would write without Plumbline: TFX's own components with their defaults, run by TFX's own LocalDagRunner.

    python -m benchmarks.stock CONFIG ROOT

It takes the table, the features and the label of one of Plumbline's configurations, and nothing of Plumbline's code. The
`preprocessing_fn` is what TFX's template for the taxi table has. The Trainer's `run_fn` reads the transformed rows, solves the
least squares, and exports a linear Keras model behind the transform graph. Prints a line of JSON: the rows trained on, the
metrics, and whether it was pushed.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
from pathlib import Path
from typing import Any

import tfx.v1 as tfx  # what TFX's own guides import

import keras  # isort: skip
import numpy as np  # isort: skip
import scipy.sparse  # isort: skip
import scipy.sparse.linalg  # isort: skip
import tensorflow as tf  # isort: skip
import tensorflow_transform as tft  # isort: skip
import yaml  # isort: skip
from tfx.orchestration.metadata import sqlite_metadata_connection_config  # isort: skip
from tfx_bsl.public.tfxio import TensorFlowDatasetOptions  # isort: skip

# In process, as without arguments; without these, Beam would first try to download another runner, and TFX make a package of
# itself for every step.
BEAM_ARGS = [
    "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    "--sdk_container_image=none",
]
SHARES = {"train": 4, "eval": 1}
LIMIT = 1000.0  # of the mean squared error: a model of each of the tables is pushed
TINY = 1e-6  # on the diagonal of the normal equations: one-hot columns and an intercept are collinear


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """z-scores, level ids and interval ids, each [n]; a number missing or out of range is the mean, a missing text a level."""
    outputs = {}
    for name, feature in custom_config["features"].items():
        if feature["kind"] == "numeric":
            x = tf.cast(inputs[name], tf.float32)
            valid = (x.values >= feature.get("min", -math.inf)) & (x.values <= feature.get("max", math.inf))
            outputs[name] = _filled(tft.scale_to_z_score(tf.sparse.retain(x, valid)))
        elif feature["kind"] == "buckets":
            boundaries = tf.constant([feature["boundaries"]], tf.float32)
            outputs[name] = tft.apply_buckets(tf.cast(_filled(inputs[name]), tf.float32), boundaries)
        else:
            outputs[name] = tft.compute_and_apply_vocabulary(
                _filled(inputs[name]), top_k=feature["vocabulary"], num_oov_buckets=1, vocab_filename=name
            )
    label = custom_config["label"]
    outputs[label] = tf.cast(_filled(inputs[label]), tf.float32)
    return outputs


def _filled(x: tf.SparseTensor) -> tf.Tensor:
    """[n], with '' or 0 where a value is missing, as in TFX's template."""
    x = tf.SparseTensor(x.indices, x.values, [x.dense_shape[0], 1])
    return tf.squeeze(tf.sparse.to_dense(x, "" if x.dtype == tf.string else 0), axis=1)


def run_fn(fn_args: Any) -> None:
    """Fits and exports."""
    features, label = fn_args.custom_config["features"], fn_args.custom_config["label"]
    transform = tft.TFTransformOutput(fn_args.transform_output)
    batches = fn_args.data_accessor.tf_dataset_factory(
        fn_args.train_files,
        TensorFlowDatasetOptions(batch_size=8192, num_epochs=1, shuffle=False),
        transform.transformed_metadata.schema,
    )
    parts = [{name: np.ravel(value) for name, value in batch.items()} for batch in batches.as_numpy_iterator()]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    levels = {name: _levels(transform, name, feature) for name, feature in features.items()}
    model = _model(levels)
    _fit(model, columns, label, levels)
    _export(model, transform, label, fn_args.serving_model_dir)
    Path(fn_args.model_run_dir, "rows.json").write_text(json.dumps(len(columns[label])))


def _levels(transform: tft.TFTransformOutput, name: str, feature: dict[str, Any]) -> int:
    """How many ids a column has; 0 of a number."""
    if feature["kind"] == "numeric":
        return 0
    if feature["kind"] == "buckets":
        return len(feature["boundaries"]) + 1
    return transform.vocabulary_size_by_name(name) + 1


def _model(levels: dict[str, int]) -> keras.Model:
    """b + X·w: a weight a level, looked up, and a dense layer of one unit."""
    inputs = {name: keras.Input((), name=name, dtype="int64" if count else "float32") for name, count in levels.items()}
    columns = [
        keras.layers.Embedding(count, 1, name=f"levels_{name}")(inputs[name])
        if count
        else keras.layers.Reshape((1,))(inputs[name])
        for name, count in levels.items()
    ]
    matrix = columns[0] if len(columns) == 1 else keras.layers.Concatenate()(columns)
    return keras.Model(inputs, keras.layers.Dense(1, name="linear")(matrix))


def _fit(model: keras.Model, columns: dict[str, Any], label: str, levels: dict[str, int]) -> None:
    """Puts the least squares into the model, by the normal equations of the sparse design matrix."""
    y, rows = columns[label].astype(np.float64), len(columns[label])
    blocks = [
        scipy.sparse.csr_matrix((np.ones(rows), columns[name], np.arange(rows + 1)), (rows, count))
        if count
        else scipy.sparse.csr_matrix(columns[name].astype(np.float64)[:, None])
        for name, count in levels.items()
    ]
    x = scipy.sparse.hstack([np.ones((rows, 1)), *blocks], format="csr")
    gram = (x.T @ x + TINY * scipy.sparse.identity(x.shape[1])).tocsc()
    intercept, *coefficients = np.split(
        scipy.sparse.linalg.spsolve(gram, x.T @ y), np.cumsum([1, *(count or 1 for count in levels.values())])[:-1]
    )
    kernel = np.ones(len(levels))
    for place, (name, count) in enumerate(levels.items()):
        if count:
            model.get_layer(f"levels_{name}").set_weights([coefficients[place][:, None]])
        else:
            kernel[place] = coefficients[place][0]
    model.get_layer("linear").set_weights([kernel[:, None], intercept])


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


def create_pipeline(path: Path, root: Path) -> Any:
    """TFX's graph.

    Args:
      path: of the configuration.
      root: where it writes.
    """
    config, proto = yaml.safe_load(path.read_text()), tfx.proto
    data, custom = config["data"], {"features": _features(config), "label": config["label"]}
    splits = [proto.SplitConfig.Split(name=name, hash_buckets=count) for name, count in SHARES.items()]
    examples = tfx.components.CsvExampleGen(
        input_base=str(path.parent),
        input_config=proto.Input(splits=[proto.Input.Split(name="table", pattern=data["path"])]),
        output_config=proto.Output(
            split_config=proto.SplitConfig(splits=splits, partition_feature_name=data.get("split_by"))
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
        custom_config=custom,
    )
    trainer = tfx.components.Trainer(
        run_fn="benchmarks.stock.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        train_args=proto.TrainArgs(splits=["train"]),
        eval_args=proto.EvalArgs(splits=["eval"]),
        custom_config=custom,
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
        eval_config=_eval_config(config["label"]),
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=proto.PushDestination(
            filesystem=proto.PushDestination.Filesystem(base_directory=str(root / "serving"))
        ),
    )
    return tfx.dsl.Pipeline(
        pipeline_name=config["name"],
        pipeline_root=str(root / "pipelines"),
        metadata_connection_config=sqlite_metadata_connection_config(str(root / "metadata.db")),
        components=[examples, statistics, schema, validator, transform, trainer, baseline, evaluator, pusher],
        enable_cache=False,
        beam_pipeline_args=BEAM_ARGS,
    )


def _features(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Of the configuration, those that stand for themselves by a word too; others than these kinds are none of the benchmark's."""
    found = {
        name: {"kind": feature} if isinstance(feature, str) else feature for name, feature in config["features"].items()
    }
    unknown = {feature["kind"] for feature in found.values()} - {"numeric", "buckets", "categorical"}
    if unknown:
        raise ValueError(f"stock has no {', '.join(sorted(unknown))}")
    return found


def _eval_config(label: str) -> Any:
    import tensorflow_model_analysis as tfma

    limit = tfma.MetricThreshold(value_threshold=tfma.GenericValueThreshold(upper_bound={"value": LIMIT}))
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


def _metrics(uri: Path) -> dict[str, float]:
    import tensorflow_model_analysis as tfma

    [(_, by_output)] = tfma.load_eval_result(str(uri)).slicing_metrics
    return {name: value["doubleValue"] for name, value in by_output[""][""].items() if "doubleValue" in value}


def main() -> None:
    """Runs it."""
    path, root = Path(sys.argv[1]), Path(sys.argv[2])
    root.mkdir(parents=True)
    tfx.orchestration.LocalDagRunner().run(create_pipeline(path, root))
    [rows] = root.glob("pipelines/Trainer/model_run/*/rows.json")
    [evaluation] = root.glob("pipelines/Evaluator/evaluation/*")
    pushed = any(root.glob("serving/*"))
    print(json.dumps({"trained": json.loads(rows.read_text()), "metrics": _metrics(evaluation), "pushed": pushed}))  # noqa: T201


if __name__ == "__main__":
    importlib.import_module("benchmarks.stock").main()  # not `__main__`: the steps import it by its name
