"""The number of a row's cluster: of rows that have one value in a column, whatever file and type they come from, the same."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.table import columns
from components.values.masks import true_rows

BITS = 63  # of a number: among a million clusters two share one in one table of 18 million


def cluster_values(column: pa.Array, name: str, missing: list[str]) -> tuple[pa.Array, dict[int, str]]:
    """A column of clusters as canonical strings, null where it has no value, and why a row can't be right, by its position.

    Args:
      column: of any type that can be a text.
      name: of the column.
      missing: texts that stand for nothing.

    Raises:
      DataError: the column is of another type. The text does not name the file.
    """
    reasons: dict[int, str] = {}
    values = columns.text(column, name, missing, reasons)
    reason = f"column {name!r}: expected a value, by which model.errors clusters rows; received nothing"
    columns.reject(reasons, true_rows(values.is_null()), values, reason)
    return values, reasons


def cluster_numbers(values: pa.Array) -> NDArray[np.int64]:
    """The first 63 bits of the SHA-256 of each string [n], none of which is null."""
    coded = values.dictionary_encode()
    digests = b"".join(hashlib.sha256(text.encode()).digest()[:8] for text in coded.dictionary.to_pylist())
    numbers = (np.frombuffer(digests, ">u8") >> np.uint64(64 - BITS)).astype(np.int64)
    return np.asarray(numbers[coded.indices.to_numpy()])
