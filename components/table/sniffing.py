"""How a CSV seems to be written, told by its beginning."""

from __future__ import annotations

import codecs
import csv
import dataclasses
import itertools
import re

from components.table.dialect import DELIMITERS, EXCEL, PLAIN, Dialect
from components.table.streams import Open, open_local, open_stream

_SEEN = 1 << 16  # bytes that a delimiter is found by
_RECORDS = 50
_BLOCK = 1 << 22
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")


def sniff(path: str, open_file: Open = open_local) -> tuple[Dialect, list[str]]:
    """How a CSV seems to be written.

    Args:
      path: a .csv or .csv.gz file; of a Parquet file nothing is said.
      open_file: opens a path.

    Returns:
      The dialect; a sentence for each of its settings that is not the default.
    """
    if path.endswith(".parquet"):
        return PLAIN, []
    encoding = _encoding(path, open_file)
    with open_stream(path, open_file) as stream:
        text = codecs.getincrementaldecoder(encoding)("replace").decode(stream.read(_SEEN)).removeprefix("\ufeff")
    found = sniff_text(text)
    found = dataclasses.replace(found, encoding=encoding)
    return found, _words(found)


def sniff_text(text: str) -> Dialect:
    """How a CSV seems to be written, by its first characters; its encoding aside."""
    comment = None
    lines = text.splitlines(keepends=True)
    if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")):
        lines.pop()  # cut off
    first = next((line for line in lines if line.strip()), "")
    if first.lower().startswith(EXCEL):
        comment = first[: len(EXCEL)]
    elif first.startswith("#"):
        others = [line for line in lines if not line.startswith("#")]
        by_rest = _delimiter(others)
        if _widths(lines, by_rest)[:1] != _widths(others, by_rest)[:1]:
            comment = "#"
    records = [line for line in lines if comment is None or not line.startswith(comment)]
    delimiter = _delimiter(records)
    found = Dialect(delimiter, comment=comment)
    rows = list(itertools.islice((row for row in csv.reader(iter(records), delimiter=delimiter) if row), _RECORDS))
    if delimiter != "," and _has_decimal_commas(rows[1:]):
        found = dataclasses.replace(found, decimal=",")
    if rows and (is_one_short(rows) or not rows[0][0].strip()):
        found = dataclasses.replace(found, skip_columns=(1,))
    return found


def is_one_short(rows: list[list[str]]) -> bool:
    """Whether a header is one name short, as R's `write.table` writes it: all of the first rows have one field more."""
    return len(rows) > 2 and all(len(row) == len(rows[0]) + 1 for row in rows[1:]) and any(row[-1] for row in rows[1:])


def _encoding(path: str, open_file: Open) -> str:
    with open_stream(path, open_file) as stream:
        block = stream.read(_BLOCK)
        if wide := utf16(block[: 1 << 12]):
            return wide
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block:
                decoder.decode(block)
                block = stream.read(_BLOCK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def utf16(start: bytes) -> str | None:
    """The codec of a file that begins so and is UTF-16, with a mark or without; None if it is not."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) * 2 > len(start) // 2 and min(even, odd) * 8 < max(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _widths(lines: list[str], delimiter: str) -> list[int]:
    rows = (row for row in csv.reader(iter(lines), delimiter=delimiter) if row)
    try:
        return [len(row) for row in itertools.islice(rows, _RECORDS)]
    except csv.Error:
        return []


def _delimiter(lines: list[str]) -> str:
    """That by which most of the first records have as many fields as the header, and more than one; a comma if none does."""

    def fitness(delimiter: str) -> tuple[float, int]:
        widths = _widths(lines, delimiter)
        if not widths or widths[0] < 2:
            return 0.0, 0
        fitting = sum(width in (widths[0], widths[0] + 1) for width in widths[1:])
        return (fitting / (len(widths) - 1) if len(widths) > 1 else 0.5), widths[0]

    return max(DELIMITERS, key=fitness)


def _has_decimal_commas(rows: list[list[str]]) -> bool:
    fields = [field.strip() for row in rows for field in row]
    commas = [field for field in fields if _DECIMAL_COMMA.fullmatch(field) and not _THOUSANDS.fullmatch(field)]
    points = [field for field in fields if _DECIMAL_POINT.fullmatch(field)]
    return len(commas) > len(points)


def _words(found: Dialect) -> list[str]:
    said = [
        (found.delimiter != ",", f"fields are parted by {DELIMITERS.get(found.delimiter, repr(found.delimiter))}"),
        (found.decimal != ".", "numbers have a decimal comma"),
        (found.encoding != "utf-8", f"the bytes are not UTF-8, and read as {found.encoding}"),
        (found.comment is not None, f"lines that begin with {found.comment!r} are left out"),
        (bool(found.skip_columns), "the first column has no name, and is left out"),
    ]
    return [text for there, text in said if there]
