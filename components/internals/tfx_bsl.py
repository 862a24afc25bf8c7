"""Parts of tfx-bsl 1.17 that are none of its API (`tfx_bsl.public`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa


class ExampleDecoder:
    """Makes Arrow batches of serialised tf.Examples, as TFXIO does."""

    def __init__(self, schema: bytes | None, raw_column: str | None) -> None:
        """Takes a serialised schema, or None for what the examples hold, and the column that gets the records themselves."""
        from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

        self._decoder = ExamplesToRecordBatchDecoder(schema)
        self._raw_column = raw_column

    def decode(self, records: Any) -> pa.RecordBatch:
        """The batch of some records, an array [n] of bytes."""
        from tfx_bsl.tfxio.record_based_tfxio import AppendRawRecordColumn

        decoded = self._decoder.DecodeBatch(records)
        return (
            decoded if self._raw_column is None else AppendRawRecordColumn(decoded, self._raw_column, records.tolist())
        )


def files_of(tfxio: Any) -> list[str]:
    """The patterns of the files that a `TFExampleRecord` reads."""
    return list(tfxio._file_pattern)


def schema_of(tfxio: Any) -> bytes | None:
    """The serialised schema by which a `TFExampleRecord` decodes; None where it has none."""
    schema = tfxio._GetSchemaForDecoding()
    return None if schema is None else schema.SerializeToString()


def replace_source(source: Callable[..., Any]) -> None:
    """Puts a function in the place of `TFExampleRecord.BeamSource`, in this process; takes the TFXIO and perhaps a batch's size."""
    from tfx_bsl.public.tfxio import TFExampleRecord

    if not callable(getattr(TFExampleRecord, "BeamSource", None)):
        raise AttributeError("tfx_bsl: TFExampleRecord.BeamSource is gone: nothing would call the source")
    TFExampleRecord.BeamSource = source
