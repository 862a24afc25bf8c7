"""The `preprocessing_fn` of TFX's Transform, built from the features of the configuration.

Everything here becomes part of the served graph, so a row is treated the same in training and in serving.
"""

from __future__ import annotations

import re
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from components.preprocessing.design_matrix import MISSING_LEVEL
from components.preprocessing.features import Buckets, Categorical, Numeric, features_from_json, indicator_name
from components.row_identity import GROUP_COLUMN, ROW_COLUMN

MEDIAN_RANK_ERROR = 1e-4  # of TFT's quantile sketch: the median's rank is right to this fraction of the rows


def vocabulary_name(feature: str) -> str:
    """File name of a categorical feature's vocabulary among the transform graph's assets."""
    return "vocabulary_" + re.sub(r"[^A-Za-z0-9]", lambda m: f"_{ord(m[0]):x}_", feature)


def constant_name(feature: str, which: str) -> str:
    """Name of the graph operation that holds a numeric feature's `mean`, `variance` or `fill`."""
    return f"{vocabulary_name(feature)}_{which}"


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Raw columns to transformed columns.

    Args:
      inputs: tensors by column name: sparse [n, ?] as parsed from tf.Examples, or dense [n, 1] or [n] where a curated
        schema fixes the shape; float32, int64 or string.
      custom_config: `features` (as `features_to_json` makes them), `label`, `weight` (or None), `grouped` (whether
        rows have a group).

    Returns:
      Tensors of shape [n] by name: float32 for a numeric feature, its missing indicator, the label and the weight;
      int64 level ids for buckets and categorical features (see `design_matrix`), the row's identity and its group.
    """
    features = features_from_json(custom_config["features"])
    numeric = {name: feature for name, feature in features.items() if isinstance(feature, Numeric)}
    outputs = _numeric(numeric, {name: _column(inputs[name], tf.float32) for name in numeric}) if numeric else {}
    for name, feature in features.items():
        if isinstance(feature, Buckets):
            outputs[name] = _buckets(feature, _column(inputs[name], tf.float32))
        elif not isinstance(feature, Numeric):
            outputs[name] = _categorical(name, feature, _column(inputs[name], tf.string))
    for name in (custom_config["label"], custom_config["weight"]):
        if name is not None:
            outputs[name] = _column(inputs[name], tf.float32)
    for name in [ROW_COLUMN, *([GROUP_COLUMN] if custom_config["grouped"] else [])]:
        outputs[name] = _column(inputs[name], tf.int64)
    return outputs


def _column(value: tf.Tensor | tf.SparseTensor, dtype: tf.DType) -> tf.Tensor:
    """A column as a dense tensor [n]; a missing value is NaN, `(missing)` in a text, 0 in an int64."""
    default = MISSING_LEVEL if dtype == tf.string else float("nan") if dtype.is_floating else 0
    if isinstance(value, tf.SparseTensor):
        values = value.values if value.dtype == dtype else tf.cast(value.values, dtype)
        one_wide = tf.SparseTensor(value.indices, values, [value.dense_shape[0], 1])
        dense = tf.sparse.to_dense(one_wide, default_value=default)
    else:
        dense = value if value.dtype == dtype else tf.cast(value, dtype)
    dense = tf.reshape(dense, [-1])
    return tf.where(tf.equal(dense, ""), tf.constant(MISSING_LEVEL), dense) if dtype == tf.string else dense


def _numeric(features: dict[str, Numeric], columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Cleaned, imputed and scaled columns, from one pass over the rows.

    Mean and variance of an imputed column follow from those of its valid values, of which a part s is there and the rest is c:
    s·m + (1 − s)·c, and s·v + s·(1 − s)·(m − c)². An analyzer of the imputed column itself would need a second pass.
    """
    valid = {name: _valid(feature, tf.cast(columns[name], tf.float64)) for name, feature in features.items()}
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
        fill = tf.identity(_fill(feature, x, mean), name=constant_name(name, "fill"))
        x = tf.where(missing, fill, x)
        if feature.scale == "zscore":
            variance = share * variance + share * (1 - share) * tf.square(mean - fill)
            variance = tf.identity(variance, name=constant_name(name, "variance"))
            mean = tf.identity(share * mean + (1 - share) * fill, name=constant_name(name, "mean"))
            x = (x - mean) / tf.where(variance > 0, tf.sqrt(variance), tf.ones_like(variance))
        outputs[name] = tf.cast(x, tf.float32)
        if feature.indicator:
            outputs[indicator_name(name)] = tf.cast(missing, tf.float32)
    return outputs


def _valid(feature: Numeric, x: tf.Tensor) -> tf.Tensor:
    """A column [n] with NaN where nothing valid is there."""
    low = -float("inf") if feature.min is None else feature.min
    high = float("inf") if feature.max is None else feature.max
    if feature.outside == "clip":
        return tf.where(tf.math.is_nan(x), x, tf.clip_by_value(x, low, high))
    return tf.where((x >= low) & (x <= high), x, tf.constant(float("nan"), tf.float64))


def _fill(feature: Numeric, x: tf.Tensor, mean: tf.Tensor) -> tf.Tensor:
    """What stands for a missing value."""
    if feature.impute == "mean":
        return mean
    if feature.impute == "median":
        valid = tf.cast(tf.boolean_mask(x, ~tf.math.is_nan(x)), tf.float32)
        median = tft.quantiles(valid, num_buckets=2, epsilon=MEDIAN_RANK_ERROR)
        return tf.cast(tf.reshape(median, [-1])[0], tf.float64)
    return tf.constant(feature.impute, tf.float64)


def _buckets(feature: Buckets, x: tf.Tensor) -> tf.Tensor:
    boundaries = tf.constant(feature.boundaries, tf.float64)
    ids = tf.searchsorted(boundaries, tf.cast(x, tf.float64), side="right", out_type=tf.int64)
    missing_id = tf.constant(len(feature.boundaries) + 1, tf.int64)
    return tf.where(tf.math.is_nan(x), missing_id, ids)


def _categorical(name: str, feature: Categorical, x: tf.Tensor) -> tf.Tensor:
    return tft.compute_and_apply_vocabulary(
        x, top_k=feature.vocabulary, num_oov_buckets=1, vocab_filename=vocabulary_name(name)
    )
