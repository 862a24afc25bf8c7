"""Means and variances of columns of numbers over the training rows, and what is scaled by them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from components.linear_model.design_matrix import LARGEST_Z


def moments(wide: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Means and variances (ddof 0) of the numbers that are there, and which part of the rows has one, by one pass.

    Args:
      wide: float64 [n, numbers], NaN where there is none.

    Returns:
      float64 [numbers] each; 0 where no row has one.
    """
    count = wide.shape[1]
    there = ~tf.math.is_nan(wide)
    shape = tf.stack([tf.shape(wide, tf.int64)[0], tf.constant(count, tf.int64)])
    present = tf.SparseTensor(tf.where(there), tf.boolean_mask(wide, there), shape)
    means, variances, shares = (  # of one column, TFT gives a scalar
        tf.reshape(found, [count])
        for found in (
            tft.mean(present, reduce_instance_dims=False),
            tft.var(present, reduce_instance_dims=False),
            tft.mean(tf.cast(there, tf.float64), reduce_instance_dims=False),
        )
    )
    means, variances = (tf.where(shares > 0, found, tf.zeros_like(shares)) for found in (means, variances))
    return means, variances, shares


def scaled(values: tf.Tensor, means: tf.Tensor, variances: tf.Tensor, where: Any) -> tf.Tensor:
    """z-scores as 32-bit floats, [n, numbers], of the numbers that `where` says, [numbers]; the others as they are."""
    spread = tf.where(where & (variances > 0), tf.sqrt(variances), tf.ones_like(variances))
    z = (values - tf.where(where, means, tf.zeros_like(means))) / spread
    return tf.cast(tf.clip_by_value(z, -LARGEST_Z, LARGEST_Z), tf.float32)
