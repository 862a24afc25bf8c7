"""What a CSV's records are: the scanner, the plan's cuts, Arrow and Python's csv agree on any bytes, or the file is refused."""

from __future__ import annotations

import csv
import gzip
import io
import itertools

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from components.errors import DataError
from components.table import files, rejected
from components.table.dialect import Dialect
from components.table.records import Scanner

HOSTILE = st.lists(
    st.sampled_from(
        [b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"\\", b'\\"', b"a", b'5" pipe', b'"x"', "é".encode(), b"\0", b" "]
    )
)


def scan(data, sizes, escape=None):
    """The positions after each record, fed in blocks of some sizes in turn."""
    scanner, ends, start = Scanner("t.csv", escape), [], 0
    while start < len(data):
        size = sizes[start % len(sizes)]
        ends += scanner.feed(data[start : start + size])[1].tolist()
        start += size
    return ends + scanner.finish()[1].tolist()


def by_csv(data, escape=None):
    text = io.TextIOWrapper(io.BytesIO(data), "latin-1", newline="")
    return [[field.encode("latin-1") for field in record] for record in csv.reader(text, escapechar=escape) if record]


def by_arrow(data, columns, escape=None):
    """Records of the right number of fields; the numbers of fields of all others."""
    others = []
    names = [f"c{index}" for index in range(columns)]
    table = pa_csv.read_csv(
        pa.BufferReader(data),
        pa_csv.ReadOptions(use_threads=False, column_names=names),
        pa_csv.ParseOptions(
            newlines_in_values=True,
            escape_char=escape or False,
            invalid_row_handler=lambda row: others.append(row.actual_columns) or "skip",
        ),
        pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.binary())),
    )
    return [list(row.values()) for row in table.to_pylist()], others


@settings(max_examples=600)
@given(HOSTILE.map(b"".join), st.lists(st.integers(1, 9), min_size=1, max_size=4), st.sampled_from([None, "\\"]))
@example(b'a"b,"c\nd"e,"f"\n', [3], None)  # an even number of quotes before a newline within quotes
@example(b'x\r\ny\r\r"a\rb",1\r', [1], None)
def test_cut_at_its_ends_a_table_has_the_records_of_arrow_and_of_csv(data, sizes, escape):
    try:
        ends = scan(data, sizes, escape)
    except DataError:
        return  # refused; what is refused is the next tests'
    bounds = [0, *ends, len(data)]
    pieces = [data[begin:end] for begin, end in itertools.pairwise(bounds)]
    records = by_csv(data, escape)
    assert [record for piece in pieces for record in by_csv(piece, escape)] == records
    assert all(len(by_csv(piece, escape)) <= 1 for piece in pieces)
    if records:
        good, others = by_arrow(data, 2, escape)
        assert good == [record for record in records if len(record) == 2]
        assert others == [len(record) for record in records if len(record) != 2]


@given(
    st.lists(st.lists(st.text(st.sampled_from('"\\,\r\n a5'), max_size=6), min_size=2, max_size=2), min_size=1),
    st.booleans(),
)
def test_what_csv_writes_is_never_refused(rows, everything):
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL).writerows(rows)
    data = text.getvalue().encode()
    assert len(scan(data, [5])) == len(rows)
    assert by_csv(data) == [[field.encode() for field in row] for row in rows]


@given(st.lists(st.lists(st.text(st.sampled_from('"\\,\n a5'), max_size=6), min_size=2, max_size=2), min_size=1))
def test_what_spark_writes_is_read_with_its_escape_character(rows):
    data = "".join(
        ",".join('"' + field.replace("\\", "\\\\").replace('"', '\\"') + '"' for field in row) + "\n" for row in rows
    ).encode()
    assert len(scan(data, [5], "\\")) == len(rows)
    assert by_arrow(data, 2, "\\") == ([[field.encode() for field in row] for row in rows], [])


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b'a,b\r\n"5\\" pipe",2\n', 2, 'a quote inside a quoted field neither ends it nor is doubled: "5\\" '),
        (b'a,b\r1,2\r"a"b,2\r', 3, "neither ends it nor is doubled"),
        (b'a,b\n"two\nlines" and,2\n', 3, "neither ends it nor is doubled"),
        (b'a,b\n1,2\n"open,2\n3,4\n', 3, "the quote that opens there is never closed"),
    ],
)
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_a_quote_that_cant_be_read_is_refused_by_its_line(data, line, words, size):
    with pytest.raises(DataError) as caught:
        scan(data, [size])
    assert str(caught.value).startswith(f"t.csv, line {line}: ")
    assert words in str(caught.value)


def test_the_escape_character_is_advised_unless_it_is_set():
    with pytest.raises(DataError, match=r"Write a quote that is meant as two, or, .* set data.escape: '\\'"):
        scan(b'"5\\" pipe",2\n', [9])
    with pytest.raises(DataError, match=r"Write a quote that is meant as two\.$"):
        scan(b'"5" pipe",2\n', [9], "\\")
    with pytest.raises(DataError, match="the file ends with the escape character"):
        scan(b"a,b\\", [9], "\\")


def read(path, escape=None):
    """Records and bad rows with their lines, as ingest reads a file."""
    names = files.header(str(path), dialect=Dialect(escape=escape))
    rows, bad = [], []
    for chunk in files.plan([str(path)], dialect=Dialect(escape=escape)):
        ragged = []
        for batch in files.read(chunk, names, names, [], ragged):
            rows += [list(row.values()) for row in batch.to_pylist()]
        bad += [row["line"] for row in rejected.locate(chunk, len(names), {}, ragged, 1000)]
    return rows, bad


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
@settings(max_examples=200)
@given(data=HOSTILE.map(b"".join), escape=st.sampled_from([None, "\\"]))
def test_a_file_is_read_as_csv_reads_it_whatever_its_cuts(tmp_path_factory, suffix, data, escape):
    path = tmp_path_factory.mktemp("t") / f"t.{suffix}"
    whole = b"a,b\r" + data + b"\r\n1,2\r\n"
    path.write_bytes(gzip.compress(whole) if suffix == "csv.gz" else whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "LEAST_CHUNK", 3)
        try:
            rows, bad = read(path, escape)
        except DataError:
            with pytest.raises(DataError):
                scan(whole, [7], escape)
            return
    records = by_csv(whole, escape)[1:]
    assert rows == [record for record in records if len(record) == 2]
    assert len(bad) == len(records) - len(rows)
    starts = []
    reader, start = csv.reader(io.TextIOWrapper(io.BytesIO(whole), "latin-1", newline=""), escapechar=escape), 1
    for record in reader:
        if record and len(record) != 2:
            starts.append(start)
        start = 1 + reader.line_num
    assert bad == starts
