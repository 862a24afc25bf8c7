"""Finds and opens tables (CSV, CSV.gz, Parquet), and cuts them into chunks that workers read apart. Needs pyarrow alone."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import itertools
import zlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.errors import DataError
from components.table import header as headers
from components.table.dialect import PLAIN, Dialect
from components.table.readable import BLOCK, check_regular, errors
from components.table.records import Scanner, count_lines
from components.table.stamps import Stamp
from components.table.streams import Open, as_text, open_local, open_records, open_stream, whole_records, without_mark

header, same_columns = headers.header, headers.same_columns

LEAST_CHUNK, MOST_CHUNK = 2 << 20, 32 << 20  # bytes
CHUNKS = 16  # aimed at, between these two
CHUNK_ROWS = 1 << 18  # of Parquet


@dataclasses.dataclass(frozen=True)
class Chunk:
    """A part of one file.

    Attributes:
      path: the file.
      begin, end: of a CSV, its bytes, records whole, the header not among them; of a Parquet file, rows of its row group.
        `end` is None for a file that is read as a stream.
      row_group: of a Parquet file.
      first: the number of its first record among the file's, from 0; ragged ones count, blank lines don't.
      dialect: how a CSV is written.
      stamp: of the file when it was cut into chunks; None if nobody looked.
      checksum: of a part of a CSV, zlib's CRC-32 of its bytes then.
    """

    path: str
    begin: int
    end: int | None
    row_group: int = 0
    first: int = 0
    dialect: Dialect = PLAIN
    stamp: Stamp | None = None
    checksum: int | None = None

    @property
    def begins_packed(self) -> bool:
        """Whether it is the first chunk of a file that `plan` does not read through."""
        is_read = self.path.endswith(".csv") and self.dialect.can_be_cut
        return not is_read and self.begin == 0 and self.row_group == 0


def without_empty(paths: Sequence[str], open_file: Open = open_local) -> list[str]:
    """Leaves files of 0 bytes out, as Spark writes for a partition without rows, gzipped or not; but not the last file."""
    filled = []
    for path in paths:
        check_regular(path)
        with errors(path), open_stream(path, open_file) as stream:
            if stream.read(1):
                filled.append(path)
    return filled or list(paths[:1])


def beginning(path: str, open_file: Open = open_local, dialect: Dialect = PLAIN) -> list[Chunk]:
    """A chunk that begins at the first row, found without reading the file; none if a Parquet file has no row."""
    if path.endswith(".parquet"):
        return plan([path], open_file)[:1]
    return [Chunk(path, 0, None, dialect=dialect)]


def plan(
    paths: Sequence[str],
    open_file: Open = open_local,
    dialect: Dialect = PLAIN,
    stamps: Mapping[str, Stamp] | None = None,
    digests: dict[str, str] | None = None,
) -> list[Chunk]:
    """Cuts files into chunks; where, depends on the files alone.

    A CSV is read through, and cut at ends of records; one that holds a newline within quotes, is compressed, of another encoding or
    with comments, is not cut.

    Args:
      paths: the files.
      open_file: opens a path.
      dialect: how CSV files are written.
      stamps: of the files, to be compared when chunks are read.
      digests: takes the SHA-256 of each file that is read through.

    Raises:
      DataError: a file can't be read, or a quote in it neither ends a field nor is doubled.
    """
    chunks: list[Chunk] = []
    stamps = stamps or {}
    digests = {} if digests is None else digests
    sizes = [_size(path, open_file) for path in paths]
    aim = min(max(sum(sizes) // CHUNKS, LEAST_CHUNK), MOST_CHUNK)
    for path in paths:
        stamp = stamps.get(path)
        with errors(path):
            if path.endswith(".parquet"):
                with open_file(path) as file:
                    metadata = pq.ParquetFile(file).metadata
                    rows = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
                first = 0
                for group, count in enumerate(rows):
                    cuts = range(0, count, CHUNK_ROWS)
                    chunks += [
                        Chunk(path, cut, min(cut + CHUNK_ROWS, count), group, first + cut, stamp=stamp) for cut in cuts
                    ]
                    first += count
            elif path.endswith(".csv.gz") or not dialect.can_be_cut:
                chunks.append(Chunk(path, 0, None, dialect=dialect, stamp=stamp))
            else:
                found, digests[path] = _plan_csv(path, aim, open_file, dialect)
                chunks += [dataclasses.replace(chunk, dialect=dialect, stamp=stamp) for chunk in found]
    return chunks


def _plan_csv(path: str, aim: int, open_file: Open, dialect: Dialect) -> tuple[list[Chunk], str]:
    """Cuts after the first end of a record beyond each multiple of `aim`. Returns the chunks, and the file's SHA-256."""
    cuts: list[int] = []
    first: list[int] = []  # number of the record that follows each cut
    checksums = [0]  # of what lies before the first cut, between two, after the last
    position, ended, records = 0, 0, -1  # the header is no record
    digest = hashlib.sha256()
    scanner = Scanner(path, dialect.escape, dialect.delimiter)
    with open_file(path) as file:
        while True:
            block = file.read(BLOCK)
            digest.update(block)
            piece, ends = scanner.feed(block) if block else scanner.finish()
            view = memoryview(piece)
            begin = scanner.position - len(piece)
            position = begin
            numbers = records + np.cumsum(~_blank(piece, begin, ends, ended))
            while (index := np.searchsorted(ends, cuts[-1] + aim) if cuts else 0) < len(ends):
                cuts.append(int(ends[index]))  # the first ends the header
                first.append(int(numbers[index]))
                checksums[-1] = zlib.crc32(view[position - begin : cuts[-1] - begin], checksums[-1])
                checksums.append(0)
                position = cuts[-1]
            checksums[-1] = zlib.crc32(view[position - begin :], checksums[-1])
            if len(ends):
                ended, records = int(ends[-1]), int(numbers[-1])
            if not block:
                break
    if scanner.newline_in_quotes:
        return [Chunk(path, 0, None)], digest.hexdigest()
    if cuts and cuts[-1] < scanner.position:
        cuts.append(scanner.position)
    # No cut: a header alone.
    parts = zip(itertools.pairwise(cuts), first, checksums[1:], strict=False)
    found = [Chunk(path, begin, end, first=number, checksum=checksum) for (begin, end), number, checksum in parts]
    return found, digest.hexdigest()


