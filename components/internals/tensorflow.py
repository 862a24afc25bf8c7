"""Parts of TensorFlow 2.19 that are none of its API: its optimiser of graphs, grappler, before a graph is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
from tensorflow.python.grappler import tf_optimizer

_PASSES = ("pruning", "common_subgraph_elimination", "constfold", "arithmetic", "dependency", "pruning")
"""What makes the graph smaller on any machine. What fits it to one (layouts, fused kernels) is left to whoever loads it."""


def optimised(function: Callable[[Any], Mapping[str, tf.Tensor]], argument: Any) -> Callable[[Any], dict[str, Any]]:
    """The same function with a smaller graph: variables are constants of it, and all that follows from constants is computed.

    Args:
      function: of tensors, one or by name, to tensors by name.
      argument: the `tf.TensorSpec`, or those by name, that it takes.

    Returns:
      A function that puts the graph into the one that is being made.
    """
    traced = tf.function(function, input_signature=[argument], autograph=False).get_concrete_function()
    captured = traced.captured_inputs
    names = [tensor.name for tensor in traced.inputs]
    places = names[: len(names) - len(captured)]
    resources = dict(zip(names[len(places) :], captured, strict=True))
    graph_def = _smaller(_frozen(traced), names, [tensor.name for tensor in traced.outputs])
    _rename_functions(graph_def, traced.name.decode())
    used = {name for node in graph_def.node for name in node.input}
    shapes = [tensor.shape for tensor in traced.outputs]

    def smaller(given: Any) -> dict[str, Any]:
        tables = {name: tf.identity(value) for name, value in resources.items() if name.partition(":")[0] in used}
        fed = {**dict(zip(places, tf.nest.flatten(given), strict=True)), **tables}
        found = tf.graph_util.import_graph_def(
            graph_def,
            input_map={name: value for name, value in fed.items() if name.partition(":")[0] in used},
            return_elements=[tensor.name for tensor in traced.outputs],
            name="",
        )
        for tensor, shape in zip(found, shapes, strict=True):
            tensor.set_shape(shape)
        packed: dict[str, Any] = tf.nest.pack_sequence_as(traced.structured_outputs, found)
        return packed

    return smaller


def _frozen(traced: Any) -> Any:
    """The function's graph with the values of its variables."""
    graph_def = traced.graph.as_graph_def()
    places = [tensor.op.name for tensor in traced.inputs[len(traced.inputs) - len(traced.captured_inputs) :]]
    values = {
        place: variable.numpy()
        for place, handle in zip(places, traced.captured_inputs, strict=True)
        for variable in traced.graph.variables
        if variable.handle is handle
    }
    for node in graph_def.node:
        if node.op == "ReadVariableOp" and node.input[0] in values:
            value = tf.make_tensor_proto(values[node.input[0]])
            node.op = "Const"
            del node.input[:]
            node.attr.clear()
            node.attr["dtype"].type = value.dtype
            node.attr["value"].tensor.CopyFrom(value)
    return graph_def


def _smaller(graph_def: Any, inputs: list[str], outputs: list[str]) -> Any:
    """A graph through grappler; nodes of inputs that are used, and of outputs, keep their names."""
    meta_graph = meta_graph_pb2.MetaGraphDef(graph_def=graph_def)
    meta_graph.collection_def["train_op"].node_list.value.extend([*inputs, *outputs])
    config = config_pb2.ConfigProto()
    rewriting = config.graph_options.rewrite_options
    rewriting.min_graph_nodes = -1  # small graphs too
    rewriting.optimizers.extend(_PASSES)
    found = tf_optimizer.OptimizeGraph(config, meta_graph)
    kept = [
        node for node in found.node if node.op != "Placeholder"
    ]  # those that are used are inputs, and given on import
    del found.node[:]
    found.node.extend(kept)
    return found


def _rename_functions(graph_def: Any, suffix: str) -> None:
    """Gives a graph's functions names of its own: they are no longer what others of the same name are."""
    names = {function.signature.name for function in graph_def.library.function}
    for function in graph_def.library.function:
        function.signature.name += f"_{suffix}"
    for nodes in (graph_def.node, *(function.node_def for function in graph_def.library.function)):
        for node in nodes:
            for value in node.attr.values():
                for called in (value.func, *value.list.func):
                    if called.name in names:
                        called.name += f"_{suffix}"
