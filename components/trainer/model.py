"""The linear model as a Keras graph: η = b + X·w (and an offset), X the design matrix of the transformed columns.

Of a term with many levels X has no columns there: the weight of a row's level is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.looked_up import Layout
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
    fitted = DesignMatrix(tuple(term for term in design.terms if not term.offset))
    layout = Layout.of(fitted)
    columns = [
        ops.one_hot(inputs[names[term.key]], term.width, dtype="float32")
        if term.levels
        else ops.reshape(inputs[names[term.key]], (-1, 1))
        for term in layout.numbers.terms
    ]
    ids = [inputs[names[term.key]] for _, term in layout.looked_up]
    found = _Linear(layout, fitted.width)(columns, ids)
    for term in design.terms:
        if term.offset:
            found = ops.add(found, ops.reshape(inputs[names[term.key]], (-1, 1)))
    return keras.Model(inputs, found, name="linear_model")


class _Linear(keras.layers.Layer):
    """Of numbers, float32 [n, …] each, and ids of levels, int64 [n] each: numbers·kernel, the levels' own weights, and the bias.

    Its weights are those of a dense layer of one unit: `kernel` [p, 1], in the order of the design matrix, and `bias` [1].
    """

    def __init__(self, layout: Layout, width: int) -> None:
        super().__init__(name=LINEAR_LAYER)
        self._numbers = layout.places[1:] - 1
        self._first = [place - 1 for place, _ in layout.looked_up]
        self._width = width

    def build(self, *shapes: Any) -> None:
        """Makes the weights, all zero."""
        del shapes
        self.kernel = self.add_weight(shape=(self._width, 1), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")

    def call(self, numbers: Sequence[Any], ids: Sequence[Any]) -> Any:
        """η, float32 [n, 1]."""
        parts = [ops.take(self.kernel, first + own, axis=0) for first, own in zip(self._first, ids, strict=True)]
        if numbers:
            matrix = numbers[0] if len(numbers) == 1 else ops.concatenate(numbers, axis=1)
            kernel = ops.take(self.kernel, self._numbers, axis=0) if parts else self.kernel
            parts.insert(0, ops.matmul(matrix, kernel))
        return sum(parts, start=self.bias)


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
