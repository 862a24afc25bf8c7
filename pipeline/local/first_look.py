"""A first look at the table: what is plainly wrong is said before TensorFlow is loaded."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.errors import DataError
from components.gather.memory import check_memory
from components.preprocessing.kinds.categorical import Categorical
from components.table import file_names, files, labels, rejected, row_identity
from components.table.cleaning import Cleaned, check_columns, clean
from components.table.digits import Digits
from components.table.extents import Extents
from components.table.spec import TableSpec
from components.table.splits import are_integers, check_filled, group_values
from components.values import text_columns
from pipeline.config.file import Config
from pipeline.config.root import rejected_directory

FIRST_ROWS = 1 << 14
PACKED = 4  # how many times larger a compressed table is as CSV, roughly


def check_table(config: Config, root: Path) -> int:
    """Reads the tables' headers and first rows. If these are all, they are judged as ExampleGen will judge them.

    Returns:
      About how many bytes of CSV the tables are.

    Raises:
      DataError: a file can't be read, lacks a column, or has more bad rows among its first than the configuration allows; all rows
        are seen and can't be fitted.
    """
    base, pattern = config.data.location()
    paths = files.without_empty(file_names.find_files(str(base), file_names.any_span(pattern)))
    spec = config.table_spec()
    names = {path: files.header(path, dialect=spec.dialect) for path in paths}
    files.same_columns(names)
    check_columns(paths[0], names[paths[0]], spec)
    for chunk in files.beginning(paths[0], dialect=spec.dialect):
        ragged: list[files.Ragged] = []
        columns = names[chunk.path]
        batches = files.read(chunk, columns, spec.columns, [], ragged)
        batch = next(batches, None)
        whole = len(paths) == 1 and (batch is None or batch.num_rows <= FIRST_ROWS) and next(batches, None) is None
        batches.close()
        cleaned = None if batch is None else _clean(chunk, str(base), batch.slice(0, FIRST_ROWS), spec, ragged)
        reasons = {} if cleaned is None else cleaned.rejected
        rows = rejected.locate(chunk, len(columns), reasons, ragged, config.data.max_rejected)
        if len(rows) > config.data.max_rejected:
            listing = rejected_directory(root, config.name) / "first.jsonl"
            listing.parent.mkdir(parents=True, exist_ok=True)
            listing.write_text(rejected.to_lines(rows))
            raise rejected.too_many(rows, len(rows), config.data.max_rejected, str(listing))
        if whole and batch is None and not ragged:
            raise DataError(f"{paths[0]}: the table has a header and no rows. Expected at least one row of data.")
        if cleaned is not None and cleaned.kept.num_rows:
            part = labels.Part(chunk, len(columns), cleaned.label)
            if spec.positive is not None:
                labels.check_third([part], spec)
            _check_levels(config, cleaned)
            if whole:
                _check_fit(part, cleaned, spec)
    return sum(os.path.getsize(path) * (1 if path.endswith(".csv") else PACKED) for path in paths)


def _clean(
    chunk: files.Chunk, base: str, batch: pa.RecordBatch, spec: TableSpec, ragged: list[files.Ragged]
) -> Cleaned:
    numbers = files.record_numbers(chunk, 0, batch.num_rows, ragged)
    rows = row_identity.identities(row_identity.file_code(file_names.stem(base, chunk.path)), numbers)
    try:
        group = spec.split.group
        integers = group is not None and are_integers(group_values(batch.column(group), group, spec.missing))
        return clean(batch, spec, rows, Counter(), integers)
    except DataError as error:
        raise DataError(f"{chunk.path}, {error}") from error


def _check_levels(config: Config, cleaned: Cleaned) -> None:
    """Raises a ConfigError if memory can't hold a design matrix of no more levels than these rows have."""
    training = cleaned.kept.filter(pa.array(cleaned.split == 0))
    widths = dict.fromkeys(config.columns, 1)
    for name, feature in config.columns.items():
        if isinstance(feature, Categorical):
            texts = text_columns.levels(training.column(feature.column or name), config.data.missing)
            counts = pc.value_counts(texts.drop_null()).field("counts").to_numpy()
            widths[name] = max(1, min(feature.vocabulary, int(np.count_nonzero(counts >= feature.min_rows))))
    check_memory(widths, config.family, seen=f"of the first {training.num_rows:,} training rows alone has")


def _check_fit(part: labels.Part, cleaned: Cleaned, spec: TableSpec) -> None:
    """Raises a DataError if all rows of a table, cleaned, can't be fitted and judged."""
    names = spec.split.names
    counts = np.bincount(cleaned.split, minlength=len(names))
    seen = Extents()
    seen.add(cleaned.kept.filter(pa.array(cleaned.split == 0)), spec.weight)
    exact = [spec.label] if Digits.of(cleaned.kept.column(spec.label).to_numpy()).exact else []
    try:
        labels.classes([part], spec)
        check_filled({name: int(count) for name, count in zip(names, counts, strict=True)})
        seen.check(spec.label, spec.features, spec.penalised, exact)
    except DataError as error:
        raise DataError(f"{part.chunk.path}: {error}") from error
