"""What did it learn from? The rows, what became of them, and how each column is distributed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from components.data_gate.anomalies import describe
from components.table.added_columns import COLUMNS
from components.values.names import shown
from pipeline.graph.report.distributions import Distribution
from pipeline.graph.report.section import Section
from pipeline.graph.report.source import Source
from pipeline.graph.steps import example_validator, schema_gen
from pipeline.graph.steps.example_gen import CLEANING

_WITHOUT_BINS: dict[str, object] = {"edges": {}, "levels": [], "counts": {}}
PICTURED = 24  # columns that have a picture; the others stand in the table alone
What = Literal["dropped", "missing", "clipped", "imputed", "other"]
_ENDS: dict[str, What] = {
    "row dropped": "dropped",
    "taken as missing": "missing",
    "clipped": "clipped",
    "imputed": "imputed",
}
_TYPES: dict[str, Literal["text", "whole number", "number"]] = {
    "BYTES": "text",
    "INT": "whole number",
    "FLOAT": "number",
}


class Rule(BaseModel):
    """A rule of the configuration, or what ingest did besides, in words, what became of rows, and of how many."""

    rule: str
    what: What
    rows: int


class Mark(BaseModel):
    """A text that stands for nothing, as shown, the column that it was found in, and in how many rows."""

    column: str
    text: str
    rows: int


class Rejected(BaseModel):
    """Why rows can't be right, without what stood there, and how many of the listed ones."""

    reason: str
    rows: int


class Found(BaseModel):
    """An anomaly: where, which rule is broken, and the share of the rows, as TensorFlow Data Validation tells it."""

    split: str
    column: str
    rule: str
    share: str | None


class Expected(BaseModel):
    """A column as the schema has it.

    Attributes:
      column: its name, as shown.
      type: of its values.
      present: the least share of the rows that must have a value; None for any.
      least, greatest: of valid numbers; None for no bound.
      texts: how many texts are valid; None for any.
    """

    column: str
    type: Literal["text", "whole number", "number"]
    present: float | None
    least: float | None
    greatest: float | None
    texts: int | None


class Learned(BaseModel):
    """The section.

    Attributes:
      files: how many were read.
      read, rejected, dropped, kept: rows of the table.
      splits: rows of each.
      reasons: why rows were rejected.
      rules: of the configuration that touched rows.
      marks: what stood for a missing value.
      hint: what is worth saying of the label.
      columns: how they are distributed, the label first.
      pictured: of how many the distribution is told; of the others its figures alone.
      anomalies: that ExampleValidator found; None where it did not look.
      expected: what the schema says.
      inferred: whether it is made from the training rows, and not given.
    """

    files: int
    read: int
    rejected: int
    dropped: int
    kept: int
    splits: dict[str, int]
    reasons: list[Rejected]
    rules: list[Rule]
    marks: list[Mark]
    hint: str | None
    columns: list[Distribution]
    pictured: int
    anomalies: list[Found] | None
    expected: list[Expected]
    inferred: bool


def _read(source: Source) -> Learned | None:
    counts = source.record(CLEANING)
    if counts is None:
        return None
    columns = source.distributions
    return Learned(
        files=counts.table.files,
        read=counts.read,
        rejected=counts.rejected,
        dropped=counts.dropped,
        kept=counts.kept,
        splits=counts.splits,
        reasons=_reasons(source),
        rules=[Rule(rule=rule, what=_what(rule), rows=rows) for rule, rows in counts.by_rule.items() if rows],
        marks=[
            Mark(column=shown(name), text=shown(text), rows=rows)
            for name, texts in counts.missing_tokens.items()
            for text, rows in texts.items()
        ],
        hint=counts.hint,
        columns=[*columns[:PICTURED], *(one.model_copy(update=_WITHOUT_BINS) for one in columns[PICTURED:])],
        pictured=min(PICTURED, len(columns)),
        anomalies=None if example_validator.STEP.name not in source.results.outputs else list(_anomalies(source)),
        expected=list(_expected(source)),
        inferred=source.config.table_schema is None,
    )


def _what(rule: str) -> What:
    return next((what for end, what in _ENDS.items() if rule.endswith(end)), "other")


def _anomalies(source: Source) -> Iterator[Found]:
    """Without the values that were seen."""
    from tensorflow_metadata.proto.v0 import anomalies_pb2
    from tfx.types import artifact_utils

    artifact = source.results.artifact(example_validator.STEP, "anomalies")
    folder = source.results.folder(example_validator.STEP, "anomalies")
    for split in artifact_utils.decode_split_names(artifact.split_names):
        found = anomalies_pb2.Anomalies.FromString((folder / f"Split-{split}" / "SchemaDiff.pb").read_bytes())
        for one in describe({split: found}):
            shares = re.findall(r"~?<?\d+(?:\.\d+)?%", one.seen)
            yield Found(split=split, column=shown(one.feature), rule=one.rule, share=", ".join(shares) or None)


def _expected(source: Source) -> Iterator[Expected]:
    """Of an inferred schema no texts: it has every one that a row has."""
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    if schema_gen.STEP.name not in source.results.outputs:
        return
    text = (source.results.folder(schema_gen.STEP, "schema") / "schema.pbtxt").read_text()
    schema = text_format.Parse(text, schema_pb2.Schema())
    texts = {domain.name: len(domain.value) for domain in schema.string_domain}
    for feature in schema.feature:
        if feature.name in COLUMNS:
            continue
        bounds = feature.int_domain if feature.HasField("int_domain") else feature.float_domain
        yield Expected(
            column=shown(feature.name),
            type=_TYPES[schema_pb2.FeatureType.Name(feature.type)],
            present=feature.presence.min_fraction or None,
            least=bounds.min if bounds.HasField("min") else None,
            greatest=bounds.max if bounds.HasField("max") else None,
            texts=texts.get(feature.domain) if source.config.table_schema else None,
        )


def _reasons(source: Source) -> list[Rejected]:
    """Of the rows that ingest lists, the most frequent first."""
    counts, listing = source.record(CLEANING), source.rejected_rows
    none = counts is not None and not counts.rejected  # a run that too many of them ended has no counts
    if listing is None or none:
        return []
    from tfx.dsl.io import fileio

    if not fileio.exists(listing):
        return []
    with fileio.open(listing) as file:
        reasons = Counter(without_value(json.loads(line)["reason"]) for line in file)
    return [Rejected(reason=reason, rows=rows) for reason, rows in reasons.most_common()]


def without_value(reason: str) -> str:
    """A reason up to where it says what stood there; of one that says it otherwise, which column it is."""
    rule, received, _ = reason.partition("; received")
    return rule if received else reason.partition(": ")[0]


SECTION = Section("learned", "What did it learn from?", Learned, _read)
