"""Parts of TensorFlow Transform 1.21 that are none of its API: how often it traces a `preprocessing_fn`."""

from __future__ import annotations

import collections
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tensorflow as tf
from tensorflow_transform import analyzer_nodes, impl_helper, schema_inference

_traces, _annotations = impl_helper.trace_preprocessing_function, schema_inference.get_traced_metadata_fn
_last: dict[Any, Any] = {}  # the trace that is next to be asked for again, by what it is of
_sinks: list[Any] = []  # its analyzers

_Function = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def trace_once() -> None:
    """Has Transform trace a function once in this process where it would nine times: the more columns, the longer each takes.

    Four times it only asks which columns the function takes, and once for the analysis: all of one graph. Two are for what the
    function has annotated its outputs with, if it has.
    """
    impl_helper.trace_preprocessing_function = _traced
    schema_inference.get_traced_metadata_fn = _metadata_fn


def _traced(function: _Function, specs: Mapping[str, Any], use_tf_compat_v1: bool, base_temp_dir: Any = None) -> Any:
    """What Transform's own gives. The analysis is the last to ask: it alone names a folder, and changes the graph."""
    if use_tf_compat_v1:
        return _traces(function, specs, use_tf_compat_v1, base_temp_dir)
    key = (function, tuple(sorted(specs.items())))
    if key not in _last:
        _last.clear()
        with tempfile.TemporaryDirectory() as folder:  # without one, names are not those of the analysis
            _last[key] = _traces(function, specs, use_tf_compat_v1, base_temp_dir or folder)
        _sinks[:] = _last[key][0].get_collection(analyzer_nodes.TENSOR_REPLACEMENTS)
    found = _last[key]
    found[0].clear_collection(analyzer_nodes.TENSOR_REPLACEMENTS)  # who asked before has emptied it
    for sink in _sinks:
        found[0].add_to_collection(analyzer_nodes.TENSOR_REPLACEMENTS, sink)
    if base_temp_dir is not None:
        _last.clear()
        _sinks.clear()
    return found


def _metadata_fn(
    preprocessing_fn: _Function,
    structured_inputs: Mapping[str, Any],
    tf_graph_context: Any,
    evaluate_schema_overrides: bool,
) -> Callable[[], Mapping[str, Any]]:
    """What Transform's own gives: by kind of annotation those of the function's outputs."""
    graph = tf.nest.flatten(structured_inputs, expand_composites=True)[0].graph
    if _has_annotations(graph):
        annotations: Callable[[], Mapping[str, Any]] = _annotations(
            preprocessing_fn, structured_inputs, tf_graph_context, evaluate_schema_overrides
        )
        return annotations
    return lambda: collections.defaultdict(list)


def _has_annotations(graph: Any) -> bool:
    """Whether a traced function has outputs with annotations, or sparse ones, whose shape is one."""
    if graph.get_collection(schema_inference._TF_METADATA_EXTRA_ANNOTATION):
        return True
    outputs = tf.nest.flatten(graph.structured_outputs)
    annotated = {tensor.name for tensor in graph.get_collection(schema_inference._TF_METADATA_TENSOR_COLLECTION)}
    return any(not isinstance(output, tf.Tensor) or not annotated.isdisjoint(_names(output)) for output in outputs)


def _names(output: tf.Tensor) -> Iterator[str]:
    """Of an output, and of what it is the same as: a trace returns no tensor as it is."""
    yield output.name
    while output.op.type == "Identity":
        (output,) = output.op.inputs
        yield output.name
