"""TableExampleGen's work on Beam: chunks of the table to shards of tf.Examples, split, cleaned and counted.

Writes what any ExampleGen of TFX writes (gzipped TFRecord shards, a folder a split), and beside the splits the same rows as columns
(`components.example_columns`) and `counts.json`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pydantic
from google.protobuf import wrappers_pb2
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.utils import proto_utils

from components.errors import DataError, RunError
from components.ingest import storage
from components.ingest.chunks import Job, convert
from components.ingest.counts import COUNTS_FILE, Counts
from components.linear_model.families import named
from components.shards import TEMPORARY, name_shards
from components.table import file_names, files, header, labels, rejected, row_identity, stamps
from components.table.cleaning import Tokens, add_tokens, check_columns
from components.table.digits import Digits
from components.table.extents import Extents
from components.table.spec import TableSpec
from components.table.splits import NotIntegersError, are_integers, check_filled, group_values

SUMS_FILE = "SHA256SUMS"  # of the table's files, as `sha256sum -c` reads it


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
            with stamps.steady(chunk.path, chunk.stamp, storage.take_stamp):
                report = {"chunk": index, **convert(chunk, self._job, stem, storage.open_file)}
                if chunk.begins_packed:
                    report["digests"] = {chunk.path: stamps.digest(chunk.path, storage.open_file)}
            yield report
        except DataError as error:
            yield {"chunk": index, "error": str(error)}
        except NotIntegersError:
            yield {"chunk": index, "not integers": True}


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
        pattern = _only_pattern(taken)  # the driver has put the span and the version in
        settings = _settings(exec_properties)
        splits = settings.spec.split.names
        base = exec_properties["input_base"]
        found = file_names.find_files(base, pattern, fileio.glob, fileio.exists)
        paths = files.without_empty(found, storage.open_file)
        stamped = {path: storage.take_stamp(path) for path in paths}
        names = {path: files.header(path, storage.open_file, settings.spec.dialect) for path in paths}
        files.same_columns(names)
        check_columns(paths[0], names[paths[0]], settings.spec)
        for split in splits:
            fileio.makedirs(os.path.join(examples.uri, f"Split-{split}"))
        codes = {path: row_identity.file_code(file_names.stem(base, path)) for path in paths}
        integers = _groups_are_integers(paths, names, settings.spec)
        job = Job(settings.spec, names, examples.uri, codes, settings.max_rejected, integers)
        digests: dict[str, str] = {}
        chunks = files.plan(paths, storage.open_file, settings.spec.dialect, stamped, digests)
        reports, exact = self._convert(job, chunks)
        counts = _sum_counts(reports)
        _write_rejected(reports, settings, counts["rows rejected"], os.path.basename(examples.uri))
        for path, stamp in stamped.items():
            stamps.check(path, stamp, storage.take_stamp)
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
        parts = _label_parts(reports, chunks, job)
        try:
            said = {"classes": labels.classes(parts, spec), "hint": _hint(spec, labels.merged(parts))}
            check_filled(rows)
            seen = Extents.merged(report["extents"] for report in reports)
            seen.check(spec.label, spec.features, spec.penalised, exact)
        except DataError as error:
            raise DataError(f"{where}: {error}") from error
        for report in reports:
            digests |= report.get("digests", {})
        names_read = {file_names.name_below(base, path): code for path, code in codes.items()}
        facts = {
            "missing tokens": _sum_tokens(reports),
            "splits": rows,
            "files": names_read,
            "table": _table(examples.uri, base, paths, digests),
        }
        blanks = header.trimmed(paths[0], storage.open_file, spec.dialect)
        words = _rounded(seen.rounded(spec.features)) | _passed_over(found, paths) | _trimmed(blanks)
        with fileio.open(os.path.join(examples.uri, COUNTS_FILE), "w") as file:
            file.write(Counts.model_validate({**counts, **words, **facts, **said}).to_json())
        examples.split_names = artifact_utils.encode_split_names(splits)
        examples_utils.set_payload_format(examples, exec_properties["output_data_format"])
        examples_utils.set_file_format(examples, "tfrecords_gzip")

    def _convert(self, job: Job, chunks: list[files.Chunk]) -> tuple[list[dict[str, Any]], frozenset[str]]:
        """Converts all chunks, and again if the columns are not what the job takes them for.

        Returns:
          The chunks' reports in order; the columns of numbers that are stored as integers.
        """
        reports = self._converted(job, chunks)
        if any("not integers" in report for report in reports):
            job = dataclasses.replace(job, integer_groups=False)
            reports = self._converted(job, chunks)
        exact = _exact(reports)
        if exact:
            reports = self._converted(dataclasses.replace(job, exact=exact), chunks)
        return reports, exact

    def _converted(self, job: Job, chunks: list[files.Chunk]) -> list[dict[str, Any]]:
        """Converts all chunks; their reports in order."""
        reports_path = os.path.join(job.folder, f"{TEMPORARY}reports.json")
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Chunks" >> beam.Create(list(enumerate(chunks)))
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
    for chunk in files.beginning(paths[0], storage.open_file, spec.dialect):
        columns = [spec.split.group]
        for batch in files.read(chunk, names[chunk.path], columns, [], [], storage.open_file):
            return are_integers(group_values(batch.column(0), spec.split.group, spec.missing))
    return False


def _settings(exec_properties: dict[str, Any]) -> IngestSettings:
    custom = proto_utils.json_to_proto(exec_properties["custom_config"], example_gen_pb2.CustomConfig())
    value = wrappers_pb2.StringValue()
    custom.custom_config.Unpack(value)
    return IngestSettings.model_validate_json(value.value)


def _only_pattern(taken: example_gen_pb2.Input) -> str:
    """Raises a RunError if there is more than one input split: rows are split here, as the configuration says."""
    if len(taken.splits) == 1:
        return str(taken.splits[0].pattern)
    named = ", ".join(f"{split.name} ({split.pattern})" for split in taken.splits) or "none"
    raise RunError(
        f"input_config: expected one input split; received {named}. Rows are split anew, as data.split says, so input splits of "
        "your own can't be kept. Give one split whose pattern matches all the files, such as */*.csv."
    )


def _trimmed(names: list[str]) -> dict[str, int]:
    """A count, in words, of the columns whose names had blanks around them."""
    others = ", …" if names[1:] else ""
    return {f"names of columns, blanks around them taken away ({names[0]!r}{others})": len(names)} if names else {}


def _passed_over(found: list[str], read: list[str]) -> dict[str, int]:
    """A count, in words, of the files without a byte."""
    empty = [os.path.basename(path) for path in found if path not in set(read)]
    others = ", …" if len(empty) > 1 else ""
    return {f"empty files, passed over ({empty[0]}{others})": len(empty)} if empty else {}


def _table(folder: str, base: str, paths: list[str], digests: dict[str, str]) -> dict[str, Any]:
    """What was read: how many files, and their digest. Lists the digest of each beside the splits."""
    for path in paths:
        if path not in digests:  # a Parquet file without rows has no chunk
            digests[path] = stamps.digest(path, storage.open_file)
    named = {file_names.name_below(base, path): digests[path] for path in paths}
    with fileio.open(os.path.join(folder, SUMS_FILE), "w") as file:
        file.write(stamps.sums(named))
    return {"files": len(named), "sha256": stamps.table_digest(named)}


def _sum_counts(reports: list[dict[str, Any]]) -> Counter[str]:
    """Raises the first chunk's error, if there is one."""
    counts: Counter[str] = Counter()
    for report in reports:
        if "error" in report:
            raise DataError(report["error"])
        counts.update(report["counts"])
    return counts


