"""Exports a fitted model with the transform graph inside, and the signatures that callers use."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

PREDICTION = "prediction"


def export(model: keras.Model, transform: tft.TFTransformOutput, not_served: Collection[str], directory: str) -> None:
    """Writes a SavedModel.

    Signatures:
      serving_default: raw columns by name, shape [n] or [n, 1]; a missing number is NaN, a missing text is empty.
      examples: serialised tf.Examples, string [n].
      transform_features: serialised tf.Examples to transformed columns, as TFX has it.
    The first two answer `{"prediction": float32 [n]}`.

    Args:
      model: takes the transformed columns.
      transform: the finished transform graph.
      not_served: raw columns that a caller does not send (label, weight).
      directory: to write to.
    """
    layer = transform.transform_features_layer()
    model.tft_layer = layer  # tracked by the model, so that the vocabularies' tables are exported
    full_spec = transform.raw_feature_spec()
    spec = {name: value for name, value in full_spec.items() if name not in not_served}

    def predict(raw: dict[str, Any]) -> dict[str, tf.Tensor]:
        transformed = layer(raw)
        predicted = model({name: transformed[name] for name in model.input})
        return {PREDICTION: tf.reshape(predicted, [-1])}

    def serving_default(columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return predict({name: _as_parsed(columns[name], value) for name, value in spec.items()})

    def examples(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return predict(tf.io.parse_example(serialized, spec))

    def transform_features(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(layer(tf.io.parse_example(serialized, full_spec)))

    serialized = [tf.TensorSpec([None], tf.string, name="examples")]
    columns = [{name: tf.TensorSpec([None], value.dtype, name=name) for name, value in spec.items()}]
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", serving_default, columns)
    archive.add_endpoint("examples", examples, serialized)
    archive.add_endpoint("transform_features", transform_features, serialized)
    archive.write_out(directory, verbose=False)


def _as_parsed(value: tf.Tensor, spec: Any) -> tf.Tensor | tf.SparseTensor:
    """A raw column in the form that parsing a tf.Example gives it."""
    column = tf.reshape(value, [-1, 1])
    if isinstance(spec, tf.io.FixedLenFeature):
        return tf.reshape(column, [-1, *spec.shape])
    if spec.dtype == tf.string:
        present = tf.not_equal(column, "")
    elif spec.dtype.is_floating:
        present = ~tf.math.is_nan(column)
    else:
        present = tf.ones_like(column, tf.bool)
    indices = tf.where(present)
    return tf.SparseTensor(indices, tf.gather_nd(column, indices), tf.shape(column, out_type=tf.int64))
