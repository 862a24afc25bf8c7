"""Exports a fitted model with the transform graph inside, and the signatures that callers use.

Numbers go in and out as 32-bit floats, but for whole ones, which go in exactly: tf.Examples hold no others, TF Serving's Regress
takes no others, and its clients read `float_val`. What adds many terms up (contributions, the variance of a prediction), and
what goes through a link, is computed in 64 bits inside the graph.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow.core.protobuf import saved_model_pb2

from components.internals.tensorflow import inline, optimised
from components.linear_model.families.family import Served
from components.linear_model.portable import UNBOUNDED, Interval, PortableModel
from components.linear_model.scoring import AGREE, CLASS, OUTSIDE, PREDICTOR
from components.preprocessing.transform_graph import transform_graph_of
from components.trainer import inputs
from components.trainer.model import input_names
from components.trainer.rows_graph import RowsGraph

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
        one of those that stand for nothing. Answers float32 [n] each: of least squares `prediction`; of other families the mean
        (`prediction` or `probability`) with the ends of its interval, `low` and `high`, if the model has intervals, and of
        classes `class`, a text.
      explain: the same columns; answers as `scoring.score` says, float32 [n] each, and texts.
      examples: serialised tf.Examples, string [n], to the mean alone.
      regress or classify (what the family says): the same by TF Serving's method: `inputs` to `outputs`, or to `classes`, string
        [n, 2], the negative one first, and their probabilities, `scores`, float32 [n, 2].
      transform_features: serialised tf.Examples to transformed columns, as TFX has it.

    Args:
      model: takes the transformed columns.
      transform: the finished transform graph.
      portable: its features alone are inputs.
      directory: to write to.
    """
    graph = transform_graph_of(transform)
    model.tables = graph.tables  # tracked by the model, so that the vocabularies are exported
    raw_spec = transform.raw_feature_spec()
    entries, served, names = portable.features, portable.of_family.served, portable.inputs
    spec = {name: raw_spec[name] for name in names}
    full_spec = spec | {name: raw_spec[name] for name in (portable.label, portable.weight) if name}
    answers = _Answers(model, portable)

    def transformed(stacked: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return graph.transformed(inputs.checked(stacked, entries, portable.missing), entries)

    def of_columns(columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        by_name = {name: columns[argument] for name, argument in names.items()}
        return transformed(inputs.stacked(by_name, entries, spec, portable.missing))

    def of_examples(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return transformed(graph.stacked(tf.io.parse_example(serialized, spec), entries))

    def serving_default(columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return answers.predict(of_columns(columns))

    def explain(columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return answers.explain(of_columns(columns))

    def examples(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return answers.mean(of_examples(serialized))

    def by_method(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(zip(served.outputs, answers.by_method(of_examples(serialized)), strict=True))

    def transform_features(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return graph.all_transformed(tf.io.parse_example(serialized, full_spec))

    serialized = tf.TensorSpec([None], tf.string, name="examples")
    columns = {
        names[column.name]: tf.TensorSpec([None], inputs.input_type(column), name=names[column.name])
        for column in portable.raw_columns.values()
    }
    archive = keras.export.ExportArchive()
    archive.track(model)
    for name, function, argument in (
        ("serving_default", serving_default, columns),
        ("explain", explain, columns),
        ("examples", examples, serialized),
        (served.signature, by_method, tf.TensorSpec([None], tf.string, name="inputs")),
        ("transform_features", transform_features, serialized),
    ):
        archive.add_endpoint(name, optimised(function, argument), [argument])
    archive.write_out(directory, verbose=False)
    _finish(directory, {argument: name for name, argument in names.items()}, served)


def _finish(directory: str, names: Mapping[str, str], served: Served) -> None:
    """Gives the family's signature its method, and the inputs of raw columns the columns' own names; makes it quicker to load.

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
        inline(graph)
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(saved.SerializeToString(deterministic=True))


class _Answers:
    """`scoring.score` as graph operations in 64 bits; coefficients, covariance and the rest are constants.

    The mean of least squares alone is the Keras graph's, in 32 bits: through another link, an error of η would be one of all digits
    of a mean near 0.
    """

    def __init__(self, model: keras.Model, portable: PortableModel) -> None:
        self._model = model
        self._portable = portable
        self._keys = input_names(portable.design)
        self._layout = portable.layout
        self._coefficients = portable.coefficients
        self._means = portable.means
        self._interval = portable.interval
        self._family = portable.of_family
        self._linear = portable.of_family.link.name == "identity"
        self._classes = portable.classes
        self._threshold = portable.threshold

    def mean(self, transformed: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The mean by its name, float32 [n], of transformed columns, [n] each; so `predict` and `explain`."""
        if self._linear:
            found = tf.reshape(self._model({name: transformed[key] for key, name in self._keys.items()}), [-1])
            return {self._family.answer: _bounded(found)}
        return {self._family.answer: _bounded(self._answered(self._predictor(self._rows(transformed))))}

    def predict(self, transformed: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """What `serving_default` answers."""
        if self._linear:
            return self.mean(transformed)
        rows = self._rows(transformed)
        found = self._mean_and_class(self._predictor(rows))
        interval = self._interval_of(rows)
        return found | _all_bounded({name: interval[name] for name in ("low", "high") if interval})

    def explain(self, transformed: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """What `explain` answers."""
        rows = self._rows(transformed)
        if self._linear:
            answer = self.mean(transformed)
        else:
            predictor = self._predictor(rows)
            answer = self._mean_and_class(predictor) | {PREDICTOR: _bounded(predictor)}
        baseline = tf.constant(self._means @ self._coefficients)
        found = {"baseline": tf.fill(tf.shape(rows.numbers)[:1], baseline)} | self._contributions(rows)
        for name, (place, low, high) in self._portable.spline_ends.items():
            x = rows.numbers[:, self._layout.number(place)]
            found[f"{OUTSIDE}{name}"] = tf.cast((x < low) | (x > high), tf.float64)
        return answer | _all_bounded(found | self._interval_of(rows))

    def _contributions(self, rows: RowsGraph) -> dict[str, tf.Tensor]:
        """`contribution_<feature>`, float64 [n] each."""
        places, coefficients = self._layout.places, self._coefficients
        shares = self._layout.shares(self._means * coefficients)
        terms = (rows.numbers - self._means[places]) * coefficients[places]
        looked_up = [tf.gather(coefficients, ones) - share for ones, share in zip(rows.ones, shares, strict=True)]
        found = {}
        for name, feature in self._layout.features.items():
            parts = [looked_up[index] for index in feature.looked_up]
            if feature.numbers:
                parts.insert(0, tf.reduce_sum(tf.gather(terms, feature.numbers, axis=1), axis=1))
            found[f"contribution_{name}"] = tf.add_n(parts)
        return found

    def by_method(self, transformed: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
        """The outputs of the family's own signature, in their order."""
        if self._classes is None:
            return list(self.mean(transformed).values())
        predictor = self._predictor(self._rows(transformed))
        other = self._family.link.complement(predictor, tf.math)
        names = tf.tile(tf.constant([self._classes]), [tf.shape(predictor)[0], 1])
        return [names, _bounded(tf.stack([other, self._answered(predictor)], axis=1))]

    def _rows(self, transformed: Mapping[str, tf.Tensor]) -> RowsGraph:
        return RowsGraph(self._layout, transformed)

    def _predictor(self, rows: RowsGraph) -> tf.Tensor:
        return rows.along(self._coefficients)

    def _answered(self, predictor: tf.Tensor) -> tf.Tensor:
        return self._portable.answered(predictor, tf.math)

    def _inverse(self, predictor: tf.Tensor) -> tf.Tensor:
        return self._family.link.inverse(predictor, tf.math)

    def _mean_and_class(self, predictor: tf.Tensor) -> dict[str, tf.Tensor]:
        mean = self._answered(predictor)
        found = {self._family.answer: _bounded(mean)}
        if self._classes is not None:
            positive = tf.cast(mean >= tf.constant(self._threshold, tf.float64), tf.int32)
            found[CLASS] = tf.gather(tf.constant(self._classes), positive)
        return found

    def _interval_of(self, rows: RowsGraph) -> dict[str, tf.Tensor]:
        """`standard_error`, `low` and `high`, float64 [n]; nothing if the model has no intervals."""
        if self._interval is None:
            return {}
        error = self._standard_error(rows, self._interval)
        predictor, half = self._predictor(rows), self._interval.t * error
        return {
            "standard_error": error,
            "low": self._inverse(predictor - half),
            "high": self._inverse(predictor + half),
        }

    def _standard_error(self, rows: RowsGraph, interval: Interval) -> tf.Tensor:
        variance, dependences = rows.variances(interval.covariance), self._portable.dependences
        error = tf.sqrt(tf.constant(interval.sigma, tf.float64) ** 2 + variance)
        outside = tf.reduce_any(tf.abs(rows.dot(dependences)) > AGREE * rows.sizes(dependences), axis=1)
        return tf.where(outside, tf.constant(UNBOUNDED, tf.float64), error)


def _bounded(values: tf.Tensor) -> tf.Tensor:
    """Numbers as JSON has them: 32-bit floats, none infinite or NaN."""
    bounded = tf.cast(tf.clip_by_value(values, -UNBOUNDED, UNBOUNDED), tf.float32)
    return tf.where(tf.math.is_nan(values), tf.constant(UNBOUNDED, tf.float32), bounded)


def _all_bounded(columns: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Columns, [n] each by name, `_bounded` by the same few operations."""
    if not columns:
        return {}
    return dict(zip(columns, tf.unstack(_bounded(tf.stack(list(columns.values())))), strict=True))
