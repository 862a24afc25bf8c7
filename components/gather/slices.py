"""The columns of slices, as they stand in raw rows, as texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
from numpy.typing import NDArray

from components.preprocessing.stacks import side_by_side
from components.table.arrow_types import is_text
from components.values import text_columns

Parsed = dict[str, tuple[NDArray[Any], NDArray[np.bool_]]]
_NOTHING = {tf.string: "", tf.float32: float("nan"), tf.int64: 0}


def slice_texts(column: pa.Array) -> pa.Array:
    """A raw column as canonical strings [n] (`components.values.texts`), null where it has no value.

    Args:
      column: float32, int64, or texts, in a dictionary or not; a byte that is no UTF-8 is told by its escape, `\\xff`.
    """
    if not is_text(column.type):
        return text_columns.of_column(column)
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    texts = [
        text and text.decode("utf-8", "backslashreplace") for text in coded.dictionary.cast(pa.binary()).to_pylist()
    ]
    return pa.array(texts, pa.string()).take(coded.indices)


def of_columns(batch: pa.RecordBatch, names: Sequence[str]) -> list[pa.Array]:
    """Those of a batch of `components.example_columns`, which lacks a column that no row has a value in."""
    there = set(batch.schema.names)
    return [slice_texts(batch.column(name) if name in there else pa.nulls(batch.num_rows)) for name in names]


def parser(
    spec: Mapping[str, Any], names: Sequence[str]
) -> Callable[[tf.Tensor], dict[str, tuple[tf.Tensor, tf.Tensor]]]:
    """From tf.Examples, string [n], by name the values [n] of those columns that the schema knows, and where there are any.

    Args:
      spec: the feature specification of raw rows.
      names: of the columns.
    """
    wanted = {name: spec[name] for name in names if name in spec}

    def parsed(serialized: tf.Tensor) -> dict[str, tuple[tf.Tensor, tf.Tensor]]:
        columns = tf.io.parse_example(serialized, wanted) if wanted else {}
        found = {name: side_by_side([column], _NOTHING[column.dtype]) for name, column in columns.items()}
        return {name: (values[:, 0], there[:, 0]) for name, (values, there) in found.items()}

    return parsed


def of_parsed(parsed: Parsed, names: Sequence[str], rows: int) -> list[pa.Array]:
    """Those of `rows` rows that `parser`'s function took apart."""
    columns = {name: pa.array(values, mask=~there) for name, (values, there) in parsed.items()}
    return [slice_texts(columns[name] if name in columns else pa.nulls(rows)) for name in names]
