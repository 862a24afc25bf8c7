"""Exports a fitted model with the transform graph inside, and the signatures that callers use.

Numbers go in and out as 32-bit floats: tf.Examples hold no others, TF Serving's Regress takes no others, and its clients read
`float_val`. What adds many terms up (contributions, the variance of a prediction) is computed in 64 bits inside the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.preprocessing.design_matrix import DesignMatrix
from components.trainer.portable import AGREE, UNBOUNDED, dependence_matrix, feature_columns

PREDICTION = "prediction"
REGRESS = "regress"


def export(
    model: keras.Model,
    transform: tft.TFTransformOutput,
    portable: Mapping[str, Any],
    directory: str,
) -> None:
    """Writes a SavedModel.

    Signatures:
      serving_default: raw columns by name, shape [n] or [n, 1]; a missing number is NaN, a missing text is empty. Answers
        `{"prediction": float32 [n]}`.
      explain: the same columns; answers as `portable.score` says, float32 [n] each.
      examples: serialised tf.Examples, string [n], to predictions.
      regress: the same by TF Serving's Regress method: `inputs` to `outputs`.
      transform_features: serialised tf.Examples to transformed columns, as TFX has it.

    Args:
      model: takes the transformed columns.
      transform: the finished transform graph.
      portable: from `portable.portable_model`; its features alone are inputs.
      directory: to write to.
    """
    layer = transform.transform_features_layer()
    model.tft_layer = layer  # tracked by the model, so that the vocabularies' tables are exported
    raw_spec = transform.raw_feature_spec()
    spec = {entry["name"]: raw_spec[entry["name"]] for entry in portable["features"]}
    full_spec = spec | {name: raw_spec[name] for name in (portable["label"], portable["weight"]) if name}
    explanation = _Explanation(portable)

    def predict(transformed: dict[str, tf.Tensor]) -> tf.Tensor:
        return tf.reshape(model({name: transformed[name] for name in model.input}), [-1])

    def parsed(columns: dict[str, tf.Tensor]) -> dict[str, Any]:
        return {name: _as_parsed(columns[name], value) for name, value in spec.items()}

    def serving_default(columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {PREDICTION: predict(layer(parsed(columns)))}

    def explain(columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        transformed = layer(parsed(columns))
        return explanation(transformed, predict(transformed))

    def examples(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return {PREDICTION: predict(layer(tf.io.parse_example(serialized, spec)))}

    def regress(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"outputs": predict(layer(tf.io.parse_example(inputs, spec)))}

    def transform_features(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(layer(tf.io.parse_example(serialized, full_spec)))

    serialized = [tf.TensorSpec([None], tf.string, name="examples")]
    columns = [{name: tf.TensorSpec([None], value.dtype, name=name) for name, value in spec.items()}]
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", serving_default, columns)
    archive.add_endpoint("explain", explain, columns)
    archive.add_endpoint("examples", examples, serialized)
    archive.add_endpoint(REGRESS, regress, [tf.TensorSpec([None], tf.string, name="inputs")])
    archive.add_endpoint("transform_features", transform_features, serialized)
    archive.write_out(directory, verbose=False)
    names = tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater(directory)
    names.replace_method_name(REGRESS, tf.saved_model.REGRESS_METHOD_NAME)
    names.save()


class _Explanation:
    """`portable.score` as graph operations; the covariance and the rest are constants."""

    def __init__(self, portable: Mapping[str, Any]) -> None:
        self._terms = DesignMatrix.from_json(portable["design"]).terms
        self._features = feature_columns(portable)
        self._coefficients = np.array(portable["coefficients"])
        self._means = np.array(portable["means"])
        self._interval = portable["interval"]
        self._dependences = tf.constant(dependence_matrix(portable))

    def __call__(self, transformed: Mapping[str, tf.Tensor], prediction: tf.Tensor) -> dict[str, tf.Tensor]:
        """Takes transformed columns, [n] each, and the predictions, float32 [n]."""
        parts = [
            tf.one_hot(transformed[term.key], term.width, dtype=tf.float64)
            if term.levels
            else tf.cast(tf.reshape(transformed[term.key], [-1, 1]), tf.float64)
            for term in self._terms
        ]
        matrix = tf.concat([tf.ones_like(parts[0][:, :1]), *parts], axis=1)
        terms = (matrix - self._means) * self._coefficients
        baseline = tf.fill(tf.shape(prediction), tf.constant(self._means @ self._coefficients))
        answer = {"baseline": baseline}
        for name, columns in self._features.items():
            answer[f"contribution_{name}"] = tf.reduce_sum(tf.gather(terms, columns, axis=1), axis=1)
        if self._interval:
            error = self._standard_error(matrix)
            half = self._interval["t"] * error
            wide = tf.cast(prediction, tf.float64)
            answer |= {"standard_error": error, "low": wide - half, "high": wide + half}
        bounded = {name: tf.clip_by_value(value, -UNBOUNDED, UNBOUNDED) for name, value in answer.items()}
        return {PREDICTION: prediction, **{name: tf.cast(value, tf.float32) for name, value in bounded.items()}}

    def _standard_error(self, matrix: tf.Tensor) -> tf.Tensor:
        covariance = tf.constant(self._interval["covariance"], tf.float64)
        variance = tf.reduce_sum(tf.matmul(matrix, covariance) * matrix, axis=1)
        error = tf.sqrt(tf.constant(self._interval["sigma"], tf.float64) ** 2 + variance)
        gaps = tf.abs(tf.matmul(matrix, self._dependences))
        sizes = tf.matmul(tf.abs(matrix), tf.abs(self._dependences))
        outside = tf.reduce_any(gaps > AGREE * sizes, axis=1)
        return tf.where(outside, tf.constant(UNBOUNDED, tf.float64), error)


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
