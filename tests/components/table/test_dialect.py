"""Files as people have them: read as the dialect says, or named for what they are."""

from __future__ import annotations

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.errors import DataError
from components.table import file_names, files, header
from components.table.dialect import PLAIN, Dialect
from components.table.sniffing import sniff
from components.table.streams import open_local

ROWS = [["a", "1,5"], ["é", "2,25"], ["b;c", "3"]]


def everything(path, dialect=PLAIN):
    """The header, the rows, and the lines of ragged rows."""
    names = files.header(str(path), dialect=dialect)
    rows, lines = [], []
    for chunk in files.plan([str(path)], dialect=dialect):
        ragged = []
        for batch in files.read(chunk, names, names, [], ragged):
            rows += [[value.decode() for value in row.values()] for row in batch.to_pylist()]
        lines += [line for is_whole, line in files.lines(chunk, len(names)) if not is_whole]
        assert len(lines) >= len(ragged)
    return names, rows, lines


def write(path, data):
    path.write_bytes(gzip.compress(data) if path.name.endswith("gz") else data)
    return path


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_what_is_found_reads_the_table(tmp_path, name, encoding, delimiter):
    text = delimiter.join(["g", "x"]) + "\n" + "".join(f'"{g}"{delimiter}{x}\n' for g, x in ROWS)
    path = write(tmp_path / name, text.encode(encoding))
    found, words = sniff(str(path))
    assert found == Dialect(delimiter, ",", encoding if "16" not in encoding else found.encoding)
    assert len(words) == 2 + (encoding != "utf-8")
    assert everything(path, found) == (["g", "x"], ROWS, [])


def test_a_plain_file_is_plain(tmp_path):
    path = write(tmp_path / "t.csv", b'g,x\n"a;b;c",1\n"d;e;f",2\n')
    assert sniff(str(path)) == (PLAIN, [])


def test_chunks_of_another_delimiter_are_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LEAST_CHUNK", 16)
    path = write(tmp_path / "t.csv", b"g;x\n" + b'"a;b,";1\n' * 40)
    dialect = Dialect(";")
    assert len(files.plan([str(path)], dialect=dialect)) > 5
    assert everything(path, dialect)[1] == [["a;b,", "1"]] * 40


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_comments_are_left_out_and_lines_keep_their_numbers(tmp_path, name):
    text = '# made by "someone\n\n# 5" pipes\ng,x\na,1\n# more, with, commas\n"two\n# lines",2\nb,3,4\n#\nc,5\n'
    path = write(tmp_path / name, text.encode())
    found = everything(path, Dialect(comment="#"))
    assert found == (["g", "x"], [["a", "1"], ["two\n# lines", "2"], ["c", "5"]], [9])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"g;x;y\na;1;2\n", r"received 'g;x;y', parted by semicolons\. Set data.delimiter: ';'"),
        (b"g\tx\na\t1\n", r'parted by tabs\. Set data.delimiter: "\\t"'),
        (b"g|x\na|1\n", r"parted by bars\. Set data.delimiter: '\|'"),
        (b"sep=;\ng;x\na;1\n", r"by which Excel says .* Set data.comment: 'sep=' and data.delimiter: ';'"),
        (b"sep=,\ng,x\na,1\n", r"Set data.comment: 'sep='\."),
        (b"# a table\ng,x\na,1\n", r"received a comment, '# a table'\. Set data.comment: '#'"),
        (b"# a, table, of\ng,x\na,1\n", r"received a comment"),
        ("g,x\na,1\n".encode("utf-16-le"), r"the file is UTF-16\. Set data.encoding: utf-16-le"),
        ("g,x\na,1\n".encode("utf-16"), r"the file is UTF-16\. Set data.encoding: utf-16,"),
        (b",g,x\n1,a,1\n", r"column 1 has no name\. .* set data.skip_columns: \[1\]"),
        (b"g,x\n1,a,1\n2,b,2\n", r"one field more than the header, as R's write.table .* data.skip_columns: \[1\]"),
        (b"g,x,\n1,a,1\n", r"column 3 has no name\. Name every column"),
        (b"x, x\n1,2\n", r"column 'x' stands more than once"),
        ("größe,x\n1,2\n".encode("cp1252"), r"the header is not UTF-8\. .* or set data.encoding, such as cp1252"),
    ],
)
def test_a_file_of_another_kind_is_named_for_what_it_is(tmp_path, data, said):
    with pytest.raises(DataError, match=said):
        files.header(str(write(tmp_path / "t.csv", data)))


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
@pytest.mark.parametrize("first", [b",g,x\n", b"g,x\n"])
def test_row_numbers_of_pandas_and_r_are_skipped(tmp_path, name, first):
    path = write(tmp_path / name, first + b"1,a,5\n2,b,6\n3,b\n4,c,7\n")
    dialect, words = sniff(str(write(tmp_path / ("s" + name), first + b"1,a,5\n2,b,6\n")))
    assert (dialect, words) == (Dialect(skip_columns=(1,)), ["the first column has no name, and is left out"])
    if first == b"g,x\n":  # a ragged row among the first: then it can't be told
        path = write(tmp_path / name, first + b"1,a,5\n2,b,6\n4,c,7\n3,b\n")
    names, rows, lines = everything(path, dialect)
    assert (names, rows, len(lines)) == (["g", "x"], [["a", "5"], ["b", "6"], ["c", "7"]], 1)


