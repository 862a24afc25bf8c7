"""Opens tables (CSV, CSV.gz, Parquet), and cuts them into chunks that workers read apart from each other. Needs pyarrow alone."""

from __future__ import annotations

import csv
import dataclasses
import glob
import io
import os
import re
import stat
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.errors import DataError

SUFFIXES = (".csv", ".csv.gz", ".parquet")
LEAST_CHUNK, MOST_CHUNK = 2 << 20, 32 << 20  # bytes
CHUNKS = 16  # aimed at, between these two
CHUNK_ROWS = 1 << 18  # of Parquet
BLOCK = 4 << 20  # bytes; a longer record can't be read
RELEASE_SECONDS = 5.0  # for Arrow's threads to let go of a file
_BOM = "\ufeff".encode().decode("latin-1")
_NEWLINE, _RETURN, _QUOTE = ord("\n"), ord("\r"), ord('"')
_FOREIGN = {
    b"\x1f\x8b": "gzip; name it .csv.gz",
    b"PAR1": "Parquet; name it .parquet",
    b"PK\x03\x04": "a zip archive (or a spreadsheet); unpack it, or save it as CSV",
    b"\xff\xfe": "UTF-16; save it as UTF-8",
    b"\xfe\xff": "UTF-16; save it as UTF-8",
}

Open = Callable[[str], BinaryIO]


def open_local(path: str) -> BinaryIO:
    """Opens a file of this machine. An executor passes TFX's own instead, which knows other file systems."""
    return open(path, "rb")


@dataclasses.dataclass(frozen=True)
class Chunk:
    """A part of one file.

    Attributes:
      path: the file.
      begin, end: of a CSV, its bytes, records whole, the header not among them; of a Parquet file, rows of its row group.
        `end` is None for a file that is read as a stream.
      row_group: of a Parquet file.
      first: the number of its first record among the file's, from 0; ragged ones count, blank lines don't.
    """

    path: str
    begin: int
    end: int | None
    row_group: int = 0
    first: int = 0


def split_pattern(path: str) -> tuple[str, str]:
    """The folder that holds the files of a pattern, and the pattern below it: what comes before the first wildcard or `{`."""
    parts = path.split("/")
    fixed = next((index for index, part in enumerate(parts[:-1]) if re.search(r"[*?\[{]", part)), len(parts) - 1)
    return "/".join(parts[:fixed]) or ("/" if path.startswith("/") else "."), "/".join(parts[fixed:])


def check_suffix(path: str) -> None:
    """Raises a ValueError unless a file, or a pattern of files, has a name that can be read."""
    if not path.endswith(SUFFIXES):
        raise ValueError(f"must be a {', '.join(SUFFIXES)} file, or a pattern of such files")


def find_files(base: str, pattern: str, find: Callable[[str], Sequence[str]] = glob.glob) -> list[str]:
    """Files that a pattern matches, sorted. Names that begin with `.` or `_` are left out, as Hadoop and Spark do.

    Raises:
      DataError: there is none, or one is neither CSV nor Parquet.
    """
    path = os.path.join(base, pattern)
    found = sorted(name for name in map(str, find(path)) if os.path.basename(name)[0] not in "._")
    if not found:
        raise DataError(
            f"{path}: no such file. data.path names the table: a {', '.join(SUFFIXES)} file, or a pattern of such files."
        )
    for name in found:
        if not name.endswith(SUFFIXES):
            raise DataError(
                f"{name}: expected a {', '.join(SUFFIXES)} file; data.path matches this one too. "
                "Convert it, or narrow the pattern."
            )
    return found


def header(path: str, open_file: Open = open_local) -> list[str]:
    """Names of a table's columns, in order.

    Raises:
      DataError: the file can't be read, is empty or of another kind, or its header has no name or one name twice.
    """
    _check_kind(path, open_file)
    with _errors(path):
        if path.endswith(".parquet"):
            with open_file(path) as file:
                names = list(pq.ParquetFile(file).schema_arrow.names)
        else:
            with _stream(path, open_file) as stream:
                # Latin-1 reads any bytes, so that a bad one further down is found with its line.
                text = io.TextIOWrapper(stream, "latin-1", newline="")
                fields = next(csv.reader(line.removeprefix(_BOM) for line in text), [])
                names = [field.encode("latin-1").decode() for field in fields]
    unnamed = [str(index + 1) for index, name in enumerate(names) if not name.strip()]
    if unnamed or not names:
        what = f"column {unnamed[0]} has no name" if names else "the line is blank"
        raise DataError(f"{path}, line 1: expected the names of the columns; {what}. Name every column.")
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise DataError(f"{path}, line 1: column {repeated[0]!r} stands more than once in the header. Rename it.")
    return names


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


