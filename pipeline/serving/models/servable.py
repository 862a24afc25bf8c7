"""One loaded version of a model: a SavedModel in a session of its own, as TF Serving has it.

A session takes what a signature's function would not (a scalar where a vector is declared), says what is wrong in TensorFlow's
own words, and costs a fraction of a call through `tf.saved_model.load`: nothing is traced, and nothing is checked in Python.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import statistics
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from pipeline.serving.dtypes import Array, type_name
from pipeline.serving.errors import Code, RequestError, invalid
from pipeline.serving.models.tensor_protos import type_of
from pipeline.serving.models.tensorflow_internals import LoadedSession

if TYPE_CHECKING:
    from tensorflow.core.framework.graph_pb2 import GraphDef
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

TAGS = ("serve",)
_CODES: dict[int, Code] = {
    tf.errors.INVALID_ARGUMENT: "INVALID_ARGUMENT",
    tf.errors.FAILED_PRECONDITION: "FAILED_PRECONDITION",
    tf.errors.OUT_OF_RANGE: "OUT_OF_RANGE",
    tf.errors.NOT_FOUND: "NOT_FOUND",
    tf.errors.UNIMPLEMENTED: "UNIMPLEMENTED",
    tf.errors.UNAVAILABLE: "UNAVAILABLE",
    tf.errors.DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
    tf.errors.RESOURCE_EXHAUSTED: "RESOURCE_EXHAUSTED",
}


# What TensorFlow adds to an error for whoever wrote the graph.
_FIRST_ROOT = re.compile(
    r"\A\d+ root error\(s\) found\.\n\s*\(0\) \w+: (.*?)(?=\n\s*\(1\) |\n\d+ successful operations|\Z)", re.S
)
_TRACE = re.compile(
    r"\n+(?:Original stack trace for |Detected at node |Errors may have originated from |Stack trace for op ).*", re.S
)
_NODES = re.compile(r"\s*\[\[[^\n]*\]\]|\{\{(?:function_)?node [^\n]*?\}\}\s*")


def request_error(error: tf.errors.OpError) -> RequestError:
    """A `tf.errors.OpError` as it is, for those who publish models."""
    return RequestError(_CODES.get(error.error_code, "INTERNAL"), error.message)


def without_nodes(message: str) -> str:
    """TensorFlow's words without the names of nodes and functions of the graph, which say nothing to a caller."""
    found = _FIRST_ROOT.match(message)
    return _NODES.sub("", _TRACE.sub("", found[1] if found else message)).strip()


def _lengths(call: _Call, feeds: Sequence[Array]) -> str:
    """Which inputs have another number of values than most; empty if none has, or if they need not be as long as each other."""
    sizes = [array.size for array in feeds]
    if not call.vectors or len(set(sizes)) < 2:
        return ""
    usual = statistics.mode(sizes)
    others = [f'"{name}" has {size}' for (name, _), size in zip(call.inputs, sizes, strict=True) if size != usual]
    like = next(name for (name, _), size in zip(call.inputs, sizes, strict=True) if size == usual)
    return (
        f'Inputs of different lengths: expected {usual} value{"" if usual == 1 else "s"} of each, as of "{like}"; '
        f"{', '.join(others)}. "
    )


@dataclasses.dataclass(frozen=True)
class _Call:
    """A signature, ready to be called.

    Attributes:
      inputs: name and DataType of each, in the order in which they are fed: by the names of their tensors.
      outputs: names, in the order in which they are fetched.
      vectors: whether each input is of rank 1 and of a length that the model leaves open.
      run: takes arrays, returns arrays.
    """

    inputs: list[tuple[str, int]]
    outputs: list[str]
    vectors: bool
    run: Callable[..., list[Array]]


