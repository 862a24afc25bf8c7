"""TableExampleGen's work on Beam: chunks of the table to shards of tf.Examples, split, cleaned and counted.

Writes what any ExampleGen of TFX writes (gzipped TFRecord shards, a folder a split), and beside the splits `counts.json`: how
many rows were read, kept, dropped and rejected, how many each rule touched, how many went to each split, and the code that each
file has in the rows' identities.
"""

from __future__ import annotations

import dataclasses
import json
import os
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

import apache_beam as beam
import pydantic
from google.protobuf import wrappers_pb2
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.utils import proto_utils

from components import row_identity
from components.errors import DataError, RunError
from components.ingest import files, rejected
from components.ingest.chunks import Job, convert
from components.ingest.extents import Extents
from components.ingest.splits import NotIntegersError, are_integers, check_filled, group_values
from components.ingest.table import TableSpec, check_columns
from components.shards import TEMPORARY, name_shards

COUNTS_FILE = "counts.json"


class IngestSettings(pydantic.BaseModel):
    """What travels to the executor as `custom_config`.

    Attributes:
      spec: the columns and rules.
      max_rejected: how many bad rows may be passed over.
      rejected: the folder that takes the list of bad rows.
      code: fingerprint of our code, for the cache.
    """

    spec: TableSpec
    max_rejected: int
    rejected: str
    code: str


class _Convert(beam.DoFn):
    """A chunk to its report. What is wrong with the data is reported too: raised, it would reach the user in the runner's words."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: tuple[int, files.Chunk]) -> Iterator[dict[str, Any]]:
        index, chunk = element
        stem = f"{index:05d}-{uuid.uuid4().hex}"
        try:
            yield {"chunk": index, **convert(chunk, self._job, stem, _open)}
        except DataError as error:
            yield {"chunk": index, "error": str(error)}
        except NotIntegersError:
            yield {"chunk": index, "not integers": True}


def _open(path: str) -> BinaryIO:
    return files.buffered(fileio.open(path, "rb"))


def _write_json(value: Any, path: str) -> None:
    with fileio.open(path, "w") as file:
        file.write(json.dumps(value, indent=1))


def _read_json(path: str) -> Any:
    with fileio.open(path) as file:
        return json.loads(file.read())


class Executor(BaseBeamExecutor):
    """Writes the `Examples` artifact, or fails with what is wrong with the table."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Runs the Beam job, then gives the shards their names.

        Raises:
          DataError: the table is wrong, has more bad rows than allowed, or every row was dropped.
        """
        del input_dict
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        taken = proto_utils.json_to_proto(exec_properties["input_config"], example_gen_pb2.Input())
        pattern = taken.splits[0].pattern  # the driver has put the span and the version in
        settings = _settings(exec_properties)
        splits = settings.spec.split.names
        base = exec_properties["input_base"]
        paths = files.find_files(base, pattern, fileio.glob)
        names = {path: files.header(path, _open) for path in paths}
        files.same_columns(names)
        check_columns(paths[0], names[paths[0]], settings.spec)
        for split in splits:
            fileio.makedirs(os.path.join(examples.uri, f"Split-{split}"))
        codes = {path: row_identity.file_code(files.stem(base, path)) for path in paths}
        job = Job(
            settings.spec,
            names,
            examples.uri,
            codes,
            settings.max_rejected,
            _groups_are_integers(paths, names, settings.spec),
        )
        reports = self._convert(job, paths)
        if any("not integers" in report for report in reports):
            reports = self._convert(dataclasses.replace(job, integers=False), paths)
        counts = _sum_counts(reports)
        _write_rejected(reports, settings, counts["rows rejected"], os.path.basename(examples.uri))
        where = os.path.join(base, pattern)
        if not counts["rows read"]:
            raise DataError(f"{where}: the table has a header and no rows. Expected at least one row of data.")
        if not counts["rows kept"]:
            raise DataError(
                f"{where}: the rules of data.drop leave none of the {counts['rows read']} rows. Loosen them."
            )
        rows = {
            split: name_shards(
                os.path.join(examples.uri, f"Split-{split}"),
                "data_tfrecord",
                [shard for report in reports for shard in report["shards"][split]],
            )
            for split in splits
        }
        _check_kept(rows, counts["rows kept"])
        spec = settings.spec
        try:
            check_filled(rows)
            Extents.merged(report["extents"] for report in reports).check(spec.label, spec.features, spec.penalised)
        except DataError as error:
            raise DataError(f"{where}: {error}") from error
        files_read = {path.removeprefix(base.rstrip("/") + "/"): code for path, code in codes.items()}
        _write_json({**counts, "splits": rows, "files": files_read}, os.path.join(examples.uri, COUNTS_FILE))
        examples.split_names = artifact_utils.encode_split_names(splits)
        examples_utils.set_payload_format(examples, exec_properties["output_data_format"])
        examples_utils.set_file_format(examples, "tfrecords_gzip")

    def _convert(self, job: Job, paths: list[str]) -> list[dict[str, Any]]:
        """Converts all chunks; their reports in order."""
        reports_path = os.path.join(job.folder, f"{TEMPORARY}reports.json")
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Chunks" >> beam.Create(list(enumerate(files.plan(paths, _open))))
                | "Spread" >> beam.Reshuffle()
                | "Convert" >> beam.ParDo(_Convert(job))
                | "Gather" >> beam.combiners.ToList()
                | "Report" >> beam.Map(_write_json, reports_path)
            )
        reports = sorted(_read_json(reports_path), key=lambda report: int(report["chunk"]))
        fileio.remove(reports_path)
        return reports


def _groups_are_integers(paths: list[str], names: dict[str, list[str]], spec: TableSpec) -> bool:
    """Whether the column that rows are grouped by begins with integers. That all of it are shows when it is read."""
    if spec.split.group is None:
        return False
    for chunk in files.beginning(paths[0], _open):
        columns = [spec.split.group]
        for batch in files.read(chunk, names[chunk.path], columns, spec.missing, [], _open):
            return are_integers(group_values(batch.column(0), spec.split.group, spec.missing))
    return False


def _settings(exec_properties: dict[str, Any]) -> IngestSettings:
    custom = proto_utils.json_to_proto(exec_properties["custom_config"], example_gen_pb2.CustomConfig())
    value = wrappers_pb2.StringValue()
    custom.custom_config.Unpack(value)
    return IngestSettings.model_validate_json(value.value)


def _sum_counts(reports: list[dict[str, Any]]) -> Counter[str]:
    """Raises the first chunk's error, if there is one."""
    counts: Counter[str] = Counter()
    for report in reports:
        if "error" in report:
            raise DataError(report["error"])
        counts.update(report["counts"])
    return counts


def _write_rejected(reports: list[dict[str, Any]], settings: IngestSettings, number: int, name: str) -> None:
    """Lists the bad rows, and raises a DataError if there are more than allowed."""
    if not number:
        return
    rows = [row for report in reports for row in report["rejected"]]
    path = os.path.join(settings.rejected, f"{name}.jsonl")
    fileio.makedirs(settings.rejected)
    with fileio.open(path, "w") as file:
        file.write(rejected.to_lines(rows))
    if number > settings.max_rejected:
        raise rejected.too_many(rows, number, settings.max_rejected, path)


def _check_kept(rows: dict[str, int], kept: int) -> None:
    """Raises if rows were lost on the way to the shards."""
    if sum(rows.values()) != kept:
        raise RunError(f"rows were lost or made up: {kept} rows of the table were kept, and {rows} written.")
