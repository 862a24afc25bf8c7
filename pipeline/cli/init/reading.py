"""Finds a table's files and reads them once, by ingest's own reader, into a profile of each column."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.errors import DataError
from components.table import file_names, files, header, rejected
from components.table.dialect import PLAIN, Dialect
from components.table.sniffing import sniff
from components.values.masks import valid_rows
from components.values.names import shown
from pipeline.cli.init.profile import Place, Profile, numbers_of, texts_of

SAMPLE_ROWS = 5000  # of the table, evenly spaced, by which columns are compared with the label; up to twice as many


@dataclasses.dataclass(frozen=True)
class Source:
    """A table's files.

    Attributes:
      base: the folder that holds them.
      pattern: of their names below it.
      is_folder: whether they were found in a folder by their suffix.
      names: of each file's columns, by path, in the file's order.
      dialect: how CSV files are written, as far as their beginnings say.
      words: what is not as usual there, and names that had blanks around them.
    """

    base: Path
    pattern: str
    is_folder: bool
    names: dict[str, list[str]]
    dialect: Dialect = PLAIN
    words: list[str] = dataclasses.field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """The columns, in the first file's order, those without a name not among them."""
        return [name for name in next(iter(self.names.values())) if name]

    @property
    def stem(self) -> str:
        """What the table is called: its file's name up to the first dot, or its folder's."""
        fixed = re.split(r"[*?\[{]", self.pattern)[0] if len(self.names) > 1 or not self._is_file() else self.pattern
        stem = Path(fixed).name.lstrip(".").split(".")[0].strip("-_ ")
        return self.base.resolve().name if self.is_folder or not stem else stem

    def _is_file(self) -> bool:
        return (self.base / self.pattern).is_file()

    def beside(self) -> Path:
        """Where its configuration goes unless the user says otherwise."""
        return self.base.with_suffix(".yaml") if self.is_folder else self.base / f"{self.stem}.yaml"


@dataclasses.dataclass
class Table:
    """What was seen in a table.

    Attributes:
      path: to name it by.
      label: the profile of the column to predict, over all rows.
      columns: of the others, by name, over the rows that have a label.
      rows: how many have one.
      sample: values of the label and all columns, in evenly spaced ones of these rows, in the table's order.
    """

    path: str
    label: Profile
    columns: dict[str, Profile]
    rows: int
    sample: dict[str, list[pa.Array]]


def find(table: Path) -> Source:
    """The files of a table: a file, a folder of files of one kind, or a pattern.

    Raises:
      DataError: there is none, one can't be read, or their columns differ.
    """
    is_folder = table.is_dir()
    if table.is_file():
        base, pattern = str(table.parent), table.name
        paths = file_names.find_files(base, pattern)
    else:
        base, pattern = (str(table), _pattern_in(table)) if is_folder else file_names.split_pattern(str(table))
        paths = file_names.find_files(base, file_names.any_span(pattern))
    paths = files.without_empty(paths)
    dialect, words = sniff(paths[0])
    names = {path: header.header(path, dialect=dialect) for path in paths}
    files.same_columns(names)
    blanks = header.trimmed(paths[0], dialect=dialect)
    if blanks:
        words.append(f"blanks around names of columns are taken away: {', '.join(map(repr, blanks))}")
    return Source(Path(base), pattern, is_folder, names, dialect, words)


def _pattern_in(folder: Path) -> str:
    names = [entry.name for entry in folder.iterdir() if entry.name[0] not in "._"]
    kinds = [suffix for suffix in file_names.SUFFIXES if any(name.endswith(suffix) for name in names)]
    if len(kinds) != 1:
        what = f"files of several kinds ({', '.join(kinds)})" if kinds else f"no {', '.join(file_names.SUFFIXES)} file"
        raise DataError(
            f"{folder}: expected a folder with files of one kind; it holds {what}. Name a file or a pattern."
        )
    return f"*{kinds[0]}"


def profile(source: Source, label: str, in_texts: bool = False) -> Table:
    """Reads all rows.

    Args:
      source: the table.
      label: the column to predict.
      in_texts: whether any text is a label; otherwise numbers alone are.

    Raises:
      DataError: a file can't be read, a row has another number of fields than the header, the table has no such label or no row.
    """
    first = next(iter(source.names))
    columns = source.columns
    if label not in columns:
        near = difflib.get_close_matches(label, columns, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise DataError(
            f"{first}: --label: the table has no column {label!r}{hint} Its columns: {', '.join(map(shown, columns))}."
        )
    decimal = source.dialect.decimal
    table = Table(
        first,
        Profile(label, decimal, truths=True),
        {name: Profile(name, decimal) for name in columns if name != label},
        0,
        {name: [] for name in columns},
    )
    stride = 1
    rows = 0
    for path, names in source.names.items():
        for chunk in _chunks(path, source.dialect):
            ragged: list[files.Ragged] = []
            done = 0
            for batch in files.read(chunk, names, columns, [], ragged):
                places = np.arange(done, done + batch.num_rows)
                table.label.add(batch.column(label), _places(chunk, places, names))
                values = batch.column(label)
                keep = valid_rows(texts_of(values)) if in_texts else np.isfinite(numbers_of(values, decimal))
                labelled, others = (batch.filter(pa.array(rows)) for rows in (keep, ~keep))
                for name, column in table.columns.items():
                    column.add(labelled.column(name), _places(chunk, places[keep], names))
                    column.add(others.column(name), _places(chunk, places[~keep], names), is_kept=False)
                picked = np.flatnonzero((table.rows + np.arange(labelled.num_rows)) % stride == 0)
                for name, parts in table.sample.items():
                    parts.append(labelled.column(name).take(pa.array(picked)))
                table.rows += labelled.num_rows
                while table.rows // stride > 2 * SAMPLE_ROWS:
                    stride *= 2
                    _thin(table.sample)
                done += len(keep)
            _check_ragged(chunk, len(names), ragged)
            rows += done
    if not rows:
        raise DataError(f"{first}: the table has a header and no rows. Expected at least one row of data.")
    return table


def _chunks(path: str, dialect: Dialect) -> list[files.Chunk]:
    return files.plan([path]) if path.endswith(".parquet") else files.beginning(path, dialect=dialect)


def _places(chunk: files.Chunk, rows: NDArray[np.int64], names: list[str]) -> Callable[[int], Place]:
    return lambda index: Place(chunk, int(rows[index]), len(names))


def _check_ragged(chunk: files.Chunk, columns: int, ragged: list[files.Ragged]) -> None:
    if ragged:
        row = rejected.locate(chunk, columns, {}, ragged[:1], 0)[0]
        others = f" {len(ragged):,} rows are so." if ragged[1:] else ""
        raise DataError(f"{row['file']}, line {row['line']}, {row['reason']}.{others} Correct the table.")


def _thin(sample: dict[str, list[pa.Array]]) -> None:
    """Every second of the rows, counted from the first."""
    for name, parts in sample.items():
        start, thinned = 0, []
        for part in parts:
            thinned.append(part.take(pa.array(np.arange(start % 2, len(part), 2))))
            start += len(part)
        sample[name] = thinned
