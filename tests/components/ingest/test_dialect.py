"""CSV files as spreadsheets, R, pandas and other countries write them, read by their dialect and named without it."""

import codecs

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import DataError
from components.ingest import files
from components.ingest.dialect import Dialect, sniff
from components.ingest.table import TableSpec, typed

ROWS = [["a", "3.25", "x"], ["b;c", "-0.5", ""], ["ü\n€", "1e3", "NA"]]


def read(path, dialect, wanted=("t", "n", "m")):
    names = files.header(str(path), dialect=dialect)
    spec = TableSpec(numbers=["n"], texts=["t", "m"], label="n", dialect=dialect)
    found = {name: [] for name in wanted}
    for chunk in files.plan([str(path)], dialect=dialect):
        for batch in files.read(chunk, names, list(wanted), [], []):
            arrays, rejected = typed(batch, spec)
            assert not rejected
            for name in wanted:
                found[name] += arrays[name].to_pylist()
    return found


def written(delimiter=",", decimal=".", header=("t", "n", "m"), rows=ROWS):
    lines = [list(header), *([a, b.replace(".", decimal), c] for a, b, c in rows)]
    quoted = [[f'"{field}"' if set(field) & set(';,\t\n"') else field for field in line] for line in lines]
    return "".join(delimiter.join(line) + "\n" for line in quoted)


EXPECTED = {"t": ["a", "b;c", "ü\n€"], "n": [3.25, -0.5, 1000.0], "m": ["x", None, None]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize(("delimiter", "decimal"), [(",", "."), (";", ","), ("\t", "."), ("|", ",")])
def test_a_table_is_the_same_however_it_is_written(tmp_path, encoding, delimiter, decimal):
    path = tmp_path / "t.csv"
    path.write_bytes(written(delimiter, decimal).encode(encoding))
    dialect = Dialect(delimiter=delimiter, decimal=decimal, encoding=encoding)
    assert read(path, dialect) == EXPECTED
    guessed, _ = sniff(path.read_bytes())
    assert read(path, guessed) == EXPECTED


def test_comments_are_left_out_but_not_within_quotes(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        '# export of "2024\n#\nt,n,m\n# it\'s, "odd\n"x\n# no comment",1,y\nb,2,# neither\n#,#,#\nc,n/k,z\n'
    )
    dialect = Dialect(comment="#")
    names = files.header(str(path), dialect=dialect)
    [chunk] = files.plan([str(path)], dialect=dialect)
    [batch] = files.read(chunk, names, names, [], [])
    assert batch.to_pydict() == {
        "t": [b"x\n# no comment", b"b", b"c"], "n": [b"1", b"2", b"n/k"], "m": [b"y", b"# neither", b"z"],
    }  # fmt: skip
    assert [line for _, line in files.lines(chunk, 3)] == [5, 7, 9]


def test_blanks_around_names_are_taken_away(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(' t , n,m\na,3.25,x\nb;c,-0.5,\n"ü\n€",1e3,NA\n')
    assert read(path, Dialect()) == EXPECTED
    assert files.trimmed(str(path)) == [" t ", " n"]
    path.write_text("t, t\n1,2\n")
    with pytest.raises(DataError, match=r"column 't' stands more than once in the header once blanks around the names"):
        files.header(str(path))


def test_a_column_without_a_name_is_passed_over_when_asked(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('"",t,n,m\n1,a,3.25,x\n2,b;c,-0.5,\n3,"ü\n€",1e3,NA\n')
    with pytest.raises(DataError, match=r"column 1 has no name.*data\.skip_columns: \[1\]"):
        files.header(str(path))
    assert read(path, Dialect(unnamed=(1,))) == EXPECTED
    dialect, words = sniff(path.read_bytes())
    assert dialect == Dialect(unnamed=(1,))
    assert words == ["column 1 has no name, as row numbers of pandas and R have none: left out (data.skip_columns)"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x;y\n1;2\n", "seem to be separated by semicolons. Set data.delimiter: ';'"),
        (b"x\ty\n1\t2\n", r'seem to be separated by tabs. Set data.delimiter: "\t"'),
        (b"sep=,\nx,y\n1,2\n", "its first line, 'sep=,', is a note for spreadsheets. Remove that line"),
        (b"# made in 2024\nx,y\n1,2\n", "its first line begins with '#'. If that is a comment, set data.comment: '#'"),
        ("x,y\n1,2\n".encode("utf-16-le"), "is UTF-16 without a byte order mark. Set data.encoding: utf-16-le"),
        ("x,y\n1,2\n".encode("utf-16"), "set data.encoding: utf-16"),
        (b"x\0,y\n1,2\n", r"the column name 'x\x00' holds NUL"),
    ],
)
def test_a_file_of_another_kind_is_named_for_what_it_is(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        files.header(str(path))
    assert message in str(caught.value)


def test_bytes_of_another_encoding_are_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"t,n,m\n\x81,1,2\n")
    with pytest.raises(DataError, match=r"expected cp1252.*data\.encoding"):
        read(path, Dialect(encoding="cp1252"))


def test_a_decimal_comma_takes_no_point_for_thousands():
    spec = TableSpec(numbers=["n"], texts=[], label="n", dialect=Dialect(decimal=","), missing=["n.a."])
    arrays, rejected = typed(pa.RecordBatch.from_pydict({"n": ["3,10", "1.234,5", "3.10", "7", "n.a.", None]}), spec)
    assert arrays["n"].to_pylist() == [np.float32(3.1), None, None, 7.0, None, None]
    assert rejected == {
        row: f"column 'n': expected a number; received {text!r}" for row, text in ((1, "1.234,5"), (2, "3.10"))
    }


def test_a_name_that_exists_is_taken_literally(tmp_path):
    for name in ("t[1].csv", "t1.csv", ".t.csv", "_u.csv"):
        (tmp_path / name).write_text("x\n1\n")
    for name in ("t[1].csv", ".t.csv"):
        assert files.find_files(str(tmp_path), name) == [str(tmp_path / name)]
    assert files.find_files(str(tmp_path), "*.csv") == [str(tmp_path / name) for name in ("t1.csv", "t[1].csv")]


@given(
    st.lists(st.lists(st.text("a;, \t|1.€", min_size=1, max_size=4), min_size=3, max_size=3), min_size=1, max_size=8)
)
def test_any_table_reads_alike_in_any_dialect(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("t")
    found = []
    for delimiter, encoding in ((",", "utf-8"), (";", "utf-8"), ("\t", "utf-16"), ("|", "utf-16-be")):
        path = folder / f"{len(found)}.csv"
        lines = [["t", "n", "m"], *rows]
        text = "".join(delimiter.join(f'"{field}"' for field in line) + "\r\n" for line in lines)
        path.write_bytes((codecs.BOM_UTF8 if encoding == "utf-8" else b"") + text.encode(encoding))
        dialect = Dialect(delimiter=delimiter, encoding=encoding)
        names = files.header(str(path), dialect=dialect)
        [chunk] = files.plan([str(path)], dialect=dialect)
        found.append([batch.to_pydict() for batch in files.read(chunk, names, names, [], [])])
    assert found[1:] == found[:-1]
    assert [list(row) for row in zip(*found[0][0].values(), strict=True)] == [[f.encode() for f in row] for row in rows]
