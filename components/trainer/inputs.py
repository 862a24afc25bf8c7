"""Columns as callers send them, to what the transform graph takes; what ingest refuses is refused here too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from components.errors import ConfigError
from components.linear_model.portable import FeatureEntry, example_type, expected_offset
from components.preprocessing import values_graph as graph
from components.values.numbers import LARGEST_INTEGER, marks_of

_LEAST_BITS = 0x00800000  # of a 32-bit float that is no longer denormal


def input_type(entry: FeatureEntry) -> tf.DType:
    """The type that a feature's values are sent in.

    Args:
      entry: of model.json's features.
    """
    if entry.get("wide"):
        return tf.string
    return {"bytes": tf.string, "int64": tf.float64, "float": tf.float32}[example_type(entry)]


def as_sent(values: Any, entry: FeatureEntry, missing: Sequence[str]) -> tf.Tensor:
    """Values of a feature as a caller sends them.

    Args:
      values: [n], a list or an array; None, or NaN for a number, where missing.
      entry: of model.json's features.
      missing: the texts that stand for nothing.

    Raises:
      ConfigError: a text is missing, and none stands for nothing.
    """
    kind = input_type(entry)
    if kind != tf.string:
        if not isinstance(values, np.ndarray):
            values = np.array([np.nan if value is None else value for value in values], kind.as_numpy_dtype)
        return tf.constant(values.astype(kind.as_numpy_dtype, copy=False))
    if not missing and any(value is None for value in values):
        raise ConfigError(
            f"{entry['name']}: a value is missing, and data.missing has no text that says so to a served model. Name one there, "
            "and run."
        )
    return tf.constant([missing[0] if value is None else str(value) for value in values], tf.string)


def as_parsed(
    columns: Mapping[str, tf.Tensor],
    entries: Sequence[FeatureEntry],
    spec: Mapping[str, Any],
    missing: Sequence[str],
) -> dict[str, Any]:
    """Raw columns in the form that parsing tf.Examples gives them.

    Args:
      columns: by feature, [n] or [n, 1].
      entries: of model.json's features.
      spec: by feature, how it is parsed.
      missing: the texts that stand for nothing.
    """
    found = {}
    for entry in entries:
        name = entry["name"]
        column = tf.reshape(columns[name], [-1, 1])
        if entry.get("wide"):
            column, present = graph.whole_numbers(column, missing)
        elif example_type(entry) == "int64":
            present = ~tf.math.is_nan(column)
            with tf.control_dependencies([_check_whole(column, present, name)]):
                column = tf.cast(tf.where(present, column, tf.zeros_like(column)), tf.int64)
        else:
            present = ~tf.math.is_nan(column) if column.dtype.is_floating else tf.ones_like(column, tf.bool)
        if isinstance(spec[name], tf.io.FixedLenFeature):
            with tf.control_dependencies([_check_present(column, present, name)]):
                found[name] = tf.reshape(column, [-1, *spec[name].shape])
        else:
            places = tf.where(present)
            shape = tf.shape(column, out_type=tf.int64)
            found[name] = tf.SparseTensor(places, tf.gather_nd(column, places), shape)
    return found


def checked(parsed: Mapping[str, Any], entries: Sequence[FeatureEntry], missing: Sequence[str]) -> dict[str, Any]:
    """The same columns, once none of their numbers is one that ingest refuses: infinite, or too near zero for 32 bits, or no offset
    or no exposure in a row.
    """
    for entry in entries:
        if entry["kind"] == "offset":
            with tf.control_dependencies([_check_offset(parsed[entry["name"]], entry, missing)]):
                parsed = {**parsed, entry["name"]: _identity(parsed[entry["name"]])}
    floats = {entry["name"] for entry in entries if input_type(entry) == tf.float32}
    values = {name: _values(parsed[name]) for name in sorted(floats)}
    if not values:
        return dict(parsed)
    odd = tf.stack([tf.reduce_any(_is_odd(value)) for value in values.values()])
    check = tf.debugging.Assert(
        ~tf.reduce_any(odd),
        [
            "expected finite numbers, and none nearer to zero than 1.2e-38 but 0 itself; received others in",
            tf.boolean_mask(tf.constant(list(values)), odd),
        ],
    )
    with tf.control_dependencies([check]):
        return {name: _identity(value) if name in floats else value for name, value in parsed.items()}


def _check_whole(column: tf.Tensor, present: tf.Tensor, name: str) -> tf.Operation:
    fine = tf.equal(column, tf.round(column)) & (tf.abs(column) <= float(LARGEST_INTEGER))
    return tf.debugging.Assert(
        tf.reduce_all(fine | ~present),
        [f"{name}: expected whole numbers up to 2^53; received", tf.boolean_mask(column, present & ~fine)],
    )


def _check_present(column: tf.Tensor, present: tf.Tensor, name: str) -> tf.Operation:
    """A float may be NaN in a column of which the schema says that it is always there; a whole number has no such value."""
    fine = tf.reduce_all(present) if column.dtype == tf.int64 else tf.constant(True)
    return tf.debugging.Assert(
        fine, [f"{name}: expected a number in every row, as the schema says; received none in one"]
    )


def _check_offset(column: tf.Tensor | tf.SparseTensor, entry: FeatureEntry, missing: Sequence[str]) -> tf.Operation:
    values = tf.reshape(_values(column), [-1])
    odd = tf.math.is_nan(values)
    for mark in marks_of(missing):
        odd |= tf.equal(values, tf.constant(mark, values.dtype))
    if entry["log"]:
        odd |= values <= 0
    rows = column.dense_shape[0] if isinstance(column, tf.SparseTensor) else tf.size(values, tf.int64)
    received, empty = tf.boolean_mask(values, odd), rows - tf.size(values, tf.int64)
    return tf.debugging.Assert(
        ~tf.reduce_any(odd) & tf.equal(empty, 0),
        [f"{entry['name']}: expected {expected_offset(entry)}; rows with nothing:", empty, "; received", received],
    )


def _is_odd(values: tf.Tensor) -> tf.Tensor:
    size = tf.bitcast(values, tf.int32) & 0x7FFFFFFF  # TensorFlow compares denormals as zeros
    return tf.math.is_inf(values) | ((size > 0) & (size < _LEAST_BITS))


def _values(column: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    return column.values if isinstance(column, tf.SparseTensor) else column


def _identity(column: tf.Tensor | tf.SparseTensor) -> tf.Tensor | tf.SparseTensor:
    if isinstance(column, tf.SparseTensor):
        return tf.SparseTensor(column.indices, tf.identity(column.values), column.dense_shape)
    return tf.identity(column)
