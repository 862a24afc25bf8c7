"""The `preprocessing_fn` of TFX's Transform, built from the features of the configuration.

Everything here becomes part of the served graph, so a row is treated the same in training and in serving.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from components.linear_model.raw_columns import raw_columns
from components.linear_model.text_features import TEXTS as KINDS_OF_TEXTS
from components.preprocessing.dates_graph import date_columns
from components.preprocessing.features import features_from_json
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.offset import Offset
from components.preprocessing.numbers_graph import number_columns, operation_name
from components.preprocessing.stacks import STACK_OF, TEXTS, Stack, chosen, dense, stacks
from components.preprocessing.texts_graph import text_columns
from components.table.added_columns import GROUP_COLUMN, ROW_COLUMN
from components.values.names import safe_names

QUANTILE_RANK_ERROR = 1e-3  # of TFT's sketch, as a fraction of the rows


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
      level ids for buckets, booleans, categorical features and crosses (see `design_matrix`), the row's identity and its group.
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
    for stack, found in raw.items():
        own = [entry for entry in others if STACK_OF[types[entry["columns"][0]].type] == stack]
        if not own:
            continue
        places = [names_of[stack].index(entry["columns"][0]) for entry in own]
        columns, valued = (tf.unstack(chosen(matrix, places), axis=1) for matrix in (found.values, found.valued))
        for entry, column, there in zip(own, columns, valued, strict=True):
            name, feature = entry["name"], features[entry["name"]]
            if isinstance(feature, Offset):
                outputs[name] = _offset(feature, column, operation_name(safe[name], "value"))
            elif isinstance(feature, Buckets):
                outputs[name] = _buckets(feature, column, there, operation_name(safe[name], "boundaries"))
    for name in (custom_config["label"], custom_config["weight"]):
        if name is not None:
            outputs[name] = dense(inputs[name], float("nan") if inputs[name].dtype.is_floating else 0)
    for name in [ROW_COLUMN, *([GROUP_COLUMN] if custom_config["grouped"] else [])]:
        outputs[name] = dense(inputs[name], 0)
    return outputs


def _offset(feature: Offset, x: tf.Tensor, name: str) -> tf.Tensor:
    """What is added to η, float32 [n]; `name` is that of the operation that holds it in 64 bits. NaN where there is none."""
    x = tf.cast(x, tf.float64)
    return tf.cast(tf.identity(tf.math.log(x) if feature.log else x, name=name), tf.float32)


def _buckets(feature: Buckets, x: tf.Tensor, there: tf.Tensor, name: str) -> tf.Tensor:
    """Ids of the intervals; values and boundaries are both whole, or both 32-bit floats, so that equal texts are equal."""
    kind = tf.float64 if x.dtype == tf.int64 else tf.float32
    x = tf.cast(tf.where(there, x, tf.zeros_like(x)), kind)
    if feature.quantiles is not None:
        boundaries = tf.identity(tf.cast(_quantiles(tf.boolean_mask(x, there), feature.quantiles), kind), name=name)
    else:
        boundaries = tf.constant(feature.boundaries, kind)
    ids = tf.searchsorted(boundaries, x, side="right", out_type=tf.int64)
    return tf.where(there, ids, tf.size(boundaries, tf.int64) + 1)


def _quantiles(x: tf.Tensor, count: int) -> tf.Tensor:
    """Where intervals with as many values end, float32, increasing: none below which there is no value."""
    x = tf.cast(x, tf.float32)
    found = tf.reshape(tft.quantiles(x, num_buckets=count, epsilon=QUANTILE_RANK_ERROR), [-1])
    return tf.unique(tf.boolean_mask(found, found > tft.min(x))).y
