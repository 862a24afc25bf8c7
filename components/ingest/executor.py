"""ExampleGen's work: batches of the table to serialised tf.Examples, on Beam.

Keeps the contract of TFX's `BaseExampleGenExecutor`: it splits by the hash of the record and writes the shards. Beside
the splits lies `counts.json`: how many rows were read, kept and dropped, and how many each rule touched.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import tensorflow as tf
from google.protobuf import wrappers_pb2
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.utils import proto_utils
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from components.errors import DataError
from components.ingest.table import TableSpec, clean_batches

COUNTS_FILE = "counts.json"
_ERROR = "error"


class _ReadTable(beam.DoFn):
    """A path to its rows as tf.Examples; counts, and what is wrong with the table, go to outputs of their own.

    An error that a DoFn raises would reach the user wrapped in the runner's own words.
    """

    def __init__(self, spec: TableSpec) -> None:
        self._spec = spec

    def process(self, element: str) -> Iterator[Any]:
        counts: Counter[str] = Counter()
        encoder = RecordBatchToExamplesEncoder()
        try:
            for batch in clean_batches(Path(element), self._spec, counts):
                # The C++ encoder writes a record's features in another order in every process, and the split is decided
                # by the record's bytes.
                for record in encoder.encode(_as_lists(batch)):
                    yield tf.train.Example.FromString(record).SerializeToString(deterministic=True)
        except DataError as error:
            yield beam.pvalue.TaggedOutput("counts", {_ERROR: str(error)})
        else:
            yield beam.pvalue.TaggedOutput("counts", dict(counts))


def _as_lists(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The shape that tfx-bsl encodes: each value a list of one, a missing one null."""
    columns = []
    for column in batch.columns:
        values = column.cast(pa.binary()) if pa.types.is_string(column.type) else column
        present = values.drop_null()
        lengths = values.is_valid().cast(pa.int32()).to_numpy(zero_copy_only=False)
        offsets = pa.array([0, *lengths.cumsum()], pa.int32())
        columns.append(pa.ListArray.from_arrays(offsets, present, mask=values.is_null()))
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def merge_counts(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Sums counts by their text; the first error, if there is one, stays."""
    total: dict[str, Any] = {}
    for part in parts:
        for text, value in part.items():
            if text == _ERROR:
                total.setdefault(_ERROR, value)
            else:
                total[text] = total.get(text, 0) + value
    return total


@beam.ptransform_fn
def _table_to_examples(
    pipeline: beam.Pipeline, exec_properties: dict[str, Any], split_pattern: str
) -> beam.PCollection[bytes]:
    custom = proto_utils.json_to_proto(exec_properties["custom_config"], example_gen_pb2.CustomConfig())
    settings = wrappers_pb2.StringValue()
    custom.custom_config.Unpack(settings)
    spec = TableSpec.model_validate_json(json.loads(settings.value)["spec"])
    outputs = (
        pipeline
        | "Paths" >> beam.Create([os.path.join(exec_properties["input_base"], split_pattern)])
        | "ReadTable" >> beam.ParDo(_ReadTable(spec)).with_outputs("counts", main="examples")
    )
    counts_path = exec_properties["counts_path"]
    _ = (
        outputs.counts
        | "SumCounts" >> beam.CombineGlobally(merge_counts)
        | "WriteCounts" >> beam.Map(_write_json, counts_path)
    )
    return outputs.examples


def _write_json(value: dict[str, Any], path: str) -> None:
    with fileio.open(path, "w") as file:
        file.write(json.dumps(value, indent=1))


class Executor(BaseExampleGenExecutor):
    """Writes the `Examples` artifact, and fails with what is wrong with the table if something is."""

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:
        """The transform from a file to serialised tf.Examples."""
        return _table_to_examples

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Runs the Beam job, then checks its counts.

        Raises:
          DataError: the table is wrong, every row was dropped, or a feature has no value at all.
        """
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        counts_path = os.path.join(examples.uri, COUNTS_FILE)
        super().Do(input_dict, output_dict, {**exec_properties, "counts_path": counts_path})
        with fileio.open(counts_path) as file:
            counts = json.loads(file.read())
        if _ERROR in counts:
            raise DataError(counts[_ERROR])
        if not counts["rows kept"]:
            raise DataError(
                f"{exec_properties['input_base']}: the rules of data.drop leave none of the {counts['rows read']} "
                "rows. Loosen them."
            )