def beginning(path: str, open_file: Open = open_local) -> list[Chunk]:
    """A chunk that begins at the first row, found without reading the file; none if a Parquet file has no row."""
    return plan([path], open_file)[:1] if path.endswith(".parquet") else [Chunk(path, 0, None)]


def plan(paths: Sequence[str], open_file: Open = open_local) -> list[Chunk]:
    """Cuts files into chunks; where, depends on the files alone.

    A CSV is cut at ends of records; one that holds a newline within quotes, or is compressed, is not cut.
    """
    chunks: list[Chunk] = []
    sizes = [_size(path, open_file) for path in paths]
    aim = min(max(sum(sizes) // CHUNKS, LEAST_CHUNK), MOST_CHUNK)
    for path, size in zip(paths, sizes, strict=True):
        with _errors(path):
            if path.endswith(".parquet"):
                with open_file(path) as file:
                    metadata = pq.ParquetFile(file).metadata
                    rows = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
                first = 0
                for group, count in enumerate(rows):
                    cuts = range(0, count, CHUNK_ROWS)
                    chunks += [Chunk(path, cut, min(cut + CHUNK_ROWS, count), group, first + cut) for cut in cuts]
                    first += count
            elif path.endswith(".csv.gz"):
                chunks.append(Chunk(path, 0, None))
            else:
                chunks += _plan_csv(path, size, aim, open_file)
    return chunks


def _plan_csv(path: str, size: int, aim: int, open_file: Open) -> list[Chunk]:
    """Cuts after the first newline beyond each multiple of `aim`."""
    cuts: list[int] = []
    first: list[int] = []  # number of the record that follows each cut
    position, quotes, records = 0, 0, -1  # the header is no record
    before = b"\n\n"
    with open_file(path) as file:
        while block := file.read(BLOCK):
            data = np.frombuffer(block, np.uint8)
            newlines = np.flatnonzero(data == _NEWLINE)
            marks = np.flatnonzero(data == _QUOTE) if b'"' in block else newlines[:0]
            if np.any((np.searchsorted(marks, newlines) + quotes) % 2):
                return [Chunk(path, 0, None)]
            quotes += len(marks)
            ends = newlines + (position + 1)
            ended = records + np.cumsum(~_blank(data, newlines, before))
            while (index := np.searchsorted(ends, cuts[-1] + aim) if cuts else 0) < len(ends):
                cuts.append(int(ends[index]))  # the first ends the header
                first.append(int(ended[index]))
            position += len(block)
            records = int(ended[-1]) if len(ended) else records
            before = (before + block[-2:])[-2:]
    if not cuts:
        return []  # a header alone
    if cuts[-1] < size:
        cuts.append(size)
    return [Chunk(path, begin, end, first=number) for (begin, end), number in zip(pairwise(cuts), first, strict=False)]


def _blank(data: NDArray[np.uint8], newlines: NDArray[np.intp], before: bytes) -> NDArray[np.bool_]:
    """Whether each newline of a block ends a line without a character; `before` are the two bytes before the block."""
    padded = np.concatenate([np.frombuffer(before, np.uint8), data])
    last, last_but_one = padded[newlines + 1], padded[newlines]
    return (last == _NEWLINE) | ((last == _RETURN) & (last_but_one == _NEWLINE))


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
    with _errors(chunk.path):
        if chunk.path.endswith(".parquet"):
            yield from _read_parquet(chunk, wanted, open_file)
        else:
            with _records(chunk, open_file) as stream:
                yield from _read_csv(chunk, stream, names, wanted, missing, ragged)


def _read_parquet(chunk: Chunk, wanted: list[str], open_file: Open) -> Iterator[pa.RecordBatch]:
    assert chunk.end is not None  # noqa: S101
    with open_file(chunk.path) as file:
        row = 0
        for batch in pq.ParquetFile(file).iter_batches(row_groups=[chunk.row_group], columns=wanted):
            begin, end = max(chunk.begin - row, 0), min(chunk.end - row, batch.num_rows)
            if begin < end:
                yield batch.slice(begin, end - begin).select(wanted)
            row += batch.num_rows
            if row >= chunk.end:
                return


def _read_csv(
    chunk: Chunk, stream: BinaryIO, names: list[str], wanted: list[str], missing: list[str], ragged: list[Ragged]
) -> Iterator[pa.RecordBatch]:
    whole = chunk.end is None

    def on_ragged(row: pa_csv.InvalidRow) -> str:
        # The parser numbers records from 1, blank lines not among them.
        ragged.append(Ragged(row.number - 1 - int(whole) - len(ragged), row.actual_columns, row.text))
        return "skip"

    options = {
        "read_options": pa_csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=None if whole else names),
        "parse_options": pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=on_ragged),
        "convert_options": pa_csv.ConvertOptions(
            include_columns=wanted,
            column_types=dict.fromkeys(names, pa.binary()),
            null_values=missing,
            strings_can_be_null=True,
        ),
    }
    if not whole:
        yield from pa_csv.read_csv(pa.BufferReader(stream.read()), **options).to_batches()
        return
    source = _Raw(stream, seekable=False)
    released = threading.Event()
    weakref.finalize(source, released.set)
    file = pa.PythonFile(source, "r")
    del source
    try:
        reader = pa_csv.open_csv(file, **options)
        try:
            yield from reader
        finally:
            reader.close()
            del reader
    finally:
        # Its threads read ahead through Python: what still runs one when Python ends aborts the whole process.
        del file
        released.wait(RELEASE_SECONDS)