def _blank(piece: bytes, begin: int, ends: NDArray[np.intp], ended: int) -> NDArray[np.bool_]:
    """Which records of a piece of a file, from `begin` on, are lines without a character.

    Args:
      ends: of the records, in the file.
      ended: where the last record before the piece ended.
    """
    lengths = np.diff(ends, prepend=ended)
    found = lengths == 1
    for index in np.flatnonzero(lengths == 2):
        found[index] = piece[ends[index] - 2 - begin : ends[index] - begin] == b"\r\n"
    return found


@dataclasses.dataclass
class Ragged:
    """A record of a CSV that has another number of fields than the header.

    Attributes:
      before: how many records with the right number come before it in its chunk.
      fields: how many it has.
      text: it.
    """

    before: int
    fields: int
    text: str


def read(
    chunk: Chunk,
    names: list[str],
    wanted: list[str],
    missing: list[str],
    ragged: list[Ragged],
    open_file: Open = open_local,
) -> Generator[pa.RecordBatch, None, None]:
    """The rows of a chunk.

    Args:
      chunk: from `plan`.
      names: of the file's columns.
      wanted: columns to read.
      missing: texts of a CSV that stand for nothing.
      ragged: is added to.
      open_file: opens a path.

    Yields:
      Batches of `wanted`: binary columns from a CSV, columns as typed there from a Parquet file; null where missing.

    Raises:
      DataError: the file can't be read.
    """
    with errors(chunk.path):
        if chunk.path.endswith(".parquet"):
            yield from _read_parquet(chunk, wanted, open_file)
        else:
            try:
                with _records(chunk, open_file) as stream:
                    yield from _read_csv(chunk, stream, _all(chunk, names, open_file), wanted, missing, ragged)
            except pa.ArrowInvalid as error:
                if "CSV parse error" in str(error):  # Arrow does not hand over a ragged record that is not UTF-8
                    raise _undecodable(chunk, len(names), len(ragged), open_file) from error
                raise


def _undecodable(chunk: Chunk, columns: int, before: int, open_file: Open) -> DataError:
    """What is said of a ragged record that is not UTF-8, after some that are."""
    odd = (line for is_whole, line in lines(chunk, columns, open_file) if not is_whole)
    line = next(itertools.islice(odd, before, None), None)
    return DataError(
        f"{chunk.path}{'' if line is None else f', line {line}'}: expected {columns} fields in UTF-8; received another number, and "
        "bytes that are not UTF-8. Save the file as UTF-8, and correct the row."
    )


def _read_parquet(chunk: Chunk, wanted: list[str], open_file: Open) -> Iterator[pa.RecordBatch]:
    assert chunk.end is not None  # noqa: S101
    with open_file(chunk.path) as file:
        row = 0
        parquet = _verified(file)
        written = {name.strip(): name for name in parquet.schema_arrow.names}
        columns = [written[name] for name in wanted]
        for batch in parquet.iter_batches(row_groups=[chunk.row_group], columns=columns):
            begin, end = max(chunk.begin - row, 0), min(chunk.end - row, batch.num_rows)
            if begin < end:
                part = batch.slice(begin, end - begin).select(columns).rename_columns(wanted)
                yield part.replace_schema_metadata(batch.schema.metadata)
            row += batch.num_rows
            if row >= chunk.end:
                return


