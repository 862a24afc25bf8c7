"""Parts of TensorFlow 2.19 that are none of its API: its optimiser of graphs, grappler, before a graph is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2, rewriter_config_pb2
from tensorflow.python.grappler import tf_optimizer

_PASSES = ("pruning", "common_subgraph_elimination", "constfold", "arithmetic", "dependency", "pruning")
"""What makes the graph smaller on any machine. What fits it to one (layouts, fused kernels) is left to whoever loads it."""

_TABLES = ("HashTableV2", "MutableHashTableV2")
_INLINING = ("function", "pruning", "dependency")


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


def inline(meta_graph: meta_graph_pb2.MetaGraphDef) -> None:
    """Puts what the signatures call into the graph that sessions run, in the place of the calls.

    Whoever loads a SavedModel into a session, as TF Serving does, would do that for each signature anew, while requests wait.
    `tf.saved_model.load` doesn't look at this graph; the functions that it takes stay.

    Args:
      meta_graph: of a SavedModel; its `graph_def` is changed, and no name of a tensor that others look up.
    """
    graph_def, saver = meta_graph.graph_def, meta_graph.saver_def
    _inline_makers(graph_def)
    (saving,) = [node for node in graph_def.node if f"{node.name}:0" == saver.save_tensor_name]
    for function in graph_def.library.function:
        if function.signature.name == saving.attr["f"].func.name:  # stays a function, which no server calls
            function.attr["_noinline"].b = True
    kept = {saver.filename_tensor_name, saver.save_tensor_name, saver.restore_op_name, *saving.input}
    kept |= {asset.tensor_info.name for asset in meta_graph.asset_file_def}
    for definition in meta_graph.signature_def.values():
        kept |= {info.name for info in (*definition.inputs.values(), *definition.outputs.values())}
    found = _optimised(graph_def, sorted(kept), _INLINING)
    for node in found.node:
        if node.name == saving.name:
            node.CopyFrom(saving)  # of the same function as before, not of one made for it
    graph_def.ClearField("node")
    graph_def.node.extend(found.node)


def _inline_makers(graph_def: Any) -> None:
    """The same for calls of functions of nothing, each of which makes a table: grappler leaves those."""
    bodies = {function.signature.name: function for function in graph_def.library.function}
    for node in graph_def.node:
        made = node
        while made.op == "StatefulPartitionedCall" and not made.input:
            body = bodies[made.attr["f"].func.name]
            maker = {inner.name: inner for inner in body.node_def}
            (result,) = body.ret.values()
            made = maker[result.partition(":")[0]]
            while made.op == "Identity":
                made = maker[made.input[0].partition(":")[0]]
        if made is not node and made.op in _TABLES:
            node.op = made.op
            node.attr.clear()
            for name, value in made.attr.items():
                node.attr[name].CopyFrom(value)


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
    found = _optimised(graph_def, [*inputs, *outputs], _PASSES)
    kept = [
        node for node in found.node if node.op != "Placeholder"
    ]  # those that are used are inputs, and given on import
    del found.node[:]
    found.node.extend(kept)
    return found


def _optimised(graph_def: Any, names: Sequence[str], passes: Sequence[str]) -> Any:
    """A graph through grappler; nodes of these tensors keep their names."""
    meta_graph = meta_graph_pb2.MetaGraphDef(graph_def=graph_def)
    meta_graph.collection_def["train_op"].node_list.value.extend(names)
    config = config_pb2.ConfigProto()
    rewriting = config.graph_options.rewrite_options
    rewriting.min_graph_nodes = -1  # small graphs too
    rewriting.meta_optimizer_iterations = rewriter_config_pb2.RewriterConfig.ONE
    rewriting.optimizers.extend(passes)
    return tf_optimizer.OptimizeGraph(config, meta_graph, verbose=False)


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
