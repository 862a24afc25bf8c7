"""Columns of one type, side by side in one tensor: for few rows, the number of a graph's operations is what its answer costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from components.linear_model.raw_columns import NUMBERS, raw_columns
from components.values import numbers

FLOATS, WHOLES, TEXTS = "floats", "wholes", "texts"
STACK_OF = {"float": FLOATS, "int64": WHOLES, "bytes": TEXTS}


def stacks(entries: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The columns of each stack in their order there: of numbers that enter the model as themselves, then others.

    Args:
      entries: of features (`features.features_to_json`).
    """
    found: dict[str, list[str]] = {stack: [] for stack in STACK_OF.values()}
    columns = raw_columns(entries)
    itself = {name for entry in entries if entry["kind"] in NUMBERS for name in entry["columns"]}
    for column in sorted(columns.values(), key=lambda column: column.name not in itself):
        found[STACK_OF[column.type]].append(column.name)
    return found


def chosen(matrix: tf.Tensor, places: Sequence[int]) -> tf.Tensor:
    """Some columns of a stack, [n, places], by as few operations as it takes."""
    first, count = places[0], len(places)
    if list(places) != list(range(first, first + count)):
        return tf.gather(matrix, list(places), axis=1)
    return matrix if count == matrix.shape[1] else matrix[:, first : first + count]


def values_operation(stack: str) -> str:
    """Name of the graph operation that holds the values of a stack, [n, columns] (`Stack.values`)."""
    return f"stack_{stack}"


def there_operation(stack: str) -> str:
    """Name of the one that holds where there are any, bool [n, columns]. Floats have none: there, a NaN says so."""
    return f"stack_{stack}_there"


class Stack:
    """Columns of one type, side by side.

    Args:
      stack: which one.
      columns: as they come: sparse [n, ?], or dense [n, 1] or [n].
      missing: texts that stand for nothing.

    Attributes:
      values: [n, columns]; where there is none, NaN in floats, 0 in whole numbers, and in texts one that stands for nothing, or
        an empty one.
      there: bool [n, columns]: where a column has a value.
      valued: where it has one that is no number that stands for nothing.
    """

    def __init__(self, stack: str, columns: Sequence[tf.Tensor | tf.SparseTensor], missing: Sequence[str]) -> None:
        nothing = {FLOATS: float("nan"), WHOLES: 0, TEXTS: missing[0] if missing else ""}[stack]
        dense_columns = [dense(column, nothing) for column in columns]
        self.values = tf.identity(tf.stack(dense_columns, axis=1), name=values_operation(stack))
        if stack == FLOATS:
            self.there = ~tf.math.is_nan(self.values)
            marks: Sequence[float] = numbers.marks_of(missing)
        else:
            there = tf.stack([_present(column) for column in columns], axis=1)
            self.there = tf.identity(there, name=there_operation(stack))
            marks = numbers.whole_marks(missing) if stack == WHOLES else []
        self.valued = self.there
        for mark in marks:
            self.valued &= self.values != tf.constant(mark, self.values.dtype)


def dense(value: tf.Tensor | tf.SparseTensor, default: Any) -> tf.Tensor:
    """A column as a dense tensor [n], with a default where there is no value."""
    if isinstance(value, tf.SparseTensor):
        one_wide = tf.SparseTensor(value.indices, value.values, [value.dense_shape[0], 1])
        value = tf.sparse.to_dense(one_wide, default_value=tf.constant(default, value.dtype))
    return tf.reshape(value, [-1])


def _present(value: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """Which rows have a value, bool [n]."""
    if not isinstance(value, tf.SparseTensor):
        return tf.ones_like(tf.reshape(value, [-1]), tf.bool)
    there = tf.SparseTensor(value.indices, tf.ones_like(value.values, tf.bool), value.dense_shape)
    return dense(there, False)
