"""`components.linear_model.looked_up` as graph operations in 64 bits."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from components.linear_model.absorbed_covariance import AbsorbedCovariance, Covariance
from components.linear_model.looked_up import Layout

Array = NDArray[np.float64]


class RowsGraph:
    """Rows of transformed columns.

    Args:
      layout: what of a row is a number.
      transformed: by name, [n] each: float32 numbers, int64 level ids.

    Attributes:
      numbers: float64 [n, q], the intercept's ones first.
      ones: of each term that is looked up, the places of the columns that are 1, int64 [n].
    """

    def __init__(self, layout: Layout, transformed: Mapping[str, tf.Tensor]) -> None:
        self._places = layout.places
        parts = [
            tf.one_hot(transformed[term.key], term.width, dtype=tf.float64)
            if term.levels
            else tf.cast(tf.reshape(transformed[term.key], [-1, 1]), tf.float64)
            for term in layout.numbers.terms
        ]
        self.ones = [transformed[term.key] + place for place, term in layout.looked_up]
        rows = parts[0][:, :1] if parts else tf.cast(self.ones[0][:, tf.newaxis], tf.float64)
        self.numbers = tf.concat([tf.ones_like(rows), *parts], axis=1)

    def along(self, values: Array) -> tf.Tensor:
        """The rows, [n, 1 + p], times [1 + p]."""
        found = tf.reduce_sum(self.numbers * values[self._places], axis=1)
        return tf.add_n([found, *(tf.gather(values, places) for places in self.ones)])

    def dot(self, matrix: Array) -> tf.Tensor:
        """The rows times [1 + p, m]."""
        return self._dot(self.numbers, matrix)

    def sizes(self, matrix: Array) -> tf.Tensor:
        """The sums of the sizes of what `dot` adds up."""
        return self._dot(tf.abs(self.numbers), np.abs(matrix))

    def _dot(self, numbers: tf.Tensor, matrix: Array) -> tf.Tensor:
        found = tf.matmul(numbers, matrix[self._places])
        return tf.add_n([found, *(tf.gather(matrix, places) for places in self.ones)])

    def variances(self, covariance: Covariance) -> tf.Tensor:
        """x·C·x of each row x, [n]; C is [1 + p, 1 + p] or absorbed."""
        if isinstance(covariance, AbsorbedCovariance):
            along = self.dot(covariance.rows)
            parts = [tf.reduce_sum(tf.matmul(along, covariance.inner) * along, axis=1)]
            parts += [tf.reduce_sum(self.numbers**2 * covariance.own[self._places], axis=1)]
            return tf.add_n(parts + [tf.gather(covariance.own, places) for places in self.ones])
        beside = covariance[:, self._places]
        across = tf.matmul(self.numbers, beside[self._places])
        across = tf.add_n([across, *(2 * tf.gather(beside, places) for places in self.ones)])
        pairs = [tf.stack(pair, axis=1) for pair in itertools.product(self.ones, repeat=2)]
        found = tf.reduce_sum(across * self.numbers, axis=1)
        return tf.add_n([found, *(tf.gather_nd(covariance, pair) for pair in pairs)])