def test_columns_are_skipped_by_name(tmp_path):
    path = write(tmp_path / "t.csv", b"g,id,x\na,1,5\n")
    assert everything(path, Dialect(skip_columns=("id",)))[:2] == (["g", "x"], [["a", "5"]])
    with pytest.raises(DataError, match=r"data.skip_columns: the table has no column 'ID'"):
        files.header(str(path), dialect=Dialect(skip_columns=("ID",)))


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet"])
def test_blanks_around_names_are_trimmed(tmp_path, name):
    path = tmp_path / name
    if name == "t.parquet":
        pq.write_table(pa.table({"g ": [b"a"], " x": [b"5"]}), path)
    else:
        write(path, b"g , x\na,5\n")
    assert everything(path)[:2] == (["g", "x"], [["a", "5"]])
    assert header.trimmed(str(path), open_local) == ["g ", " x"]


@pytest.mark.parametrize("name", [".t.csv", "t[1].csv", "_t.csv", "a*.csv"])
def test_a_file_that_is_there_by_its_name_is_found(tmp_path, name):
    write(tmp_path / name, b"x\n1\n")
    assert file_names.find_files(str(tmp_path), name) == [str(tmp_path / name)]


def test_a_pattern_leaves_hidden_files_out(tmp_path):
    for name in ("a.csv", ".b.csv", "_c.csv"):
        write(tmp_path / name, b"x\n1\n")
    assert file_names.find_files(str(tmp_path), "*.csv") == [str(tmp_path / "a.csv")]
    assert file_names.find_files(str(tmp_path), "_*.csv") == [str(tmp_path / "_c.csv")]


@pytest.mark.parametrize(
    ("name", "way"), [("t.dta", "plumbline convert t.dta -o t.parquet"), ("t.tsv", "set data.delimiter"), ("t.zip", "")]
)
def test_files_of_other_kinds_are_answered_with_what_to_do(name, way):
    with pytest.raises(ValueError, match=rf"must be a \.csv, .*{way}"):
        file_names.check_suffix(name)


def test_what_is_not_of_the_encoding_is_named(tmp_path):
    path = write(tmp_path / "t.csv", "g,x\na,1\n".encode("utf-16") + b"\x00\xd8")
    with pytest.raises(DataError, match=r"at or after line 3: the bytes are not utf-16"):
        everything(path, Dialect(encoding="utf-16"))


def test_a_column_of_parquet_whose_name_has_a_nul_does_no_harm(tmp_path):
    path = str(tmp_path / "t.parquet")
    pq.write_table(pa.table({"a\0b": [1], "x": [5]}), path)
    [chunk] = files.plan([path])
    [batch] = files.read(chunk, files.header(path), ["x"], [], [])
    assert batch.to_pydict() == {"x": [5]}
