"""Quantiles and ends of many numbers at once. An analyzer for each number would cost a second and tens of megabytes each."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

_NO_WEIGHT = 1e-30  # beside the weight 1 of a row: TFT takes 0 for none at all


def quantiles(x: tf.Tensor, count: int, rank_error: float) -> tf.Tensor:
    """What parts the rows into intervals with as many values in each.

    TFT's sketch loses a column without values, and with it which column is which. So each batch has a row of -infinity besides, of
    next to no weight.

    Args:
      x: [n, numbers], NaN where there is none.
      count: of the intervals.
      rank_error: which fraction of the rows a quantile's rank may be wrong by.

    Returns:
      float32 [numbers, count - 1], each one of the values; of no values -infinity.
    """
    width = x.shape[1]
    besides = tf.fill([1, width], tf.constant(float("-inf"), tf.float32))
    weights = tf.concat([[_NO_WEIGHT], tf.ones([tf.shape(x)[0]])], axis=0)
    values = tf.concat([besides, tf.cast(x, tf.float32)], axis=0)
    found = tft.quantiles(values, count, rank_error, weights, reduce_instance_dims=False)
    return tf.reshape(found, [width, count - 1])


def ends(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The least and the greatest of the values, [numbers] each.

    Args:
      x: float [n, numbers], NaN where there is none.

    Returns:
      Of x's type; of no values infinity and -infinity.
    """
    there = ~tf.math.is_nan(x)
    nothing = tf.constant(float("-inf"), x.dtype)
    both = tf.concat([tf.where(there, -x, nothing), tf.where(there, x, nothing)], axis=1)
    below, above = tf.split(tf.reshape(tft.max(both, reduce_instance_dims=False), [2 * x.shape[1]]), 2)
    return -below, above
