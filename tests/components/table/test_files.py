import gzip
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.errors import DataError
from components.table import file_names, files, rejected
from components.table.dialect import Dialect
from tests.components.table.test_cleaning import SPEC, read, write
from tests.conftest import REPOSITORY


def test_a_carriage_return_alone_ends_a_line(tmp_path):
    """A file that two programs wrote: old Mac line ends, then Unix ones. The header used to reach to the first line feed."""
    lines = ["c,x,y", *(f"a,{index},2" for index in range(20))]
    text = "\r".join(lines[:12]) + "\r" + "\n".join(lines[12:]) + "\n"
    table, counts, bad = read(write(tmp_path, text))
    assert (table["x"], counts["rows read"], bad) == ([float(index) for index in range(20)], 20, [])
    assert read(write(tmp_path, text.replace("\n", "\r")))[0] == table


def test_lines_are_counted_whatever_ends_them(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LEAST_CHUNK", 16)
    text = "c,x,y\r" + "a,1,2\r\n" * 10 + "a,1,2\r" * 10 + "\r\n" + "a,1,2\n" * 10 + "a,oops,2\r"
    path = write(tmp_path, text)
    assert len(files.plan([str(path)])) > 5
    assert [row["line"] for row in read(path)[2]] == [33]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_sparks_backslash_is_refused_by_line_or_read(tmp_path, name):
    text = b'c,x,y\n"5\\" pipe, long",1,2\n"a\\\\b",1,3\n'
    path = write(tmp_path, gzip.compress(text) if name.endswith("gz") else text, name)
    with pytest.raises(DataError, match=r"line 2: a quote inside a quoted field .* set data.escape: '\\'") as caught:
        read(path)
    assert '"5\\" pipe, long"' in str(caught.value)
    chunks = files.plan([str(path)], dialect=Dialect(escape="\\"))
    [batch] = [batch for chunk in chunks for batch in files.read(chunk, ["c", "x", "y"], ["c"], [], [])]
    assert batch["c"].to_pylist() == [b'5" pipe, long', b"a\\b"]


def test_inch_marks_outside_quotes_are_read_as_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LEAST_CHUNK", 16)
    path = write(tmp_path, "c,x,y\n" + '5" pipe,1,2\n"3/4"" valve",1,2\n' * 10)
    assert read(path)[0]["c"] == ['5" pipe', '3/4" valve'] * 10
    assert len(files.plan([str(path)])) > 5  # once one such mark kept the file whole


def test_a_long_field_does_not_hide_which_row_is_bad(tmp_path):
    rows = [f"{index},a,2" for index in range(300)]
    rows[100] = "1," + "w" * 140_000 + ",2"
    rows[250] = "n/k,a,2"
    _, _, bad = read(write(tmp_path, "x,c,y\n" + "\n".join(rows) + "\n"))
    assert [(row["line"], row["reason"]) for row in bad] == [(252, "column 'x': expected a number; received 'n/k'")]
    assert files.header(str(write(tmp_path, "x" * 140_000 + ",y\n1,2\n"))) == ["x" * 140_000, "y"]


def test_a_byte_order_mark_before_a_quoted_header_moves_no_line(tmp_path):
    path = write(tmp_path, '\ufeff"c\nd",x,y\na,1,2\na,oops,2\n')
    names = files.header(str(path))
    [chunk] = files.plan([str(path)])
    assert names == ["c\nd", "x", "y"]
    assert rejected.locate(chunk, 3, {1: "bad"}, [], 0) == [{"file": str(path), "line": 4, "reason": "bad"}]


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # pyarrow prints what its callback raised
def test_a_ragged_row_that_is_not_utf8_is_named_by_its_line(tmp_path):
    with pytest.raises(DataError, match="line 4: expected 3 fields in UTF-8"):
        read(write(tmp_path, b"c,x,y\na,1\na,1,2\nA\xe9,1\n"))


def test_parts_without_a_byte_are_passed_over(tmp_path):
    (tmp_path / "a.csv").touch()
    write(tmp_path, gzip.compress(b""), "b.csv.gz")
    (tmp_path / "c.parquet").touch()
    full = str(write(tmp_path, "c,x,y\na,1,2\n", "d.csv"))
    found = file_names.find_files(str(tmp_path), "*")
    assert len(found) == 4
    assert files.without_empty(found) == [full]
    [empty] = files.without_empty([str(tmp_path / "a.csv")])
    with pytest.raises(DataError, match=r"a\.csv: the file is empty\. Expected a header and at least one row"):
        files.header(empty)


def test_a_damaged_page_of_parquet_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    values = pa.table({"c": ["a"] * 1000, "x": range(1000), "y": [float(index) for index in range(1000)]})
    pq.write_table(values, path, compression="none", use_dictionary=False, write_page_checksum=True)
    good = path.read_bytes()
    at = good.index((500).to_bytes(8, "little") + (501).to_bytes(8, "little"))
    path.write_bytes(good[:at] + (400).to_bytes(8, "little") + good[at + 8 :])
    with pytest.raises(
        DataError, match=r"t\.parquet: .*the checksum of one of its pages is wrong: the file was damaged"
    ):
        read(path)
    path.write_bytes(good)
    assert read(path)[1]["rows read"] == 1000


def test_a_truncated_gz_is_refused(tmp_path):
    whole = gzip.compress(os.urandom(100_000).hex().encode().replace(b"0", b",1\n").join([b"x,y\n", b"\n"]))
    path = write(tmp_path, whole[: len(whole) // 2], "t.csv.gz")
    with pytest.raises(DataError, match=r"t\.csv\.gz: not readable as a table: .*[Tt]runcated"):
        list(files.read(files.plan([str(path)])[0], ["x", "y"], ["x"], [], []))


def test_what_cant_be_opened_is_said(tmp_path):
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(DataError, match=r"d\.csv: expected a file; it is a folder"):
        files.header(str(tmp_path / "d.csv"))
    (tmp_path / "l.csv").symlink_to("nowhere.csv")
    with pytest.raises(DataError, match=r"l\.csv: can't be opened: a link to a file that is not there"):
        files.header(*file_names.find_files(str(tmp_path), "l.csv"))


def test_a_file_without_permission_is_said(tmp_path):
    """In a process that may not read everything, as root may."""
    write(tmp_path, "c,x,y\na,1,2\n").chmod(0)
    tmp_path.chmod(0o755)
    code = "import os; from components.table import files; os.getuid() or os.setuid(65534); files.header('t.csv')"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, check=False
    )
    assert "t.csv: can't be opened: Permission denied. See to the file and its permissions" in done.stderr


def test_the_specs_escape_reaches_the_bad_rows(tmp_path):
    path = write(tmp_path, '"c\\"",x,y\na,1,2\n"b\\",1",oops,2\n')
    spec = SPEC.model_copy(update={"dialect": Dialect(escape="\\"), "texts": ['c"']})
    names = files.header(str(path), dialect=spec.dialect)
    assert names == ['c"', "x", "y"]
    [chunk] = files.plan([str(path)], dialect=spec.dialect)
    assert rejected.locate(chunk, 3, {1: "bad"}, [], 0)[0]["line"] == 3
