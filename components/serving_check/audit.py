"""Which operations a SavedModel may hold: arithmetic, parsing, and look-up tables that read their own assets.

What is not on the list is refused: Python functions, file and network access, printing, and whatever TensorFlow adds later.
The functions that save variables write files, and no server calls them: they alone are left out of the audit.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tensorflow.core.protobuf import saved_model_pb2

_ARITHMETIC = """
Abs Add AddN AddV2 All Any ArgMax ArgMin BatchMatMulV2 BiasAdd Bitcast BitwiseAnd Bucketize Ceil ClipByValue Cos Cumsum Div DivNoNan
Einsum Equal Erfc Exp Expm1 Floor FloorDiv FloorMod Greater GreaterEqual Invert IsFinite IsInf IsNan Less LessEqual Log Log1p
LogicalAnd LogicalNot LogicalOr LowerBound MatMul Max Maximum Mean Min Minimum Mul MulNoNan Neg NotEqual Pow Prod RealDiv
Reciprocal Round Rsqrt Select SelectV2 Sign Sin Sqrt Square SquaredDifference Sub Sum Tanh UpperBound Xdivy
"""
_SHAPES = """
BroadcastArgs BroadcastTo Cast ConcatV2 Const ExpandDims Fill GatherNd GatherV2 Identity IdentityN NoOp OneHot
OnesLike Pack PadV2 Placeholder PlaceholderWithDefault Range Rank Reshape ScatterNd Shape ShapeN Size Slice
SparseReorder SparseReshape SparseToDense Split SplitV Squeeze StopGradient StridedSlice TensorScatterUpdate Tile
Transpose Unique Unpack Where ZerosLike
"""
_TEXTS_AND_TABLES = """
AsString DecodeRaw HashTableV2 InitializeTableFromTextFileV2 LookupTableFindV2 LookupTableSizeV2 ParseExampleV2
StaticRegexFullMatch StaticRegexReplace StringJoin StringLower StringStrip StringToHashBucketFast StringToNumber
StringUpper
"""
_CALLS_AND_VARIABLES = """
AssignVariableOp Assert If Merge PartitionedCall ReadVariableOp RestoreV2 StatefulPartitionedCall StatelessIf Switch VarHandleOp
VarIsInitializedOp DisableCopyOnRead
"""
ALLOWED = frozenset(" ".join((_ARITHMETIC, _SHAPES, _TEXTS_AND_TABLES, _CALLS_AND_VARIABLES)).split())


def audit(directory: Path) -> list[str]:
    """What a model holds that is not allowed, in words; empty if nothing.

    Args:
      directory: of a SavedModel.
    """
    model = saved_model_pb2.SavedModel.FromString((directory / "saved_model.pb").read_bytes())
    problems: set[str] = set()
    for graph in model.meta_graphs:
        functions = {function.signature.name: function for function in graph.graph_def.library.function}
        save_node = graph.saver_def.save_tensor_name.partition(":")[0]
        saving = _called(functions, [node for node in graph.graph_def.node if node.name == save_node])
        kept = _called(functions, [node for node in graph.graph_def.node if node.name != save_node])
        for name, function in functions.items():
            if name in kept or name not in saving:
                problems |= _refused(function.node_def, f"function {name}")
        problems |= _refused(graph.graph_def.node, "the graph")
    return sorted(problems)


def _refused(nodes: Iterable[Any], where: str) -> set[str]:
    return {
        f"operation {node.op} ({node.name}) in {where} is not on the list of what a served model may do"
        for node in nodes
        if node.op not in ALLOWED
    }


def _called(functions: dict[str, Any], nodes: Iterable[Any]) -> set[str]:
    """Names of all functions that nodes call, directly or not."""
    found: set[str] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        for value in node.attr.values():
            for called in (value.func, *value.list.func):
                if called.name in functions and called.name not in found:
                    found.add(called.name)
                    pending += functions[called.name].node_def
    return found
