"""Files in Arrow's streaming format, on any file system that TensorFlow knows."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pyarrow as pa


def read(path: str) -> Iterator[pa.RecordBatch]:
    """The batches of a file; none of an empty one. A file of this machine is mapped: no byte of it is copied."""
    if os.path.isfile(path) and os.path.getsize(path):
        with pa.memory_map(path) as mapped:
            yield from pa.ipc.open_stream(mapped)
        return
    from tfx.dsl.io import fileio

    with fileio.open(path, "rb") as file:
        data = file.read()
    if data:
        yield from pa.ipc.open_stream(pa.py_buffer(data))
