"""What the Transform and the Trainer of `one_step.py` call."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx_bsl.public.tfxio import TensorFlowDatasetOptions

from components.preprocessing.preprocessing_fn import preprocessing_fn

__all__ = ["preprocessing_fn", "run_fn"]  # Gather reads the graph that this preprocessing_fn makes


def run_fn(fn_args: Any) -> None:
    """Trains a small network on the numbers among the columns, and exports it with the transform graph inside."""
    config, transform = fn_args.custom_config, tft.TFTransformOutput(fn_args.transform_output)
    names = [entry["name"] for entry in config["features"] if entry["kind"] == "numeric"]
    rows = fn_args.data_accessor.tf_dataset_factory(
        fn_args.train_files,
        TensorFlowDatasetOptions(batch_size=16, num_epochs=20, shuffle_seed=0),
        transform.transformed_metadata.schema,
    )
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input([len(names)]), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), "mean_squared_error")
    model.fit(rows.map(lambda row: (_columns(row, names), row[config["label"]])), verbose=0)

    model.tft_layer = layer = transform.transform_features_layer()
    spec = {name: kind for name, kind in transform.raw_feature_spec().items() if name in names}

    def examples(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        transformed = layer(tf.io.parse_example(serialized, spec))
        return {"prediction": tf.reshape(model(_columns(transformed, names)), [-1])}

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", examples, [tf.TensorSpec([None], tf.string, name="examples")])
    archive.write_out(fn_args.serving_model_dir, verbose=False)


def _columns(row: dict[str, tf.Tensor], names: list[str]) -> tf.Tensor:
    return tf.concat([tf.reshape(row[name], [-1, 1]) for name in names], axis=1)
