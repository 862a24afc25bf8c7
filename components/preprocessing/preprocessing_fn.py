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
    Kind,
    Numeric,
    Offset,
    features_from_json,
    indicator_name,
)
from components.preprocessing.stacks import FLOATS, TEXTS, WHOLES, Stack, dense, stacks
from components.table.added_columns import GROUP_COLUMN, ROW_COLUMN
from components.values.names import safe_names

MEDIAN_RANK_ERROR = 1e-4  # of TFT's quantile sketch: the median's rank is right to this fraction of the rows

Number = Numeric | Integer


def vocabulary_name(safe_name: str) -> str:
    """File name of a categorical feature's vocabulary among the transform graph's assets, from its `safe_names` name."""
    return f"vocabulary_{safe_name}"


def operation_name(safe_name: str, which: str) -> str:
    """Name of the graph operation that holds an integer's `origin`, or an offset's `value`."""
    return f"number_{safe_name}_{which}"


def numbers_operation(which: str) -> str:
    """Name of the graph operation that holds of all numbers (`number_names`) `mean`, `variance` and `fill`, or `value`, what they
    are before scaling: float64 [numbers], or [n, numbers].
    """
    return f"numbers_{which}"


def number_names(features: Mapping[str, Kind]) -> list[str]:
    """The features that enter the model as numbers, in the order in which the graph handles them."""
    return [name for kind in (Numeric, Integer) for name, feature in features.items() if isinstance(feature, kind)]


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Raw columns to transformed columns.

    Columns of one type are stacked and handled together (`stacks`): for few rows, the number of operations is what costs.

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
    missing = custom_config["missing"]
    names_of = stacks(custom_config["features"])
    raw = {stack: Stack(stack, [inputs[name] for name in names], missing) for stack, names in names_of.items() if names}
    scaled = {name: feature for name, feature in features.items() if isinstance(feature, Number)}
    outputs = _numbers(scaled, raw, inputs, safe) if scaled else {}
    for stack, found in raw.items():
        first = sum(name in scaled for name in names_of[stack])
        others = names_of[stack][first:]
        if not others:
            continue
        values = _tokens(found, missing) if stack == TEXTS else found.values
        columns, valued = (tf.unstack(_from(matrix, first), axis=1) for matrix in (values, found.valued))
        for name, column, there in zip(others, columns, valued, strict=True):
            feature = features[name]
            if isinstance(feature, Offset):
                outputs[name] = _offset(feature, column, operation_name(safe[name], "value"))
            elif isinstance(feature, Buckets):
                outputs[name] = _buckets(feature, column, there)
            elif isinstance(feature, Boolean):
                outputs[name] = _truth_ids(column)
            elif isinstance(feature, Categorical):
                outputs[name] = _level_ids(feature, column, vocabulary_name(safe[name]))
    for name in (custom_config["label"], custom_config["weight"]):
        if name is not None:
            outputs[name] = dense(inputs[name], float("nan") if inputs[name].dtype.is_floating else 0)
    for name in [ROW_COLUMN, *([GROUP_COLUMN] if custom_config["grouped"] else [])]:
        outputs[name] = dense(inputs[name], 0)
    return outputs


def _from(matrix: tf.Tensor, first: int) -> tf.Tensor:
    """The columns from one on."""
    return matrix[:, first:] if first else matrix


def _to(matrix: tf.Tensor, count: int) -> tf.Tensor:
    """The first columns."""
    return matrix[:, :count] if count < matrix.shape[1] else matrix


def _numbers(
    features: dict[str, Number], raw: Mapping[str, Stack], inputs: Mapping[str, Any], safe: Mapping[str, str]
) -> dict[str, tf.Tensor]:
    """Cleaned, imputed and scaled columns, from one pass over the rows (and one before it for the origins of whole numbers).

    Mean and variance of an imputed column follow from those of its valid values, of which a part s is there and the rest is c:
    s·m + (1 − s)·c, and s·v + s·(1 − s)·(m − c)². An analyzer of the imputed column itself would need a second pass.
    """
    features = {name: features[name] for name in number_names(features)}
    floats = [feature for feature in features.values() if isinstance(feature, Numeric)]
    wholes = {name: feature for name, feature in features.items() if isinstance(feature, Integer)}
    origins = {name: _origin(inputs[name], safe[name]) for name in wholes}
    valid = []
    if floats:
        valid.append(_valid(floats, raw[FLOATS]))
    if wholes:
        valid.append(_valid_integers(list(wholes.values()), raw[WHOLES], tf.stack(list(origins.values()))))
    wide = valid[0] if len(valid) == 1 else tf.concat(valid, axis=1)
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
    means, variances = (tf.where(shares > 0, found, tf.zeros_like(shares)) for found in (means, variances))
    fills = tf.stack(
        [
            _fill(feature, wide[:, index], means[index], origins.get(name))
            for index, (name, feature) in enumerate(features.items())
        ],
        name=numbers_operation("fill"),
    )
    filled = tf.identity(tf.where(there, wide, fills), name=numbers_operation("value"))
    variances = shares * variances + shares * (1 - shares) * tf.square(means - fills)
    variances = tf.identity(variances, name=numbers_operation("variance"))
    means = tf.identity(shares * means + (1 - shares) * fills, name=numbers_operation("mean"))
    scaled = np.array([isinstance(feature, Integer) or feature.scale == "zscore" for feature in features.values()])
    spread = tf.where(scaled & (variances > 0), tf.sqrt(variances), tf.ones_like(variances))
    z = (filled - tf.where(scaled, means, tf.zeros_like(means))) / spread
    z = tf.cast(tf.clip_by_value(z, -LARGEST_Z, LARGEST_Z), tf.float32)
    outputs: dict[str, tf.Tensor] = dict(zip(features, tf.unstack(z, axis=1), strict=True))
    if any(feature.indicator for feature in features.values()):
        absent = tf.unstack(tf.cast(~there, tf.float32), axis=1)
        for (name, feature), column in zip(features.items(), absent, strict=True):
            if feature.indicator:
                outputs[indicator_name(name)] = column
    return outputs


