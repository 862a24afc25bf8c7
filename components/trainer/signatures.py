"""Exports a fitted model with the transform graph inside, and the signatures that callers use.

Numbers go in and out as 32-bit floats, but for whole ones, which go in exactly: tf.Examples hold no others, TF Serving's Regress
takes no others, and its clients read `float_val`. What adds many terms up (contributions, the variance of a prediction) is
computed in 64 bits inside the graph.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow.core.protobuf import saved_model_pb2

from components.linear_model.families.family import Served
from components.linear_model.portable import UNBOUNDED, Interval, PortableModel
from components.linear_model.scoring import AGREE
from components.trainer import inputs
from components.trainer.model import input_names

PREDICTION = "prediction"
OF_COLUMNS = ("serving_default", "explain")


def export(
    model: keras.Model,
    transform: tft.TFTransformOutput,
    portable: PortableModel,
    directory: str,
) -> None:
    """Writes a SavedModel.

    Signatures:
      serving_default: raw columns by name, shape [n] or [n, 1], of `inputs.input_type`; a missing number is NaN, a missing text
        one of those that stand for nothing. Answers `{"prediction": float32 [n]}`.
      explain: the same columns; answers as `scoring.score` says, float32 [n] each.
      examples: serialised tf.Examples, string [n], to predictions.
      regress (for least squares; what the family says): the same by TF Serving's Regress method: `inputs` to `outputs`.
      transform_features: serialised tf.Examples to transformed columns, as TFX has it.

    Args:
      model: takes the transformed columns.
      transform: the finished transform graph.
      portable: its features alone are inputs.
      directory: to write to.
    """
    layer = transform.transform_features_layer()
    model.tft_layer = layer  # tracked by the model, so that the vocabularies' tables are exported
    raw_spec = transform.raw_feature_spec()
    features, served = portable.features, portable.of_family.served
    spec = {entry["name"]: raw_spec[entry["name"]] for entry in features}
    full_spec = spec | {name: raw_spec[name] for name in (portable.label, portable.weight) if name}
    explanation = _Explanation(portable)
    keys = input_names(portable.design)

    def predict(transformed: dict[str, tf.Tensor]) -> tf.Tensor:
        found = tf.reshape(model({name: transformed[key] for key, name in keys.items()}), [-1])
        found = portable.of_family.link.inverse(found, tf.math)
        bounded = tf.clip_by_value(found, -UNBOUNDED, UNBOUNDED)
        return tf.where(tf.math.is_nan(found), tf.constant(UNBOUNDED, tf.float32), bounded)

    def of_columns(columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        by_name = {entry["name"]: columns[entry["input"]] for entry in features}
        parsed = inputs.as_parsed(by_name, features, spec, portable.missing)
        return dict(layer(inputs.checked(parsed, features)))

    def of_examples(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(layer(inputs.checked(tf.io.parse_example(serialized, spec), features)))

    def serving_default(columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {PREDICTION: predict(of_columns(columns))}

    def explain(columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        transformed = of_columns(columns)
        return explanation(transformed, predict(transformed))

    def examples(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return {PREDICTION: predict(of_examples(serialized))}

    def by_method(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return {served.output: predict(of_examples(serialized))}

    def transform_features(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(layer(tf.io.parse_example(serialized, full_spec)))

    serialized = [tf.TensorSpec([None], tf.string, name="examples")]
    columns = [
        {entry["input"]: tf.TensorSpec([None], inputs.input_type(entry), name=entry["input"]) for entry in features}
    ]
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", serving_default, columns)
    archive.add_endpoint("explain", explain, columns)
    archive.add_endpoint("examples", examples, serialized)
    archive.add_endpoint(served.signature, by_method, [tf.TensorSpec([None], tf.string, name="inputs")])
    archive.add_endpoint("transform_features", transform_features, serialized)
    archive.write_out(directory, verbose=False)
    _finish(directory, {entry["input"]: entry["name"] for entry in features}, served)


def _finish(directory: str, names: Mapping[str, str], served: Served) -> None:
    """Gives the family's signature its method, and the inputs of raw columns the columns' own names.

    Keras can export neither: an input is an argument of a function there. Servers look a signature's inputs up by these names, and
    use them nowhere else.

    Args:
      directory: of the SavedModel.
      names: of the columns, by that of their input.
      served: the family's signature.
    """
    path = os.path.join(directory, "saved_model.pb")
    with tf.io.gfile.GFile(path, "rb") as file:
        saved = saved_model_pb2.SavedModel.FromString(file.read())
    for graph in saved.meta_graphs:
        graph.signature_def[served.signature].method_name = served.method
        for signature in OF_COLUMNS:
            definition = graph.signature_def[signature]
            exported = {name: copy.deepcopy(info) for name, info in definition.inputs.items()}
            definition.ClearField("inputs")
            for name, info in exported.items():
                definition.inputs[names[name]].CopyFrom(info)
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(saved.SerializeToString(deterministic=True))


class _Explanation:
    """`scoring.score` as graph operations; the covariance and the rest are constants."""

    def __init__(self, portable: PortableModel) -> None:
        self._terms = portable.design.terms
        self._features = portable.feature_columns
        self._coefficients = portable.coefficients
        self._means = portable.means
        self._interval = portable.interval
        self._inverse = portable.of_family.link.inverse
        self._dependences = tf.constant(portable.dependences)

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
            error = self._standard_error(matrix, self._interval)
            half = self._interval.t * error
            predictor = baseline + tf.reduce_sum(terms, axis=1)
            low, high = (self._inverse(predictor + side * half, tf.math) for side in (-1.0, 1.0))
            answer |= {"standard_error": error, "low": low, "high": high}
        bounded = {name: tf.clip_by_value(value, -UNBOUNDED, UNBOUNDED) for name, value in answer.items()}
        return {PREDICTION: prediction, **{name: tf.cast(value, tf.float32) for name, value in bounded.items()}}

    def _standard_error(self, matrix: tf.Tensor, interval: Interval) -> tf.Tensor:
        covariance = tf.constant(interval.covariance)
        variance = tf.reduce_sum(tf.matmul(matrix, covariance) * matrix, axis=1)
        error = tf.sqrt(tf.constant(interval.sigma, tf.float64) ** 2 + variance)
        gaps = tf.abs(tf.matmul(matrix, self._dependences))
        sizes = tf.matmul(tf.abs(matrix), tf.abs(self._dependences))
        outside = tf.reduce_any(gaps > AGREE * sizes, axis=1)
        return tf.where(outside, tf.constant(UNBOUNDED, tf.float64), error)
