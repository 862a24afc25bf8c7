"""The `preprocessing_fn` of TFX's Transform, built from the features of the configuration.

Everything here becomes part of the served graph, so a row is treated the same in training and in serving.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.linear_model.design_matrix import LARGEST_Z
from components.preprocessing import values_graph as graph
from components.preprocessing.features import (
    Boolean,
    Buckets,
    Categorical,
    Integer,
    Numeric,
    Offset,
    features_from_json,
    indicator_name,
)
from components.table.added_columns import GROUP_COLUMN, ROW_COLUMN
from components.values import numbers
from components.values.names import safe_names

MEDIAN_RANK_ERROR = 1e-4  # of TFT's quantile sketch: the median's rank is right to this fraction of the rows

Number = Numeric | Integer


def vocabulary_name(safe_name: str) -> str:
    """File name of a categorical feature's vocabulary among the transform graph's assets, from its `safe_names` name."""
    return f"vocabulary_{safe_name}"


def operation_name(safe_name: str, which: str) -> str:
    """Name of the graph operation that holds a number's `mean`, `variance`, `fill` or `origin`, or its `value` before scaling; of
    an offset its `value`.
    """
    return f"number_{safe_name}_{which}"


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Raw columns to transformed columns.

    Args:
      inputs: tensors by column name: sparse [n, ?] as parsed from tf.Examples, or dense [n, 1] or [n] where a curated
        schema fixes the shape; float32, int64 or string.
      custom_config: `features` (as `features_to_json` makes them), `label`, `weight` (or None), `grouped` (whether
        rows have a group), `missing` (texts that stand for nothing).

    Returns:
      Tensors of shape [n] by name: float32 for a number and its missing indicator; the label and the weight as they are; int64
      level ids for buckets, booleans and categorical features (see `design_matrix`), the row's identity and its group.
    """
    features = features_from_json(custom_config["features"])
    safe = safe_names(features)
    scaled = {name: feature for name, feature in features.items() if isinstance(feature, Number)}
    missing = custom_config["missing"]
    outputs = _numbers(scaled, inputs, safe, missing) if scaled else {}
    for name, feature in features.items():
        if isinstance(feature, Offset):
            outputs[name] = _offset(feature, inputs[name], operation_name(safe[name], "value"))
        elif isinstance(feature, Buckets):
            outputs[name] = _buckets(feature, inputs[name], missing)
        elif isinstance(feature, (Boolean, Categorical)):
            tokens = _tokens(inputs[name], missing)
            if isinstance(feature, Boolean):
                outputs[name] = _truth_ids(tokens)
            else:
                outputs[name] = _level_ids(feature, tokens, vocabulary_name(safe[name]))
    for name in (custom_config["label"], custom_config["weight"]):
        if name is not None:
            outputs[name] = _dense(inputs[name], float("nan") if inputs[name].dtype.is_floating else 0)
    for name in [ROW_COLUMN, *([GROUP_COLUMN] if custom_config["grouped"] else [])]:
        outputs[name] = _dense(inputs[name], 0)
    return outputs


def _dense(value: tf.Tensor | tf.SparseTensor, default: Any) -> tf.Tensor:
    """A column as a dense tensor [n], with a default where there is no value."""
    if isinstance(value, tf.SparseTensor):
        one_wide = tf.SparseTensor(value.indices, value.values, [value.dense_shape[0], 1])
        value = tf.sparse.to_dense(one_wide, default_value=tf.constant(default, value.dtype))
    return tf.reshape(value, [-1])


