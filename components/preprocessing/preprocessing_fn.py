"""The `preprocessing_fn` of TFX's Transform, built from the features of the configuration.

Everything here becomes part of the served graph, so a row is treated the same in training and in serving.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from components.linear_model.raw_columns import raw_columns
from components.linear_model.text_features import TEXTS as KINDS_OF_TEXTS
from components.preprocessing.dates_graph import date_columns
from components.preprocessing.features import Kind, features_from_json
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.offset import Offset
from components.preprocessing.numbers_graph import number_columns, operation_name
from components.preprocessing.ranks import ends, quantiles
from components.preprocessing.stacks import STACK_OF, TEXTS, Stack, chosen, dense, stacks
from components.preprocessing.texts_graph import text_columns
from components.values.names import safe_names

QUANTILE_RANK_ERROR = 1e-3  # of TFT's sketch, as a fraction of the rows


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Raw columns to transformed columns.

    Columns of one type are stacked and handled together (`stacks`): for few rows, the number of operations is what costs.

    Args:
      inputs: tensors by column name: sparse [n, ?] as parsed from tf.Examples, or dense [n, 1] or [n] where a curated
        schema fixes the shape; float32, int64 or string.
      custom_config: `features` (as `features_to_json` makes them), `label`, `weight` (or None), `added` (the
        columns that ingest added), `missing` (texts that stand for nothing).

    Returns:
      Tensors of shape [n] by name: float32 for a number and its missing indicator; the label and the weight as they are; int64
      level ids for buckets, booleans, categorical features and crosses (see `design_matrix`), what ingest added.
    """
    entries = custom_config["features"]
    features = features_from_json(entries)
    safe = safe_names(features)
    missing = custom_config["missing"]
    names_of, types = stacks(entries), raw_columns(entries)
    raw = {stack: Stack(stack, [inputs[name] for name in names], missing) for stack, names in names_of.items() if names}
    outputs = number_columns(entries, raw, inputs, safe) | date_columns(entries, raw, names_of, missing)
    texts = [entry for entry in entries if entry["kind"] in KINDS_OF_TEXTS]
    if texts:
        columns_of_texts = [types[name] for name in names_of[TEXTS]]
        outputs |= text_columns(texts, raw[TEXTS], columns_of_texts, safe, missing)
    others = [entry for entry in entries if entry["kind"] in ("buckets", "offset")]
    found: dict[str, tuple[tf.Tensor, tf.Tensor]] = {}  # columns and where they have values, by feature
    for stack, of_stack in raw.items():
        own = [entry for entry in others if STACK_OF[types[entry["columns"][0]].type] == stack]
        if own:
            places = [names_of[stack].index(entry["columns"][0]) for entry in own]
            columns, valued = (
                tf.unstack(chosen(matrix, places), axis=1) for matrix in (of_stack.values, of_stack.valued)
            )
            found |= {entry["name"]: both for entry, both in zip(own, zip(columns, valued, strict=True), strict=True)}
    boundaries = _boundaries(features, found, safe)
    for name, (column, there) in found.items():
        feature = features[name]
        if isinstance(feature, Offset):
            outputs[name] = _offset(feature, column, operation_name(safe[name], "value"))
        else:
            outputs[name] = _buckets(column, there, boundaries[name])
    for name in (custom_config["label"], custom_config["weight"]):
        if name is not None:
            outputs[name] = dense(inputs[name], float("nan") if inputs[name].dtype.is_floating else 0)
    for name in custom_config["added"]:
        outputs[name] = dense(inputs[name], 0)
    return outputs


def _offset(feature: Offset, x: tf.Tensor, name: str) -> tf.Tensor:
    """What is added to η, float32 [n]; `name` is that of the operation that holds it in 64 bits. NaN where there is none."""
    x = tf.cast(x, tf.float64)
    return tf.cast(tf.identity(tf.math.log(x) if feature.log else x, name=name), tf.float32)


def _buckets(x: tf.Tensor, there: tf.Tensor, boundaries: tf.Tensor) -> tf.Tensor:
    """Ids of the intervals; values and boundaries are both whole, or both 32-bit floats, so that equal texts are equal."""
    x = tf.cast(tf.where(there, x, tf.zeros_like(x)), boundaries.dtype)
    ids = tf.searchsorted(boundaries, x, side="right", out_type=tf.int64)
    return tf.where(there, ids, tf.size(boundaries, tf.int64) + 1)


def _boundaries(
    features: Mapping[str, Kind], columns: Mapping[str, tuple[tf.Tensor, tf.Tensor]], safe: Mapping[str, str]
) -> dict[str, tf.Tensor]:
    """Where the intervals of buckets end and begin, by feature; those of quantiles in their operations (`operation_name`).

    Args:
      features: all.
      columns: of buckets at least the columns, and where these have values, [n] both.
      safe: names that operations can have.
    """
    found: dict[str, tf.Tensor] = {}
    by_count: dict[int, list[str]] = {}
    kinds = {name: tf.float64 if column.dtype == tf.int64 else tf.float32 for name, (column, _) in columns.items()}
    for name, feature in features.items():
        if isinstance(feature, Buckets):
            if feature.quantiles is None:
                found[name] = tf.constant(feature.boundaries, kinds[name])
            else:
                by_count.setdefault(feature.quantiles, []).append(name)
    for count, names in by_count.items():
        nothing = tf.constant(float("nan"))
        values = [tf.where(there, tf.cast(x, tf.float32), nothing) for x, there in (columns[name] for name in names)]
        for name, parts in zip(names, _parted(tf.stack(values, axis=1), count), strict=True):
            found[name] = tf.identity(tf.cast(parts, kinds[name]), name=operation_name(safe[name], "boundaries"))
    return found


def _parted(x: tf.Tensor, count: int) -> list[tf.Tensor]:
    """Where intervals with as many values end, a float32 tensor a column, increasing.

    The least value has an interval of its own where a quantile is it: an interval holds its lower end, so that nothing would be
    below.

    Args:
      x: float32 [n, columns], NaN where there is none.
      count: of the intervals, if no two values are alike.
    """
    least, greatest = ends(x)
    second, _ = ends(tf.where(x > least, x, tf.constant(float("nan"))))
    found = tf.maximum(quantiles(x, count, QUANTILE_RANK_ERROR), second[:, None])
    return [
        tf.unique(tf.boolean_mask(own, own <= end)).y
        for own, end in zip(*map(tf.unstack, (found, greatest)), strict=True)
    ]
