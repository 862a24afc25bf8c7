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
        values, there = side_by_side(columns, nothing)
        self.values = tf.identity(values, name=values_operation(stack))
        if stack == FLOATS:
            self.there = ~tf.math.is_nan(self.values)
            marks: Sequence[float] = numbers.marks_of(missing)
        else:
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


def side_by_side(columns: Sequence[tf.Tensor | tf.SparseTensor], default: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Columns of one type as one tensor, by a number of operations that does not depend on theirs where all are sparse.

    Args:
      columns: sparse [n, ?], with one value a row at most, or dense [n, 1] or [n].
      default: what stands where there is no value.

    Returns:
      [n, columns] each: the values, and bool where there is one.
    """
    sparse = [place for place, column in enumerate(columns) if isinstance(column, tf.SparseTensor)]
    if len(sparse) == len(columns):
        return _scattered(columns, default)
    others = [place for place in range(len(columns)) if place not in set(sparse)]
    values = tf.stack([tf.reshape(columns[place], [-1]) for place in others], axis=1)
    there = tf.ones_like(values, tf.bool)
    if sparse:
        scattered = _scattered([columns[place] for place in sparse], default)
        values, there = (tf.concat(both, axis=1) for both in zip(scattered, (values, there), strict=True))
    order = sorted(range(len(columns)), key=[*sparse, *others].__getitem__)
    return tf.gather(values, order, axis=1), tf.gather(there, order, axis=1)


def _scattered(columns: Sequence[tf.SparseTensor], default: Any) -> tuple[tf.Tensor, tf.Tensor]:
    values = tf.concat([column.values for column in columns], axis=0)
    indices = tf.concat([column.indices for column in columns], axis=0)
    rows, count = columns[0].dense_shape[0], len(columns)
    sizes = tf.raw_ops.ShapeN(input=[column.values for column in columns], out_type=tf.int64)
    ends = tf.cumsum(tf.concat(sizes, axis=0))
    total = tf.size(values, tf.int64)
    steps = tf.scatter_nd(ends[:, tf.newaxis], tf.ones_like(ends), [total + 1])  # to the next column with a value
    column_of = tf.cumsum(steps)[:total]
    # A row's second value lies outside, which is an error.
    at = (indices[:, 1] * count + column_of) * rows + indices[:, 0]

    def placed(what: tf.Tensor, other: Any) -> tf.Tensor:
        flat = tf.raw_ops.SparseToDense(
            sparse_indices=at,
            output_shape=[rows * count],
            sparse_values=what,
            default_value=tf.constant(other, what.dtype),
            validate_indices=False,  # that they are in order; that they are inside is looked at
        )
        return tf.transpose(tf.reshape(flat, [count, -1]))

    return placed(values, default), placed(tf.ones_like(values, tf.bool), False)
