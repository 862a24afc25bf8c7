"""What a finished transform graph holds: vocabularies and scaling constants."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from components.linear_model.design_matrix import DesignMatrix, build_design_matrix
from components.preprocessing.features import Integer, Kind, Numeric
from components.preprocessing.preprocessing_fn import constant_name, vocabulary_name
from components.values.names import safe_names
from components.values.texts import unescape

Features = Mapping[str, Kind]


def design_matrix_of(transform: tft.TFTransformOutput, features: Features) -> DesignMatrix:
    """The design matrix that a transform graph feeds, scaling constants read from the graph in float64."""
    safe = safe_names(features)

    def vocabulary(feature: str) -> list[str]:
        tokens = transform.vocabulary_by_name(vocabulary_name(safe[feature]))
        return [unescape(token.decode()) for token in tokens]

    with _constants(transform, safe) as constant:
        return build_design_matrix(features, vocabulary, constant)


def fills_of(transform: tft.TFTransformOutput, features: Features) -> dict[str, float]:
    """By number what stands for a missing value: in raw units, of whole numbers less their origin."""
    with _constants(transform, safe_names(features)) as constant:
        numbers = [name for name, feature in features.items() if isinstance(feature, (Numeric, Integer))]
        return {name: constant(name, "fill") for name in numbers}


@contextlib.contextmanager
def _constants(transform: tft.TFTransformOutput, safe: Mapping[str, str]) -> Iterator[Callable[[str, str], Any]]:
    """Reads the operations that `preprocessing_fn.constant_name` names, by feature and which."""
    graph_fn = tf.saved_model.load(transform.transform_savedmodel_dir).transform_fn
    captured = list(graph_fn.captured_inputs)
    inputs = [tensor.name for tensor in graph_fn.graph.inputs]
    analysed = dict(zip(inputs[-len(captured) :], captured, strict=True)) if captured else {}
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(graph_fn.graph.as_graph_def(), name="")
    found = {
        name: value.numpy() for name, value in analysed.items() if value.dtype.is_floating or value.dtype.is_integer
    }
    with tf.compat.v1.Session(graph=graph) as session:
        # The named operation computes it from what TFT's analysis found, which the graph function captures.
        yield lambda feature, which: session.run(f"{constant_name(safe[feature], which)}:0", found).item()
