"""Columns as callers send them, to the stacks of the transform graph; what ingest refuses is refused here too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from components.errors import ConfigError
from components.linear_model.portable import FeatureEntry
from components.linear_model.raw_columns import RawColumn, raw_columns
from components.preprocessing import values_graph as graph
from components.preprocessing.stacks import FLOATS, WHOLES, stacks, there_operation, values_operation
from components.values.numbers import LARGEST_INTEGER, marks_of

_LEAST_BITS = 0x00800000  # of a 32-bit float that is no longer denormal


def input_type(column: RawColumn) -> tf.DType:
    """The type that a column's values are sent in."""
    if column.wide:
        return tf.string
    return {"bytes": tf.string, "int64": tf.float64, "float": tf.float32}[column.type]


def as_sent(values: Any, column: RawColumn, missing: Sequence[str]) -> tf.Tensor:
    """Values of a column as a caller sends them.

    Args:
      values: [n], a list or an array; None, or NaN for a number, where missing.
      column: which.
      missing: the texts that stand for nothing.

    Raises:
      ConfigError: a text is missing, and none stands for nothing.
    """
    kind = input_type(column)
    if kind != tf.string:
        if not isinstance(values, np.ndarray):
            values = np.array([np.nan if value is None else value for value in values], kind.as_numpy_dtype)
        return tf.constant(values.astype(kind.as_numpy_dtype, copy=False))
    if not missing and any(value is None for value in values):
        raise ConfigError(
            f"{column.name}: a value is missing, and data.missing has no text that says so to a served model. Name one there, "
            "and run."
        )
    return tf.constant([missing[0] if value is None else str(value) for value in values], tf.string)


def stacked(
    columns: Mapping[str, tf.Tensor],
    entries: Sequence[FeatureEntry],
    spec: Mapping[str, Any],
    missing: Sequence[str],
) -> dict[str, tf.Tensor]:
    """Raw columns as the transform graph stacks them: tensors [n, columns] by operation (`TransformGraph.stacked`).

    Args:
      columns: by name, [n] or [n, 1], as `as_sent` makes them.
      entries: of model.json's features.
      spec: by column, how a tf.Example is parsed.
      missing: the texts that stand for nothing.
    """
    types = raw_columns(entries)
    found = {}
    for stack, names in stacks(entries).items():
        if not names:
            continue
        flat = [tf.reshape(columns[name], [-1]) for name in names]
        if stack != WHOLES:
            values = tf.stack(flat, axis=1)
            there = tf.ones_like(values, tf.bool)  # a text that is missing is one of `missing`
        else:
            wholes = [
                _wholes(column, types[name], isinstance(spec[name], tf.io.FixedLenFeature), missing)
                for name, column in zip(names, flat, strict=True)
            ]
            values, there = (tf.stack(parts, axis=1) for parts in zip(*wholes, strict=True))
        found[values_operation(stack)] = values
        if stack != FLOATS:
            found[there_operation(stack)] = there
    return found


def checked(
    found: Mapping[str, tf.Tensor], entries: Sequence[FeatureEntry], missing: Sequence[str]
) -> dict[str, tf.Tensor]:
    """The same stacks, once none of their numbers is one that ingest refuses: infinite, or too near zero for 32 bits, or no offset
    or no exposure in a row.
    """
    names = stacks(entries)[FLOATS]
    if not names:
        return dict(found)
    floats = found[values_operation(FLOATS)]
    odd = tf.reduce_any(_is_odd(floats), axis=0)
    checks = [
        tf.debugging.Assert(
            ~tf.reduce_any(odd),
            [
                "expected finite numbers, and none nearer to zero than 1.2e-38 but 0 itself; received others in",
                tf.gather_nd(tf.constant(names), tf.where(odd)),
            ],
        )
    ]
    checks += [
        _check_offset(floats[:, names.index(column.name)], column, missing)
        for column in raw_columns(entries).values()
        if column.offset
    ]
    with tf.control_dependencies(checks):
        return {**found, values_operation(FLOATS): tf.identity(floats)}


def _wholes(
    values: tf.Tensor, column: RawColumn, in_every_row: bool, missing: Sequence[str]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Whole numbers as int64 [n], 0 where there is none; and where there is one. A schema may say that there is in every row."""
    if column.wide:
        wholes, present = graph.whole_numbers(values, missing)
    else:
        present = ~tf.math.is_nan(values)
        with tf.control_dependencies([_check_whole(values, present, column.name)]):
            wholes = tf.cast(tf.where(present, values, tf.zeros_like(values)), tf.int64)
    if in_every_row:
        message = f"{column.name}: expected a number in every row, as the schema says; received none in one"
        with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(present), [message])]):
            wholes = tf.identity(wholes)
    return wholes, present


def _check_whole(column: tf.Tensor, present: tf.Tensor, name: str) -> tf.Operation:
    fine = tf.equal(column, tf.round(column)) & (tf.abs(column) <= float(LARGEST_INTEGER))
    return tf.debugging.Assert(
        tf.reduce_all(fine | ~present),
        [f"{name}: expected whole numbers up to 2^53; received", tf.boolean_mask(column, present & ~fine)],
    )


def _check_offset(values: tf.Tensor, column: RawColumn, missing: Sequence[str]) -> tf.Operation:
    empty = tf.math.is_nan(values)
    odd = tf.zeros_like(empty)
    for mark in marks_of(missing):
        odd |= tf.equal(values, tf.constant(mark, values.dtype))
    if column.offset == "exposure":
        odd |= values <= 0
    return tf.debugging.Assert(
        ~tf.reduce_any(odd | empty),
        [
            f"{column.name}: expected {column.expected}; rows with nothing:",
            tf.math.count_nonzero(empty),
            "; received",
            tf.boolean_mask(values, odd),
        ],
    )


def _is_odd(values: tf.Tensor) -> tf.Tensor:
    size = tf.bitcast(values, tf.int32) & 0x7FFFFFFF  # TensorFlow compares denormals as zeros
    return tf.math.is_inf(values) | ((size > 0) & (size < _LEAST_BITS))
