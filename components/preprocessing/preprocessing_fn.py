"""The `preprocessing_fn` of TFX's Transform, built from the features of the configuration.

Everything here becomes part of the served graph, so a row is treated the same in training and in serving.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.linear_model.raw_columns import raw_columns
from components.preprocessing import values_graph as graph
from components.preprocessing.features import features_from_json
from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.offset import Offset
from components.preprocessing.numbers_graph import number_columns, number_names, operation_name
from components.preprocessing.stacks import STACK_OF, TEXTS, Stack, chosen, dense, stacks
from components.table.added_columns import GROUP_COLUMN, ROW_COLUMN
from components.values.names import safe_names


def vocabulary_name(safe_name: str) -> str:
    """File name of a categorical feature's vocabulary among the transform graph's assets, from its `safe_names` name."""
    return f"vocabulary_{safe_name}"


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
    entries = custom_config["features"]
    features = features_from_json(entries)
    safe = safe_names(features)
    missing = custom_config["missing"]
    names_of, types = stacks(entries), raw_columns(entries)
    raw = {stack: Stack(stack, [inputs[name] for name in names], missing) for stack, names in names_of.items() if names}
    outputs = number_columns(entries, raw, inputs, safe)
    numbers = set(number_names(entries))
    others = [entry for entry in entries if entry["name"] not in numbers]
    for stack, found in raw.items():
        own = [entry for entry in others if STACK_OF[types[entry["columns"][0]].type] == stack]
        if not own:
            continue
        places = [names_of[stack].index(entry["columns"][0]) for entry in own]
        values = _tokens(found, missing) if stack == TEXTS else found.values
        columns, valued = (tf.unstack(chosen(matrix, places), axis=1) for matrix in (values, found.valued))
        for entry, column, there in zip(own, columns, valued, strict=True):
            name, feature = entry["name"], features[entry["name"]]
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


def _offset(feature: Offset, x: tf.Tensor, name: str) -> tf.Tensor:
    """What is added to η, float32 [n]; `name` is that of the operation that holds it in 64 bits. NaN where there is none."""
    x = tf.cast(x, tf.float64)
    return tf.cast(tf.identity(tf.math.log(x) if feature.log else x, name=name), tf.float32)


def _buckets(feature: Buckets, x: tf.Tensor, there: tf.Tensor) -> tf.Tensor:
    """Ids of the intervals; values and boundaries are both whole, or both 32-bit floats, so that equal texts are equal."""
    if x.dtype == tf.int64:
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