def _present(value: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """Which rows have a value, bool [n]; a NaN is none."""
    if not isinstance(value, tf.SparseTensor):
        flat = tf.reshape(value, [-1])
        return ~tf.math.is_nan(flat) if value.dtype.is_floating else tf.ones_like(flat, tf.bool)
    there = ~tf.math.is_nan(value.values) if value.dtype.is_floating else tf.ones_like(value.values, tf.bool)
    one_wide = tf.SparseTensor(value.indices, there, [value.dense_shape[0], 1])
    return tf.reshape(tf.sparse.to_dense(one_wide, default_value=False), [-1])


def _valued(value: tf.Tensor | tf.SparseTensor, missing: Sequence[str]) -> tf.Tensor:
    """Which rows have a number that is none of those that stand for nothing, bool [n]."""
    there, x = _present(value), _dense(value, 0)
    for mark in numbers.marks_of(missing) if x.dtype.is_floating else numbers.whole_marks(missing):
        there = there & (x != tf.constant(mark, x.dtype))
    return there


def _numbers(
    features: dict[str, Number], inputs: Mapping[str, Any], safe: Mapping[str, str], missing_marks: Sequence[str]
) -> dict[str, tf.Tensor]:
    """Cleaned, imputed and scaled columns, from one pass over the rows (and one before it for the origins of whole numbers).

    Mean and variance of an imputed column follow from those of its valid values, of which a part s is there and the rest is c:
    s·m + (1 − s)·c, and s·v + s·(1 − s)·(m − c)². An analyzer of the imputed column itself would need a second pass.
    """
    origins = {
        name: _origin(inputs[name], safe[name]) for name, feature in features.items() if isinstance(feature, Integer)
    }
    valued = {name: _valued(inputs[name], missing_marks) for name in features}
    valid = {
        name: _valid_integer(feature, _dense(inputs[name], 0), valued[name], origins[name])
        if isinstance(feature, Integer)
        else _valid(feature, tf.cast(_dense(inputs[name], 0), tf.float32), valued[name])
        for name, feature in features.items()
    }
    wide = tf.stack(list(valid.values()), axis=1)
    there = ~tf.math.is_nan(wide)
    shape = tf.stack([tf.shape(wide, tf.int64)[0], tf.constant(len(features), tf.int64)])
    present = tf.SparseTensor(tf.where(there), tf.boolean_mask(wide, there), shape)
    means, variances, shares = (  # of one column, TFT gives a scalar
        tf.reshape(found, [len(features)])
        for found in (
            tft.mean(present, reduce_instance_dims=False),
            tft.var(present, reduce_instance_dims=False),
            tft.mean(tf.cast(there, tf.float64), reduce_instance_dims=False),
        )
    )
    outputs: dict[str, tf.Tensor] = {}
    for index, (name, feature) in enumerate(features.items()):
        x, missing = valid[name], ~there[:, index]
        share = shares[index]
        mean, variance = (tf.where(share > 0, found[index], tf.zeros_like(share)) for found in (means, variances))
        fill = _fill(feature, x, mean, origins.get(name))
        fill = tf.identity(fill, name=operation_name(safe[name], "fill"))
        x = tf.identity(tf.where(missing, fill, x), name=operation_name(safe[name], "value"))
        if isinstance(feature, Integer) or feature.scale == "zscore":
            variance = share * variance + share * (1 - share) * tf.square(mean - fill)
            variance = tf.identity(variance, name=operation_name(safe[name], "variance"))
            mean = tf.identity(share * mean + (1 - share) * fill, name=operation_name(safe[name], "mean"))
            x = (x - mean) / tf.where(variance > 0, tf.sqrt(variance), tf.ones_like(variance))
        outputs[name] = tf.cast(tf.clip_by_value(x, -LARGEST_Z, LARGEST_Z), tf.float32)
        if feature.indicator:
            outputs[indicator_name(name)] = tf.cast(missing, tf.float32)
    return outputs


def _offset(feature: Offset, value: tf.Tensor | tf.SparseTensor, name: str) -> tf.Tensor:
    """What is added to η, float32 [n]; `name` is that of the operation that holds it in 64 bits. NaN where there is none."""
    x = tf.cast(_dense(value, float("nan")), tf.float64)
    return tf.cast(tf.identity(tf.math.log(x) if feature.log else x, name=name), tf.float32)


def _origin(value: tf.Tensor | tf.SparseTensor, safe_name: str) -> tf.Tensor:
    """The least of whole numbers, int64 [], so that what is computed of them is small: 64-bit floats end at 2^53.

    As the complement of the greatest complement, because TFT's `min` is −max(−x), which −2^63 has none of.
    """
    values = value.values if isinstance(value, tf.SparseTensor) else tf.reshape(value, [-1])
    least = tf.bitwise.invert(tft.max(tf.bitwise.invert(values)))
    nothing = least >= tf.constant(2**63 - 2, tf.int64)  # what TFT says of no rows
    return tf.identity(tf.where(nothing, tf.zeros_like(least), least), name=operation_name(safe_name, "origin"))


def _valid_integer(feature: Integer, x: tf.Tensor, there: tf.Tensor, origin: tf.Tensor) -> tf.Tensor:
    """Whole numbers less their origin, float64 [n], with NaN where nothing valid is there."""
    low, high = (
        end if end is not None else default for end, default in ((feature.min, -(2**63)), (feature.max, 2**63 - 1))
    )
    low, high = (tf.constant(max(min(end, 2**63 - 1), -(2**63)), tf.int64) for end in (low, high))
    if feature.outside == "clip":
        x = tf.minimum(tf.maximum(x, low), high)
    else:
        there = there & (x >= low) & (x <= high)
    less = x - origin
    wrapped = (x >= origin) != (less >= 0)  # the two lie further apart than 2^63
    apart = tf.where(wrapped, tf.cast(x, tf.float64) - tf.cast(origin, tf.float64), tf.cast(less, tf.float64))
    return tf.where(there, apart, tf.constant(float("nan"), tf.float64))


def _valid(feature: Numeric, x: tf.Tensor, there: tf.Tensor) -> tf.Tensor:
    """32-bit floats as float64 [n] with NaN where nothing valid is there; limits have a value's own digits."""
    low = np.float32(-np.inf if feature.min is None else feature.min)
    high = np.float32(np.inf if feature.max is None else feature.max)
    if feature.outside == "clip":
        x = tf.clip_by_value(x, low, high)
    else:
        there = there & (x >= low) & (x <= high)
    return tf.where(there, tf.cast(x, tf.float64), tf.constant(float("nan"), tf.float64))


def _fill(feature: Number, x: tf.Tensor, mean: tf.Tensor, origin: tf.Tensor | None) -> tf.Tensor:
    """What stands for a missing value, in the units of `x`: those of a whole number less its origin."""
    if feature.impute == "mean":
        return mean
    if feature.impute == "median":
        valid = tf.cast(tf.boolean_mask(x, ~tf.math.is_nan(x)), tf.float32)
        median = tft.quantiles(valid, num_buckets=2, epsilon=MEDIAN_RANK_ERROR)
        return tf.cast(tf.reshape(median, [-1])[0], tf.float64)
    given = tf.constant(feature.impute, tf.float64)
    return given if origin is None else given - tf.cast(origin, tf.float64)


def _buckets(feature: Buckets, value: tf.Tensor | tf.SparseTensor, missing: Sequence[str]) -> tf.Tensor:
    """Ids of the intervals; values and boundaries are both whole, or both 32-bit floats, so that equal texts are equal."""
    there, x = _valued(value, missing), _dense(value, 0)
    if feature.whole:
        boundaries = tf.constant(feature.boundaries, tf.float64)
        x = tf.cast(x, tf.float64)
    else:
        boundaries = tf.constant(np.array(feature.boundaries, np.float32))
        x = tf.cast(x, tf.float32)
    x = tf.where(there, x, tf.zeros_like(x))
    ids = tf.searchsorted(boundaries, x, side="right", out_type=tf.int64)
    return tf.where(there, ids, tf.constant(len(feature.boundaries) + 1, tf.int64))


def _tokens(value: tf.Tensor | tf.SparseTensor, missing: Sequence[str]) -> tf.Tensor:
    """Texts as a vocabulary holds them, string [n] (`graph.tokens`)."""
    return tf.where(_present(value), graph.tokens(_dense(value, ""), missing), tf.constant(graph.MISSING))


def _truth_ids(tokens: tf.Tensor) -> tf.Tensor:
    """Ids in the order of `design_matrix.text_levels(["false", "true"])`."""
    found = graph.truths(tokens)
    ids = tf.fill(tf.shape(found), tf.constant(2, tf.int64))
    for token, level in (("false", 0), ("true", 1), (graph.MISSING, 3)):
        ids = tf.where(tf.equal(found, token), tf.constant(level, tf.int64), ids)
    return ids


def _level_ids(feature: Categorical, tokens: tf.Tensor, file: str) -> tf.Tensor:
    """Ids in the order of `design_matrix.text_levels`: V levels of the vocabulary, V for other texts, V + 1 for missing ones."""
    missing = tf.equal(tokens, graph.MISSING)
    vocabulary = tft.vocabulary(
        tf.boolean_mask(tokens, ~missing),
        top_k=feature.vocabulary,
        frequency_threshold=feature.min_rows,
        vocab_filename=file,
    )
    asked = tf.concat([tokens, [graph.OTHER]], axis=0)  # the last one's id is V
    ids = tft.apply_vocabulary(asked, vocabulary, num_oov_buckets=1)
    return tf.where(missing, ids[-1] + 1, ids[:-1])
