"""The transform graph over columns of raw rows (`components.example_columns`): no row is parsed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from numpy.typing import NDArray

from components.preprocessing.transform_graph import Features, TransformGraph

Parts = dict[str, dict[str, Any]]

_TYPES = {tf.float32: pa.float32(), tf.int64: pa.int64(), tf.string: pa.dictionary(pa.int32(), pa.binary())}


def column_values(
    transform: tft.TFTransformOutput, features: Features, others: Sequence[str]
) -> Callable[[pa.RecordBatch], dict[str, NDArray[Any]]] | None:
    """As `transform_graph.raw_values`, as a function of columns.

    Args:
      transform, features, others: as there.

    Returns:
      A function from a batch of `components.example_columns`, n rows, to arrays [n] by transformed name; None where the schema
      gives a column a shape: what a missing value is then, the parser of tf.Examples decides.
    """
    graph, spec = TransformGraph(transform), transform.raw_feature_spec()
    if not all(isinstance(kind, tf.io.VarLenFeature) for kind in spec.values()):
        return None
    signature = {name: _signature(kind.dtype) for name, kind in spec.items()}

    @tf.function(input_signature=[signature, tf.TensorSpec([], tf.int64)], autograph=False)
    def values(parts: Parts, rows: tf.Tensor) -> dict[str, tf.Tensor]:
        return graph.unscaled({name: _sparse(part, rows) for name, part in parts.items()}, features, others)

    def of_batch(batch: pa.RecordBatch) -> dict[str, NDArray[Any]]:
        parts = {name: _parts(_column(batch, name, kind.dtype)) for name, kind in spec.items()}
        found = values(parts, tf.constant(batch.num_rows, tf.int64))
        return {name: tensor.numpy() for name, tensor in found.items()}

    return of_batch


def _signature(dtype: tf.DType) -> dict[str, tf.TensorSpec]:
    places = {"rows": tf.TensorSpec([None], tf.int64), "values": tf.TensorSpec([None], dtype)}
    return {**places, "codes": tf.TensorSpec([None], tf.int32)} if dtype == tf.string else places


def _sparse(part: dict[str, tf.Tensor], rows: tf.Tensor) -> tf.SparseTensor:
    """A column as parsing gives it."""
    values = tf.gather(part["values"], part["codes"]) if "codes" in part else part["values"]
    indices = tf.stack([part["rows"], tf.zeros_like(part["rows"])], axis=1)
    return tf.SparseTensor(indices, values, tf.stack([rows, tf.constant(1, tf.int64)]))


def _column(batch: pa.RecordBatch, name: str, dtype: tf.DType) -> pa.Array:
    expected = _TYPES[dtype]
    if name not in batch.schema.names:
        return pa.nulls(batch.num_rows, expected)
    column = batch.column(name)
    if column.type != expected:
        raise ValueError(f"{name}: the schema says {expected}, and the examples hold {column.type}.")
    return column


def _parts(column: pa.Array) -> dict[str, Any]:
    """What `_signature` asks for: the rows that have a value, and the values, of texts by their place in a dictionary."""
    rows = np.arange(len(column))
    if column.null_count:
        rows, column = rows[column.is_valid().to_numpy(zero_copy_only=False)], column.drop_null()
    if not pa.types.is_dictionary(column.type):
        return {"rows": rows, "values": column.to_numpy()}
    texts = column.dictionary.to_numpy(zero_copy_only=False)
    return {
        "rows": rows,
        "values": tf.constant(texts.tolist(), tf.string, [len(texts)]),
        "codes": column.indices.to_numpy(),
    }
