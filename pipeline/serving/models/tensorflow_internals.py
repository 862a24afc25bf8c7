"""What the server uses of TensorFlow that its public API doesn't have; all of it, so that an upgrade is looked at here.

`tests/pipeline/serving/models/test_tensorflow_internals.py` fails where one of them is gone or does something else.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2
from tensorflow.python.saved_model import loader_impl

from pipeline.serving.dtypes import Array

if TYPE_CHECKING:
    from tensorflow.core.framework.graph_pb2 import GraphDef
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef, SignatureDef

OPTIMIZERS = ("pruning", "function", "remap")  # of TensorFlow's graph rewriter, in this order
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_INIT = "__saved_model_init_op"  # the signature of the operation that initialises a graph
CALLERS_THREAD = -1  # of RunOptions.inter_op_thread_pool: no thread is woken


def make_callable(
    session: tf.compat.v1.Session, feed: Sequence[str], fetch: Sequence[str]
) -> Callable[..., list[Array]]:
    """A function from arrays, in the order of `feed`, to arrays, in that of `fetch`; a fifth of the time of `Session.run`.

    The caller's thread does the work: for a small graph, waking another costs more than the graph does.

    Args:
      session: that runs it.
      feed: names of tensors.
      fetch: names of tensors.

    Raises:
      tf.errors.OpError: there is no such tensor, or it is not dense. So does the function, for values that the graph refuses.
    """
    options = config_pb2.CallableOptions(
        feed=feed, fetch=fetch, run_options=config_pb2.RunOptions(inter_op_thread_pool=CALLERS_THREAD)
    )
    run: Callable[..., list[Array]] = session._make_callable_from_options(options)
    return run


def _config(inline: bool) -> config_pb2.ConfigProto:
    """Less of what TensorFlow does to a graph before it runs it first, in which time requests are slower.

    A graph in which signatures call functions, as `tf.saved_model.save` writes it, is made ready in a third of the time, and its
    answers are the same to the last bit. Of one without such calls, as Plumbline pushes it, there's nothing left to do: it's run as
    it is. A MatMul and a BiasAdd are not made one operation then, which at times rounds a 32-bit float's last bit otherwise.
    """
    config = config_pb2.ConfigProto()
    options = config.graph_options.rewrite_options
    if inline:
        options.disable_meta_optimizer = True
    else:
        options.meta_optimizer_iterations = rewriter_config_pb2.RewriterConfig.ONE
        options.optimizers.extend(OPTIMIZERS)
    return config


def _is_inline(meta_graph: MetaGraphDef) -> bool:
    """Whether no output of a signature needs a call of a function."""
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    calls = {*_CALLS, *(function.signature.name for function in meta_graph.graph_def.library.function)}
    ahead = [
        info.name.partition(":")[0]
        for name, definition in meta_graph.signature_def.items()
        if name != _INIT
        for info in definition.outputs.values()
    ]
    seen = set(ahead)
    while ahead:
        node = nodes.get(ahead.pop())
        if node is None:
            continue
        if node.op in calls:
            return False
        before = {name.lstrip("^").partition(":")[0] for name in node.input} - seen
        seen |= before
        ahead.extend(before)
    return True


class LoadedSession:
    """A session with a SavedModel in it.

    Args:
      path: the folder of the SavedModel.
      tags: of the meta graph.

    Attributes:
      signatures: SignatureDefs by name.
      graph_def: of the model.
      inline: whether no output of a signature needs a call of a function.

    Raises:
      tf.errors.OpError: a file can't be read, or what is in it can't be run.
      OSError, RuntimeError, ValueError, KeyError, TypeError: the folder holds something else.
    """

    def __init__(self, path: str, tags: Sequence[str]) -> None:
        loader = loader_impl.SavedModelLoader(path)
        meta_graph = loader.get_meta_graph_def_from_tags(list(tags))
        self.inline = _is_inline(meta_graph)
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph, config=_config(self.inline))
        try:
            saver, _ = loader.load_graph(graph, list(tags))
            loader.restore_variables(self._session, saver)
            loader.run_init_ops(self._session, list(tags))
        except BaseException:
            self._session.close()
            raise
        self.signatures: dict[str, SignatureDef] = dict(meta_graph.signature_def)
        self.graph_def: GraphDef = meta_graph.graph_def

    def callable(self, feed: Sequence[str], fetch: Sequence[str]) -> Callable[..., list[Array]]:
        """A function of the model's tensors. Takes and raises what `make_callable` does."""
        return make_callable(self._session, feed, fetch)

    def close(self) -> None:
        """Frees what the model holds, and gives its memory back: a graph refers to itself, so that nobody else would for long."""
        self._session.close()
        del self._session
        gc.collect()
        if sys.platform == "linux":
            ctypes.CDLL(None).malloc_trim(0)


def _no_advice(record: logging.LogRecord) -> bool:
    """Drops TensorFlow's advice to read files of records otherwise: a dataset takes longer to set up than a model's few to read."""
    return "is deprecated" not in record.getMessage()


tf.get_logger().addFilter(_no_advice)
