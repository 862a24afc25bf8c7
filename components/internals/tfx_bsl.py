"""Parts of tfx-bsl 1.17 that are none of its API (`tfx_bsl.public`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from components.example_columns import as_lists


class ExampleDecoder:
    """Makes Arrow batches of serialised tf.Examples, as TFXIO does."""

    def __init__(self, schema: bytes | None, raw_column: str | None) -> None:
        """Takes a serialised schema, or None for what the examples hold, and the column that gets the records themselves."""
        from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

        self._decoder = ExamplesToRecordBatchDecoder(schema)
        self._expected = None if schema is None else self._decoder.ArrowSchema()
        self._raw_column = raw_column

    def decode(self, records: Any) -> pa.RecordBatch:
        """The batch of some records, an array [n] of bytes."""
        return self._with_records(self._decoder.DecodeBatch(records), records)

    def of_columns(self, columns: pa.RecordBatch, records: Any = None) -> pa.RecordBatch:
        """The batch that `decode` would make of the same rows.

        Args:
          columns: as `components.example_columns` keeps them.
          records: the rows as `decode` takes them; asked for only where a column gets them.

        Raises:
          ValueError: a column has another type than the schema says.
        """
        return self._with_records(self._of_columns(columns), records)

    def _of_columns(self, columns: pa.RecordBatch) -> pa.RecordBatch:
        lists = as_lists(columns.select(self._read(columns.schema.names)))
        found = {
            name: column if column.null_count < len(column) else pa.nulls(len(column))
            for name, column in zip(lists.schema.names, lists.columns, strict=True)
        }
        if self._expected is None:
            names = sorted(found)
            return pa.RecordBatch.from_arrays([found[name] for name in names], names=names)
        missing = pa.nulls(columns.num_rows)
        arrays = [_of_type(found.get(field.name, missing), field) for field in self._expected]
        return pa.RecordBatch.from_arrays(arrays, schema=self._expected)

    def _with_records(self, batch: pa.RecordBatch, records: Any) -> pa.RecordBatch:
        from tfx_bsl.tfxio.record_based_tfxio import AppendRawRecordColumn

        return batch if self._raw_column is None else AppendRawRecordColumn(batch, self._raw_column, records.tolist())

    def _read(self, names: list[str]) -> list[str]:
        return names if self._expected is None else [name for name in names if name in self._expected.names]


def _of_type(column: pa.Array, field: pa.Field) -> pa.Array:
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), field.type)
    if column.type != field.type:
        raise ValueError(f"{field.name}: the schema says {field.type}, and the examples hold {column.type}.")
    return column


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
