"""The linear model as a Keras graph: ŷ = b + X·w, X the design matrix of the transformed columns."""

from __future__ import annotations

import keras
from keras import ops

from components.linear_model.design_matrix import DesignMatrix
from components.values.names import safe_names

LINEAR_LAYER = "linear"


def input_names(design: DesignMatrix) -> dict[str, str]:
    """By transformed column, the name of the graph's input."""
    return safe_names(term.key for term in design.terms)


def build_model(design: DesignMatrix) -> keras.Model:
    """The graph, all weights zero.

    Args:
      design: the columns.

    Returns:
      A functional model. Inputs by `input_names`, shape [n]: float32 numbers, int64 level ids. Output: predictions,
      float32 [n, 1].
    """
    names = input_names(design)
    inputs = {
        names[term.key]: keras.Input(shape=(), dtype="int64" if term.levels else "float32", name=names[term.key])
        for term in design.terms
    }
    columns = [
        ops.one_hot(inputs[names[term.key]], term.width, dtype="float32")
        if term.levels
        else ops.reshape(inputs[names[term.key]], (-1, 1))
        for term in design.terms
    ]
    matrix = columns[0] if len(columns) == 1 else ops.concatenate(columns, axis=1)
    linear = keras.layers.Dense(1, kernel_initializer="zeros", bias_initializer="zeros", name=LINEAR_LAYER)
    return keras.Model(inputs, linear(matrix), name="linear_model")
