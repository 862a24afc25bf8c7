"""What a finished transform graph holds: vocabularies, scaling constants, and the raw values of rows in 64 bits."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from components.linear_model.design_matrix import DesignMatrix
from components.preprocessing.design import build_design_matrix
from components.preprocessing.features import Integer, Kind, Numeric, Offset, indicator_name
from components.preprocessing.preprocessing_fn import operation_name, vocabulary_name
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
    """Reads the operations that `preprocessing_fn.operation_name` names, by feature and which."""
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
        yield lambda feature, which: session.run(f"{operation_name(safe[feature], which)}:0", found).item()


def raw_values(
    transform: tft.TFTransformOutput, features: Features, others: Sequence[str]
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """The transform graph as a function of serialised rows, whose numbers end where they are cleaned and filled, in 64 bits.

    What the served graph makes of these is z, rounded to a 32-bit float: a fit has no use for that.

    Args:
      transform: the finished graph.
      features: as configured.
      others: names of further transformed columns: label, weight, identities.

    Returns:
      A function from tf.Examples, string [n], to tensors [n] by transformed name: float64 numbers in raw units (of whole numbers
      less their origin) and indicators, int64 level ids, and the others as they are.
    """
    loaded = tf.saved_model.load(transform.transform_savedmodel_dir)
    analysed = loaded.transform_fn
    graph, spec, safe = analysed.graph, transform.raw_feature_spec(), safe_names(features)
    outputs = dict(zip(sorted(analysed.structured_outputs), (tensor.name for tensor in analysed.outputs), strict=True))
    wanted = {name: outputs[name] for name in [*features, *others]}
    for name, feature in features.items():
        if isinstance(feature, (Numeric, Integer, Offset)):
            wanted[name] = f"{operation_name(safe[name], 'value')}:0"
            if not isinstance(feature, Offset) and feature.indicator:
                wanted[indicator_name(name)] = outputs[indicator_name(name)]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def values(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(serialized, spec)
        given = tf.nest.flatten({name: parsed[name] for name in spec}, expand_composites=True)
        # Tables, and what TFT's analysis found, as tensors of this graph.
        given += map(tf.identity, analysed.captured_inputs)
        feeds = dict(zip((tensor.name for tensor in graph.inputs), given, strict=True))
        found = tf.graph_util.import_graph_def(
            graph.as_graph_def(), input_map=feeds, return_elements=list(wanted.values()), name=""
        )
        return {
            name: tf.cast(value, tf.float64) if value.dtype == tf.float32 else value
            for name, value in zip(wanted, found, strict=True)
        }

    values.of = loaded  # its tables live as long as it does
    return values
