"""The names of a table's columns, and what is said of a file that is not written as expected."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow.parquet as pq

from components.errors import DataError
from components.table.dialect import DELIMITERS, EXCEL, PLAIN, Dialect
from components.table.readable import check_regular, errors
from components.table.sniffing import is_one_short, sniff_text, utf16
from components.table.streams import Open, as_text, open_local, open_records, without_mark

_FOREIGN = {
    b"\x1f\x8b": "gzip; name it .csv.gz",
    b"PAR1": "Parquet; name it .parquet",
    b"PK\x03\x04": "a zip archive, or a spreadsheet. Unpack it, or convert a spreadsheet with 'plumbline convert'",
    b"ARROW1": "Feather. Convert it with 'plumbline convert'",
}
_LOOK = 1 << 12  # bytes that UTF-16 is told by
_ROWS = 3  # below the header that are looked at


def header(path: str, open_file: Open = open_local, dialect: Dialect = PLAIN) -> list[str]:
    """Names of a table's columns, in order, without blanks around them, and without `dialect.skip_columns`.

    Raises:
      DataError: the file can't be read, is empty or of another kind, or its header lacks a name, or has one name twice.
    """
    names = fields(path, open_file, dialect)
    skipped = skipped_places(path, names, dialect)
    names = [name for place, name in enumerate(names) if place not in skipped]
    unnamed = [place for place, name in enumerate(names) if not name]
    if unnamed or not names:
        what = f"column {unnamed[0] + 1} has no name" if names else "the line is blank"
        way = (
            "Name it, or, if it holds row numbers as pandas and R write them, set data.skip_columns: [1]."
            if unnamed == [0] and not path.endswith(".parquet")
            else "Name every column."
        )
        raise DataError(f"{path}, line 1: expected the names of the columns; {what}. {way}")
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise DataError(f"{path}, line 1: column {repeated[0]!r} stands more than once in the header. Rename it.")
    return names


def trimmed(path: str, open_file: Open = open_local, dialect: Dialect = PLAIN) -> list[str]:
    """The names of a table's columns that have blanks around them, as they are written."""
    return [name for name in _written(path, open_file, dialect) if name != name.strip()]


def fields(path: str, open_file: Open = open_local, dialect: Dialect = PLAIN) -> list[str]:
    """The names of all columns of a table, skipped ones too, without blanks around them; empty where there is none."""
    return [name.strip() for name in _written(path, open_file, dialect)]


def skipped_places(path: str, names: Sequence[str], dialect: Dialect) -> set[int]:
    """Places from 0 of the columns that `dialect.skip_columns` leaves out.

    Raises:
      DataError: there is no such column.
    """
    places = set()
    for column in dialect.skip_columns:
        place = column - 1 if isinstance(column, int) else names.index(column) if column in names else -1
        if not 0 <= place < len(names):
            raise DataError(
                f"{path}: data.skip_columns: the table has no column {column!r}. Its columns: {', '.join(map(repr, names))}."
            )
        places.add(place)
    return places


def _written(path: str, open_file: Open, dialect: Dialect) -> list[str]:
    _check_kind(path, open_file, dialect)
    with errors(path):
        if path.endswith(".parquet"):
            with open_file(path) as file:
                return list(pq.ParquetFile(file).schema_arrow.names)
        with open_records(path, open_file, dialect) as stream:
            text = as_text(stream)  # kept, so that it is closed with the stream
            records = csv.reader(without_mark(text), delimiter=dialect.delimiter, escapechar=dialect.escape)
            if dialect.comment is None:
                names = next(records, [])
                below = []
            else:
                names = next((record for record in records if record), [])
            names = [name.encode("latin-1").decode() for name in names]
            try:
                below = list(itertools.islice((record for record in records if record), _ROWS))
            except (csv.Error, OSError, EOFError):  # is said with its line when the rows are read
                below = []
    _check_dialect(path, names, below, dialect)
    if is_one_short([names, *below]):
        if 1 in dialect.skip_columns:
            return ["", *names]
        raise DataError(
            f"{path}: the rows have one field more than the header, as R's write.table writes them. Set data.skip_columns: [1], so "
            "that the row names before the first column are left out, or correct the header."
        )
    return names


def _check_dialect(path: str, names: list[str], below: list[list[str]], dialect: Dialect) -> None:
    """Raises a DataError if the first line is plainly that of a file that is written in another way."""
    if not names:
        return
    first = names[0]
    if first.lower().startswith(EXCEL) and len(dialect.delimiter.join(names)) == len(EXCEL) + 1:
        parts = dialect.delimiter.join(names)[-1]
        first += parts if len(names) > 1 else ""
        raise DataError(
            f"{path}, line 1: expected the names of the columns; received {first!r}, by which Excel says that fields are parted by "
            f"{DELIMITERS.get(parts, repr(parts))}. Set data.comment: {first[: len(EXCEL)]!r}{_setting(parts, dialect)}."
        )
    if first.startswith("#") and dialect.comment is None and below and len(below[0]) != len(names):
        raise DataError(
            f"{path}, line 1: expected the names of the columns; received a comment, {first[:60]!r}. Set data.comment: '#'."
        )
    if len(names) > 1:
        return
    found = sniff_text("\n".join(dialect.delimiter.join(row) for row in [names, *below]) + "\n").delimiter
    if found != dialect.delimiter and found in first:
        raise DataError(
            f"{path}, line 1: expected names of columns parted by {DELIMITERS.get(dialect.delimiter, repr(dialect.delimiter))}; "
            f"received {first[:60]!r}, parted by {DELIMITERS[found]}. Set data.delimiter: {_yaml(found)}."
        )


def _setting(delimiter: str, dialect: Dialect) -> str:
    return "" if delimiter == dialect.delimiter else f" and data.delimiter: {_yaml(delimiter)}"


def _yaml(delimiter: str) -> str:
    return '"\\t"' if delimiter == "\t" else f"'{delimiter}'"


def _check_kind(path: str, open_file: Open, dialect: Dialect) -> None:
    """Says at once that a file is not what its name says."""
    check_regular(path)
    with errors(path), open_file(path) as file:
        start = file.read(_LOOK)
    if not start:
        raise DataError(f"{path}: the file is empty. Expected a header and at least one row.")
    if path.endswith(".csv"):
        for magic, kind in _FOREIGN.items():
            if start.startswith(magic):
                raise DataError(f"{path}: expected a CSV in UTF-8; the file is {kind}.")
        if dialect.is_utf8 and (wide := utf16(start)):
            raise DataError(
                f"{path}: expected a CSV in UTF-8; the file is UTF-16. Set data.encoding: {wide}, or save it as UTF-8."
            )


def same_columns(names: Mapping[str, list[str]]) -> None:
    """Checks that all files have the same columns, in whatever order.

    Args:
      names: of each file's columns, by path.

    Raises:
      DataError: they differ.
    """
    first, expected = next(iter(names.items()))
    for path, found in names.items():
        odd = sorted(set(expected) ^ set(found))
        if odd:
            raise DataError(
                f"{path}: its columns differ from those of {first}: {', '.join(map(repr, odd))}, in one of the two alone. "
                "Give every file the same columns, or narrow the pattern."
            )