class Servable:
    """One version of a model, loaded. Safe to be called from many threads at once.

    Attributes:
      name: of the model.
      version: its number.
      path: the folder that it was loaded from.
      signatures: SignatureDefs by name.
      example_types: DataTypes by feature, of those that the model parses tf.Examples for, each by one type alone.
    """

    def __init__(
        self, name: str, version: int, path: Path, session: LoadedSession, example_types: Mapping[bytes, int]
    ) -> None:
        self.name = name
        self.version = version
        self.path = path
        self.signatures: Mapping[str, SignatureDef] = session.signatures
        self.example_types = example_types
        self._session = session
        self._calls: dict[str, _Call] = {}
        self._lock = threading.Lock()

    @classmethod
    def load(cls, name: str, version: int, path: Path) -> Servable:
        """Loads a SavedModel.

        Args:
          name: of the model.
          version: its number.
          path: the folder that `saved_model.pb` lies in.

        Raises:
          RequestError: it can't be loaded; the text is TF Serving's.
        """
        _check_file(path)
        try:
            session = LoadedSession(str(path), TAGS)
        except tf.errors.OpError as error:
            raise request_error(error) from error
        except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
            raise RequestError("INTERNAL", str(error)) from error
        servable = cls(name, version, path, session, _example_types(session.graph_def))
        for signature, definition in servable.signatures.items():
            if definition.inputs:
                with contextlib.suppress(RequestError):  # one of other than dense tensors fails when it is called
                    servable.prepare(signature)  # optimises the graph, which the first request would have to wait for
        return servable

    def call(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Computes all outputs of a signature.

        Args:
          signature: its name; it exists.
          inputs: arrays by the names that the signature gives them, all of them.

        Raises:
          RequestError: an array is of another type, or the model refuses its values.
        """
        call = self._calls.get(signature) or self.prepare(signature)
        feeds = []
        for index, (name, expected) in enumerate(call.inputs):
            array = inputs[name]
            received = type_of(array)
            if received != expected:
                raise invalid(
                    f"Expects arg[{index}] to be {type_name(expected)} but {type_name(received)} is provided",
                )
            feeds.append(array)
        try:
            return dict(zip(call.outputs, call.run(*feeds), strict=True))
        except (tf.errors.OpError, UnicodeDecodeError) as error:
            if isinstance(error, UnicodeDecodeError):  # of a message that quotes bytes of the request
                code, message = tf.errors.INVALID_ARGUMENT, error.object.decode(errors="replace")
            else:
                code, message = error.error_code, error.message
            # Not before the call: a model may well take inputs of different lengths.
            said = _lengths(call, feeds) + without_nodes(message)
            raise RequestError(_CODES.get(code, "INTERNAL"), said) from error

    def prepare(self, signature: str) -> _Call:
        """Makes a signature ready to be called.

        Raises:
          RequestError: it is not one of dense tensors.
        """
        definition = self.signatures[signature]
        inputs = sorted(definition.inputs.items(), key=lambda item: item[1].name.encode())
        outputs = sorted(definition.outputs.items())
        with self._lock:
            if signature not in self._calls:
                try:
                    run = self._session.callable([info.name for _, info in inputs], [info.name for _, info in outputs])
                except tf.errors.OpError as error:
                    raise request_error(error) from error
                vectors = all(
                    [dim.size for dim in info.tensor_shape.dim] == [-1] and not info.tensor_shape.unknown_rank
                    for _, info in inputs
                )
                self._calls[signature] = _Call(
                    [(name, info.dtype) for name, info in inputs], [name for name, _ in outputs], vectors, run
                )
            return self._calls[signature]

    def close(self) -> None:
        """Frees what the model holds. Nobody may be calling it."""
        self._calls.clear()
        self._session.close()


def _example_types(graph: GraphDef) -> dict[bytes, int]:
    """What the parsing operations of a graph take features as."""
    found: dict[bytes, set[int]] = {}
    for nodes in (graph.node, *(function.node_def for function in graph.library.function)):
        by_name = {node.name: node for node in nodes}
        for node in nodes:
            if node.op == "ParseExampleV2":  # (serialized, names, sparse keys, dense keys, …)
                for keys, types in ((node.input[2], "sparse_types"), (node.input[3], "Tdense")):
                    constant = by_name[keys.partition(":")[0]]
                    if constant.op == "Const":
                        names = tf.make_ndarray(constant.attr["value"].tensor).ravel()
                        for key, kind in zip(names, node.attr[types].list.type, strict=True):
                            found.setdefault(key, set()).add(kind)
    return {key: next(iter(kinds)) for key, kinds in found.items() if len(kinds) == 1}


def _check_file(path: Path) -> None:
    """Says in TF Serving's words why a folder holds no SavedModel."""
    file = path / "saved_model.pb"
    if not file.is_file():
        if (path / "saved_model.pbtxt").is_file():
            return
        raise RequestError(
            "NOT_FOUND",
            f"Could not find SavedModel .pb or .pbtxt at supplied export directory path: {path}. "
            "Check that the directory exists and that you have the right permissions for accessing it.",
        )
    try:
        saved_model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    except (ValueError, OSError, DecodeError) as error:
        raise RequestError("INTERNAL", f"Can't parse {file} as binary proto") from error
    if not any(set(meta_graph.meta_info_def.tags) == set(TAGS) for meta_graph in saved_model.meta_graphs):
        raise RequestError(
            "NOT_FOUND",
            f"Could not find meta graph def matching supplied tags: {{ {' '.join(TAGS)} }}. To inspect available tag-sets in "
            "the SavedModel, please use the SavedModel CLI: `saved_model_cli`",
        )