def lines(chunk: Chunk, columns: int, open_file: Open = open_local) -> Iterator[tuple[bool, int]]:
    """For each record of a chunk of CSV whether it has the right number of fields, and the line of the file it begins on.

    Reads the chunk anew, so it is for naming the lines of bad rows alone.
    """
    line = 1
    if chunk.begin:
        with open_file(chunk.path) as file:
            line += file.read(chunk.begin).count(b"\n")
    with _records(chunk, open_file) as stream:
        reader = csv.reader(io.TextIOWrapper(stream, "latin-1", newline=""))
        start = line
        for index, fields in enumerate(reader):
            if fields and not (index == 0 and chunk.end is None):
                yield len(fields) == columns, start
            start = line + reader.line_num


def record_numbers(chunk: Chunk, row: int, count: int, ragged: Sequence[Ragged]) -> NDArray[np.int64]:
    """The numbers among their file's records of `count` of a chunk's rows with the right number of fields, from `row` on."""
    rows = np.arange(row, row + count)
    return chunk.first + rows + np.searchsorted([record.before for record in ragged], rows, side="right")


def stem(base: str, path: str) -> str:
    """A file's name below a folder, without its suffix."""
    name = path.removeprefix(base.rstrip("/") + "/")
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


def _records(chunk: Chunk, open_file: Open) -> BinaryIO:
    if chunk.end is None:
        return _stream(chunk.path, open_file)
    with open_file(chunk.path) as file:
        file.seek(chunk.begin)
        return io.BytesIO(file.read(chunk.end - chunk.begin))


def _stream(path: str, open_file: Open) -> BinaryIO:
    file = open_file(path)
    if not path.endswith(".gz"):
        return file
    return buffered(pa.CompressedInputStream(pa.PythonFile(file, "r"), "gzip"), seekable=False)


class _Raw(io.RawIOBase):
    """What can read, and perhaps seek, as a raw file of Python's."""

    def __init__(self, source: Any, seekable: bool) -> None:
        self._source = source
        self._seekable = seekable

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seekable

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            offset += self._source.size()
        elif whence == io.SEEK_CUR:
            offset += self._source.tell()
        self._source.seek(offset)
        return offset

    def tell(self) -> int:
        return int(self._source.tell())

    def readinto(self, buffer: Any) -> int:
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()


def buffered(source: Any, seekable: bool = True) -> BinaryIO:
    """What can read (a `tf.io.gfile.GFile`, an Arrow stream) as a buffered file of Python's."""
    return io.BufferedReader(_Raw(source, seekable), 1 << 20)


def _size(path: str, open_file: Open) -> int:
    with open_file(path) as file:
        return file.seek(0, io.SEEK_END)


def _check_kind(path: str, open_file: Open) -> None:
    """Says at once that a file is not what its name says."""
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        raise DataError(
            f"{path}: expected a file; it is a folder or a device. Name a file, or a pattern such as {path}/*.csv."
        )
    with _errors(path), open_file(path) as file:
        start = file.read(4)
    if not start:
        raise DataError(f"{path}: the file is empty. Expected a header and at least one row.")
    if path.endswith(".csv"):
        for magic, kind in _FOREIGN.items():
            if start.startswith(magic):
                raise DataError(f"{path}: expected a CSV in UTF-8; the file is {kind}.")


class _errors:
    """Turns what the libraries raise into one line."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, UnicodeDecodeError):
            raise DataError(f"{self._path}, line 1: the header is not UTF-8. Save the file as UTF-8.") from error
        if isinstance(error, (pa.ArrowInvalid, pa.ArrowKeyError, csv.Error, OSError, EOFError)):
            text = str(error).splitlines()[0].rstrip(".") or type(error).__name__
            if "straddling" in text or "out of sync" in text:
                text = f"a record is longer than {BLOCK >> 20} MiB, or a quote is never closed"
            raise DataError(f"{self._path}: not readable as a table: {text}. Correct the file.") from error
