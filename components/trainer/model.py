"""The linear model as a Keras graph: η = b + X·w (and an offset), X the design matrix of the transformed columns."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

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
      A functional model. Inputs by `input_names`, shape [n]: float32 numbers, int64 level ids. Output: η, float32 [n, 1].
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
        if not term.offset
    ]
    matrix = columns[0] if len(columns) == 1 else ops.concatenate(columns, axis=1)
    linear = keras.layers.Dense(1, kernel_initializer="zeros", bias_initializer="zeros", name=LINEAR_LAYER)
    found = linear(matrix)
    for term in design.terms:
        if term.offset:
            found = ops.add(found, ops.reshape(inputs[names[term.key]], (-1, 1)))
    return keras.Model(inputs, found, name="linear_model")


def put_weights(model: keras.Model, coefficients: NDArray[np.float64], design: DesignMatrix) -> None:
    """Puts coefficients [1 + p], the intercept first, into the graph; those of offsets are 1 there."""
    fitted = np.delete(coefficients, design.offsets)
    model.get_layer(LINEAR_LAYER).set_weights([fitted[1:, None], fitted[:1]])


def weights_of(model: keras.Model, design: DesignMatrix) -> NDArray[np.float64]:
    """The graph's coefficients, float64 [1 + p], the intercept first."""
    kernel, bias = (np.asarray(value, np.float64) for value in model.get_layer(LINEAR_LAYER).get_weights())
    found = np.ones(1 + design.width)
    fitted = np.delete(np.arange(1 + design.width), design.offsets)
    found[fitted] = np.concatenate([bias, kernel[:, 0]])
    return found