def _offset(feature: Offset, x: tf.Tensor, name: str) -> tf.Tensor:
    """What is added to η, float32 [n]; `name` is that of the operation that holds it in 64 bits. NaN where there is none."""
    x = tf.cast(x, tf.float64)
    return tf.cast(tf.identity(tf.math.log(x) if feature.log else x, name=name), tf.float32)


def _origin(value: tf.Tensor | tf.SparseTensor, safe_name: str) -> tf.Tensor:
    """The least of whole numbers, int64 [], so that what is computed of them is small: 64-bit floats end at 2^53.

    As the complement of the greatest complement, because TFT's `min` is −max(−x), which −2^63 has none of.
    """
    values = value.values if isinstance(value, tf.SparseTensor) else tf.reshape(value, [-1])
    least = tf.bitwise.invert(tft.max(tf.bitwise.invert(values)))
    nothing = least >= tf.constant(2**63 - 2, tf.int64)  # what TFT says of no rows
    return tf.identity(tf.where(nothing, tf.zeros_like(least), least), name=operation_name(safe_name, "origin"))


def _valid_integers(features: Sequence[Integer], stack: Stack, origins: tf.Tensor) -> tf.Tensor:
    """Whole numbers less their origins, float64 [n, features], with NaN where nothing valid is there."""
    clipped, there = _in_range(features, stack, np.int64, -(2**63), 2**63 - 1)
    less = clipped - origins
    wrapped = (clipped >= origins) != (less >= 0)  # the two lie further apart than 2^63
    apart = tf.where(wrapped, tf.cast(clipped, tf.float64) - tf.cast(origins, tf.float64), tf.cast(less, tf.float64))
    return tf.where(there, apart, tf.constant(float("nan"), tf.float64))


def _valid(features: Sequence[Numeric], stack: Stack) -> tf.Tensor:
    """32-bit floats as float64 [n, features] with NaN where nothing valid is there; limits have a value's own digits."""
    x, there = _in_range(features, stack, np.float32, -np.inf, np.inf)
    return tf.where(there, tf.cast(x, tf.float64), tf.constant(float("nan"), tf.float64))


def _in_range(
    features: Sequence[Number], stack: Stack, kind: type[np.generic], least: float, greatest: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Values of a stack's first columns, clipped where the feature says so, and where valid ones are there; both [n, features]."""
    x, there = _to(stack.values, len(features)), _to(stack.valued, len(features))
    for outside in ("clip", "missing"):
        low, high = (
            np.array(
                [
                    default if end is None or feature.outside != outside else max(min(end, greatest), least)
                    for feature, end in ((feature, getattr(feature, which)) for feature in features)
                ],
                kind,
            )
            for which, default in (("min", least), ("max", greatest))
        )
        limited = any(f.outside == outside and (f.min, f.max) != (None, None) for f in features)
        if limited and outside == "clip":
            x = tf.minimum(tf.maximum(x, low), high)
        elif limited:
            there &= (x >= low) & (x <= high)
    return x, there


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


def _buckets(feature: Buckets, x: tf.Tensor, there: tf.Tensor) -> tf.Tensor:
    """Ids of the intervals; values and boundaries are both whole, or both 32-bit floats, so that equal texts are equal."""
    if feature.whole:
        boundaries = tf.constant(feature.boundaries, tf.float64)
        x = tf.cast(x, tf.float64)
    else:
        boundaries = tf.constant(np.array(feature.boundaries, np.float32))
    x = tf.where(there, x, tf.zeros_like(x))
    ids = tf.searchsorted(boundaries, x, side="right", out_type=tf.int64)
    return tf.where(there, ids, tf.constant(len(feature.boundaries) + 1, tf.int64))


def _tokens(stack: Stack, missing: Sequence[str]) -> tf.Tensor:
    """Texts as a vocabulary holds them, string [n, columns] (`graph.tokens`)."""
    found = graph.tokens(stack.values, missing)
    # Where there is none, the value is one of `missing` already, if that has any.
    return found if missing else tf.where(stack.there, found, tf.constant(graph.MISSING))


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