def _sum_tokens(reports: list[dict[str, Any]]) -> Tokens:
    """By column of texts, which texts stood for nothing, and in how many kept rows, the most frequent first."""
    tokens: Tokens = {}
    for report in reports:
        add_tokens(tokens, report["tokens"])
    return {name: dict(Counter(texts).most_common()) for name, texts in tokens.items()}


def _exact(reports: list[dict[str, Any]]) -> frozenset[str]:
    """Of label and weight, those that integers keep and 32-bit floats do not. No signature holds them, so nobody has to choose."""
    total: dict[str, Digits] = {}
    if any("error" in report for report in reports):
        return frozenset()
    for report in reports:
        for name, digits in report["digits"].items():
            total.setdefault(name, Digits()).add(Digits.from_json(digits))
    return frozenset(name for name, digits in total.items() if digits.exact)


def _rounded(rows: dict[str, int]) -> dict[str, int]:
    """A count, in words, of the whole numbers that travel rounded, so little that it does no harm to the fit."""
    return {
        f"{name}: whole numbers of training rows rounded to 32-bit floats (kind: integer keeps them)": number
        for name, number in rows.items()
    }


def _label_parts(reports: list[dict[str, Any]], chunks: list[files.Chunk], job: Job) -> list[labels.Part]:
    """What was seen of the label. Raises a DataError if that is one of two values, and has a third one."""
    parts = [
        labels.Part(chunk, len(job.names[chunk.path]), labels.Values.from_json(report["label"]))
        for chunk, report in zip(chunks, reports, strict=True)
    ]
    if job.spec.positive is not None:
        labels.check_third(parts, job.spec, storage.open_file)
    return parts


def _hint(spec: TableSpec, values: labels.Values) -> str | None:
    """What is said of a label of numbers that another family than least squares suits."""
    if values.others or named(spec.family).solver != "factors":
        return None
    family = labels.suggested(spec.label, values.rows)
    return family and labels.hint(spec.label, family)


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