def _verified(file: BinaryIO) -> pq.ParquetFile:
    """A file whose pages are compared with their checksums, where the writer gave them one."""
    return pq.ParquetFile(file, page_checksum_verification=True)


def _all(chunk: Chunk, names: list[str], open_file: Open) -> list[str]:
    """The names of all columns, none of them twice, skipped ones among them."""
    if not chunk.dialect.skip_columns:
        return names
    found = headers.fields(chunk.path, open_file, chunk.dialect)
    skipped = headers.skipped_places(chunk.path, found, chunk.dialect)
    other = "\0" * (1 + max(name.count("\0") for name in found))  # which no name holds
    return [f"{other}{place}" if place in skipped else name for place, name in enumerate(found)]


def _read_csv(
    chunk: Chunk, stream: BinaryIO, names: list[str], wanted: list[str], missing: list[str], ragged: list[Ragged]
) -> Iterator[pa.RecordBatch]:
    # Whole records at a time, from memory: a reader of Arrow's own streams runs threads that call Python, also when it ends.
    whole = chunk.end is None  # its first record is the header
    scanner = Scanner(chunk.path, chunk.dialect.escape, chunk.dialect.delimiter)
    blocks = whole_records(stream, scanner, BLOCK) if whole else [stream.read()]
    awaited = fitting = whole  # whether the next record is the header; whether that has the right number of fields
    rows = before = 0  # of earlier blocks: with the right number of fields; ragged ones

    def on_ragged(row: pa_csv.InvalidRow) -> str:
        nonlocal fitting
        # The parser numbers what it is given from 1, blank lines not among them.
        if awaited and row.number == 1:
            fitting = False  # one short, it is none of the rows already
            return "skip"
        passed = row.number - 1 - int(awaited) - (len(ragged) - before)
        ragged.append(Ragged(rows + passed, row.actual_columns, row.text))
        return "skip"

    options = {
        "read_options": pa_csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names),
        "parse_options": pa_csv.ParseOptions(
            newlines_in_values=True,
            invalid_row_handler=on_ragged,
            escape_char=chunk.dialect.escape or False,
            delimiter=chunk.dialect.delimiter,
        ),
        "convert_options": pa_csv.ConvertOptions(
            include_columns=wanted,
            column_types=dict.fromkeys(names, pa.binary()),
            null_values=missing,
            strings_can_be_null=True,
        ),
    }
    for block in blocks:
        before = len(ragged)
        table = pa_csv.read_csv(pa.BufferReader(block), **options)
        if awaited:
            awaited = fitting and not table.num_rows
            table = table.slice(int(fitting))
        rows += table.num_rows
        yield from table.to_batches()


def lines(chunk: Chunk, columns: int, open_file: Open = open_local) -> Iterator[tuple[bool, int]]:
    """For each record of a chunk of CSV whether it has the right number of fields, and the line of the file it begins on.

    Reads the chunk anew, so it is for naming the lines of bad rows alone.
    """
    line = 1
    if chunk.begin:
        with open_file(chunk.path) as file:
            line += count_lines(file.read(chunk.begin))
    with _records(chunk, open_file) as stream:
        text = as_text(stream)
        reader = csv.reader(without_mark(text), delimiter=chunk.dialect.delimiter, escapechar=chunk.dialect.escape)
        start = line
        is_header = chunk.end is None
        for record in reader:
            if record and not is_header:
                yield len(record) == columns + len(chunk.dialect.skip_columns), start
            is_header = is_header and not record
            start = line + reader.line_num


def record_numbers(chunk: Chunk, row: int, count: int, ragged: Sequence[Ragged]) -> NDArray[np.int64]:
    """The numbers among their file's records of `count` of a chunk's rows with the right number of fields, from `row` on."""
    rows = np.arange(row, row + count)
    return chunk.first + rows + np.searchsorted([record.before for record in ragged], rows, side="right")


def _records(chunk: Chunk, open_file: Open) -> BinaryIO:
    if chunk.end is None:
        return open_records(chunk.path, open_file, chunk.dialect)
    with open_file(chunk.path) as file:
        file.seek(chunk.begin)
        data = file.read(chunk.end - chunk.begin)
    if len(data) < chunk.end - chunk.begin:
        raise DataError(
            f"{chunk.path}: the file was cut off while it was read: it ends at byte {chunk.begin + len(data):,}, and had at least "
            f"{chunk.end:,} bytes. Wait until the table is written, and run again."
        )
    if chunk.checksum is not None and zlib.crc32(data) != chunk.checksum:
        raise DataError(
            f"{chunk.path}: the file changed while it was read: bytes {chunk.begin:,} to {chunk.end:,} are others than at first. "
            "Wait until the table is written, and run again."
        )
    return io.BytesIO(data)


def _size(path: str, open_file: Open) -> int:
    with errors(path), open_file(path) as file:
        return file.seek(0, io.SEEK_END)
