"""Hostile tables, as `run` meets them before any library is loaded."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.errors import ConfigError, DataError
from components.gather import memory
from pipeline.config.file import load_config
from pipeline.local.first_look import check_table

GOOD = "x,c,y\n" + "1,a,2\n1,a,3\n" * 25


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("t.csv", GOOD)
    return out.getvalue()


def configure(folder, path, **data):
    config = {
        "name": "t",
        "data": {"path": path, **data},
        "label": "y",
        "features": {"x": "numeric", "c": {"kind": "categorical", "vocabulary": 5}},
    }
    (folder / "t.yaml").write_text(json.dumps(config))
    return load_config(folder / "t.yaml")


# what stands in the table: bytes or text; its name; what the one message holds
HOSTILE = {
    "empty file": ("", "t.csv", "t.csv: the file is empty. Expected a header and at least one row."),
    "header alone": ("x,c,y\n", "t.csv", "t.csv: the table has a header and no rows."),
    "blank first line": ("\n1,a,2\n", "t.csv", "t.csv, line 1: expected the names of the columns; the line is blank."),
    "a column without a name": (
        "x,,y\n1,a,2\n",
        "t.csv",
        "line 1: expected the names of the columns; column 2 has no name.",
    ),
    "a column twice": ("x,c,y,x\n1,a,2,1\n", "t.csv", "line 1: column 'x' stands more than once in the header."),
    "a column missing": ("x,c\n1,a\n", "t.csv", "uses column 'y', which the table does not have. Its columns: x, c."),
    "too few fields": (GOOD + "1,a\n", "t.csv", "line 52, expected 3 fields; received 2: '1,a'."),
    "too many fields": (GOOD + "1,a,2,3\n", "t.csv", "line 52, expected 3 fields; received 4: '1,a,2,3'."),
    "text for a number": (GOOD + "one,a,2\n", "t.csv", "line 52, column 'x': expected a number; received 'one'."),
    "text in the label": (GOOD + "1,a,cheap\n", "t.csv", "line 52, column 'y': expected a number; received 'cheap'."),
    "no label": (GOOD + "1,a,\n", "t.csv", "line 52, column 'y': expected a number; received nothing."),
    "nan in the label": (GOOD + "1,a,nan\n", "t.csv", "line 52, column 'y': expected a number; received nothing."),
    "infinity in the label": (GOOD + "1,a,-inf\n", "t.csv", "column 'y': expected a finite number"),
    "beyond 32-bit floats": (
        GOOD + "4e38,a,2\n",
        "t.csv",
        "column 'x': expected a finite number that a 32-bit float holds",
    ),
    "beyond 2^53": (GOOD + "9007199254740993,a,2\n", "t.csv", "beyond the integers that a float holds (2^53)"),
    "decimal comma": (GOOD + '"1,5",a,2\n', "t.csv", "column 'x': expected a number; received '1,5'."),
    "hexadecimal": (GOOD + "0x1F,a,2\n", "t.csv", "column 'x': expected a number; received '0x1F'."),
    "not UTF-8": (
        GOOD.encode() + b"1,caf\xe9,2\n",
        "t.csv",
        "line 52, column 'c': expected UTF-8; received b'caf\\xe9'.",
    ),
    "header not UTF-8": (b"x,caf\xe9,y\n1,a,2\n", "t.csv", "line 1: the header is not UTF-8."),
    "UTF-16": (GOOD.encode("utf-16"), "t.csv", "the file is UTF-16. Set data.encoding: utf-16, or save it as UTF-8."),
    "quote never closed": (
        'x,c,y\n1,"a,2\n' + "1,a,2\n" * 9,
        "t.csv",
        "line 2: the quote that opens there is never closed.",
    ),
    "a backslash before a quote": (
        GOOD + '1,"5\\" pipe",2\n',
        "t.csv",
        'line 52: a quote inside a quoted field neither ends it nor is doubled: 1,"5\\" pipe",2',
    ),
    "gzip named csv": (gzip.compress(GOOD.encode()), "t.csv", "the file is gzip; name it .csv.gz."),
    "csv named gz": (GOOD, "t.csv.gz", "t.csv.gz: not readable as a table"),
    "gzip cut short": (
        gzip.compress(os.urandom(4000).hex().encode())[:2000],
        "t.csv.gz",
        "t.csv.gz: not readable as a table",
    ),
    "Parquet named csv": (parquet(pa.table({"x": [1]})), "t.csv", "the file is Parquet; name it .parquet."),
    "a spreadsheet named csv": (archive(), "t.csv", "the file is a zip archive, or a spreadsheet"),
    "csv named parquet": (GOOD, "t.parquet", "t.parquet: not readable as a table"),
    "Parquet cut short": (parquet(pa.table({"x": [1]}))[:40], "t.parquet", "t.parquet: not readable as a table"),
    "Parquet without rows": (parquet(pa.table({"x": [1.0], "c": ["a"], "y": [1.0]}).slice(0, 0)), "t.parquet", ""),
    "a list for a number": (
        parquet(pa.table({"x": [[1.0]], "c": ["a"], "y": [1.0]})),
        "t.parquet",
        "column 'x': expected numbers; the column is of type list",
    ),
    "Parquet integer beyond 2^53": (
        parquet(pa.table({"x": [2**53 + 1], "c": ["a"], "y": [1.0]})),
        "t.parquet",
        "row 1, column 'x': expected a number; received 9007199254740993, beyond the integers",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_tables_get_one_clear_message(tmp_path, name):
    content, file, message = HOSTILE[name]
    (tmp_path / file).write_bytes(content.encode() if isinstance(content, str) else content)
    before = sorted(tmp_path.iterdir())
    config = configure(tmp_path, file)
    if name == "Parquet without rows":
        check_table(config, tmp_path / "R")  # ingest says it: another file may have rows
        return
    with pytest.raises(DataError) as caught:
        check_table(config, tmp_path / "R")
    print(f"{name}: {caught.value}")  # noqa: T201 (pytest -s shows the table of messages)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert {path for path in tmp_path.iterdir() if path not in before} <= {tmp_path / "R", tmp_path / "t.yaml"}


HARMLESS = {
    "byte-order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "CRLF": GOOD.replace("\n", "\r\n").encode(),
    "no newline at the end": GOOD.rstrip().encode(),
    "newline within quotes": (GOOD + '1,"two\nlines",2\n').encode(),
    "doubled quotes": (GOOD + '1,"an ""a""",2\n').encode(),
    "blank lines": (GOOD + "\n\n1,a,2\n").encode(),
    "spaces about numbers": (GOOD + " 1 ,a, 2\n").encode(),
    "quoted numbers": (GOOD + '"1",a,"2"\n').encode(),
    "line ends of three kinds": GOOD.replace("\n", "\r", 20).replace("\n", "\r\n", 10).encode(),
    "an inch mark without quotes": (GOOD + '1,5" pipe,2\n').encode(),
    "missing tokens": (GOOD + "NA,null,2\n").encode(),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_hostile_is_read(tmp_path, name):
    (tmp_path / "t.csv").write_bytes(HARMLESS[name])
    check_table(configure(tmp_path, "t.csv"), tmp_path / "R")


def test_files_with_other_columns_and_stray_files_are_named(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text(GOOD)
    (folder / "b.csv").write_text("y,x,c\n2,1,a\n")  # another order is right
    (folder / "_SUCCESS").write_text("")
    (folder / ".hidden.csv").write_text("what")
    (folder / "0.csv").touch()  # Spark writes such parts
    check_table(configure(tmp_path, "in/*.csv"), tmp_path / "R")
    (folder / "c.csv").write_text("x,c,z\n1,a,2\n")
    with pytest.raises(
        DataError, match=r"c\.csv: its columns differ from those of .*a\.csv: 'y', 'z', in one of the two alone"
    ):
        check_table(configure(tmp_path, "in/*.csv"), tmp_path / "R")
    with pytest.raises(DataError, match=r"no such file"):
        check_table(configure(tmp_path, "out/*.csv"), tmp_path / "R")
    (folder / "d.csv").mkdir()
    (folder / "c.csv").unlink()
    with pytest.raises(DataError, match=r"d\.csv: expected a file; it is a folder or a device"):
        check_table(configure(tmp_path, "in/*.csv"), tmp_path / "R")


def test_a_device_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(DataError, match="expected a file; it is a folder or a device"):
        check_table(configure(tmp_path, "t.csv"), tmp_path / "R")


def test_bad_rows_up_to_the_limit_are_passed_over_and_listed_beyond_it(tmp_path):
    (tmp_path / "t.csv").write_text(GOOD + "1,a\none,a,2\n1,a,2\n")
    check_table(configure(tmp_path, "t.csv", max_rejected=2), tmp_path / "R")
    with pytest.raises(
        DataError, match=r"2 rows are bad; they are listed in .*first\.jsonl.*data\.max_rejected \(now 1\)"
    ):
        check_table(configure(tmp_path, "t.csv", max_rejected=1), tmp_path / "R")
    [listing] = (tmp_path / "R").rglob("first.jsonl")
    assert [json.loads(line)["line"] for line in listing.read_text().splitlines()] == [52, 53]


TABLE = """
name: t
data: {path: t.csv, split: SPLIT}
label: y
features: {x: numeric, z: numeric}
"""


def look(tmp_path, rows, split="{train: 0.8, eval: 0.2}", extra=""):
    """`check_table` on a table of columns x, z, y and d."""
    (tmp_path / "t.csv").write_text("x,z,y,d\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    (tmp_path / "p.yaml").write_text(TABLE.replace("SPLIT", split) + extra)
    return check_table(load_config(tmp_path / "p.yaml"), tmp_path / "R")


ROWS = [(index, index % 7, 2 * index + index % 3, f"2024-01-{index + 1:02d}") for index in range(30)]


def test_a_good_table_is_passed_and_its_size_told(tmp_path):
    assert look(tmp_path, ROWS) == (tmp_path / "t.csv").stat().st_size


@pytest.mark.parametrize(
    ("rows", "split", "message"),
    [
        ([(*row[:2], 7, "") for row in ROWS], "{train: 1}", "label 'y': it is 7 in all 30 training rows"),
        (
            [(row[0], "", *row[2:]) for row in ROWS],
            "{train: 1}",
            "features z: no training row has a value there. Leave it out.",
        ),
        (ROWS[:6], "{train: 1}", "too few rows: there are 6 training rows"),
        (
            [(10**8 + row[0], *row[1:]) for row in ROWS],
            "{train: 1}",
            "column 'x': 32-bit floats, as which it travels, have too few digits for it: of 30 different values 5 remain, "
            "100000000 and 100000001 become one.",
        ),
        (
            [(*row[:2], 1e6 + row[2] / 64, "") for row in ROWS],
            "{train: 1}",
            "column 'y': 32-bit floats, as which it travels, have too few digits for it",
        ),
        (
            [(f"{row[0] + 1}e-46", *row[1:]) for row in ROWS],
            "{train: 1}",
            "line 2, column 'x': expected a number that a 32-bit float holds; received 1e-46, too near zero (below 1.2e-38): use "
            "another unit. 30 rows are bad",
        ),
        (ROWS, "{by: d, eval_from: 2025-01-01}", "split eval has no row"),
        (ROWS, "{by: d, eval_from: 2024-01-05}", "too few rows: there are 4 training rows"),
        (ROWS, "{by: z, eval_from: 2024-01-05}", "column 'z': expected a date or time such as 2024-01-31"),
    ],
)
def test_what_cant_be_fitted_is_said_at_once(tmp_path, rows, split, message):
    with pytest.raises(DataError, match=re.escape(message)):
        look(tmp_path, rows, split)


def test_whole_numbers_of_any_size_are_no_trouble_in_the_label_and_as_integers(tmp_path):
    rows = [(10**15 + row[0], row[1], 10**12 + 10**7 * row[2], "") for row in ROWS]
    text = TABLE.replace("x: numeric", "x: integer")
    (tmp_path / "t.csv").write_text("x,z,y,d\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    (tmp_path / "p.yaml").write_text(text.replace("SPLIT", "{train: 1}"))
    assert check_table(load_config(tmp_path / "p.yaml"), tmp_path / "R")


def test_a_reading_does_not_depend_on_the_neighbours(tmp_path):
    """Seen: `-nan` was missing, and rejected in a table with another bad row."""
    rows = [("-nan" if index % 7 == 0 else row[0], *row[1:]) for index, row in enumerate(ROWS)]
    assert look(tmp_path, rows, "{train: 1}")
    bad = [*rows[:5], ("bad", *rows[5][1:]), *rows[6:]]
    with pytest.raises(DataError, match=r"line 7, column 'x': expected a number; received 'bad'\. It is listed"):
        look(tmp_path, bad, "{train: 1}")


def test_a_penalty_needs_no_more_rows_than_coefficients(tmp_path):
    look(tmp_path, ROWS[:6], "{train: 1}", "model: {l2: 1.0}")


def test_of_a_table_that_is_not_seen_whole_nothing_is_concluded(tmp_path):
    """The label is constant in the first rows alone."""
    rows = [(index, index % 7, int(index > 20_000), "") for index in range(30_000)]
    assert look(tmp_path, rows)
    text = (tmp_path / "t.csv").read_bytes()
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text))
    (tmp_path / "p.yaml").write_text(TABLE.replace("SPLIT", "{train: 1}").replace("t.csv", "t.csv.gz"))
    assert check_table(load_config(tmp_path / "p.yaml"), tmp_path / "R")


def test_the_split_is_the_one_that_ingest_draws(tmp_path):
    """The label varies in one row alone: the run is refused if and only if that row is held out."""
    from components.table.row_identity import draw, file_code, identities, split_stream

    held_out = draw(identities(file_code("t"), np.arange(30)), 5, split_stream(0)) == 4
    for index in range(10):
        rows = [(*row[:2], int(number == index), "") for number, row in enumerate(ROWS)]
        if held_out[index]:
            with pytest.raises(DataError, match="label 'y': it is 0 in all 24 training rows"):
                look(tmp_path, rows)
        else:
            look(tmp_path, rows)


# what the configuration says beside label y and feature x; the rows that follow 50 good ones; what the message holds
LABELS = {
    "a label of another family": (
        "model: {family: poisson}",
        "1,0.5",
        "line 52, column 'y': expected whole numbers of at least 0 (model.family: poisson); received 0.5. Of a rate,",
    ),
    "another two numbers": (
        "model: {family: binomial}",
        "1,2",
        "line 52, column 'y': expected 0 and 1 (model.family: binomial); received 2. Of a label of two other values, name",
    ),
    "a third value": (
        "positive: 1\nmodel: {family: binomial}",
        "1,2",
        "line 52, column 'y': expected '1' (positive) or '0', as in other rows; received '2'.",
    ),
    "another positive value": (
        "positive: yes\nmodel: {family: binomial}",
        "1,1",
        "positive: expected one of the two values of column 'y'; received 'yes'. The column holds",
    ),
    "no label": (
        "positive: 1\nmodel: {family: binomial}",
        "1,",
        "line 52, column 'y': expected a value; received nothing",
    ),
    "no exposure": (
        "exposure: e\nmodel: {family: poisson}",
        "1,1,0",
        "line 52, column 'e': expected an exposure above 0; received 0.0",
    ),
    "no offset": (
        "offset: e\nmodel: {family: poisson}",
        "1,1,",
        "line 52, column 'e': expected a number; received nothing",
    ),
}


@pytest.mark.parametrize("name", LABELS)
def test_what_no_family_takes_is_said_before_any_library_is_loaded(tmp_path, name):
    says, row, message = LABELS[name]
    table = "".join(f"{number % 7},{number % 2},{number + 1}\n" for number in range(50))
    (tmp_path / "t.csv").write_text(f"x,y,e\n{table}{row}{',1' * (row.count(',') < 2)}\n")
    (tmp_path / "t.yaml").write_text(f"name: t\ndata: {{path: t.csv}}\nlabel: y\nfeatures: {{x: numeric}}\n{says}\n")
    with pytest.raises(DataError) as caught:
        check_table(load_config(tmp_path / "t.yaml"), tmp_path / "R")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_label_with_one_value_in_a_whole_table_is_named_by_it(tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{number},yes\n" for number in range(50)))
    (tmp_path / "t.yaml").write_text(
        'name: t\ndata: {path: t.csv}\nlabel: y\npositive: "yes"\nfeatures: {x: numeric}\nmodel: {family: binomial}\n'
    )
    with pytest.raises(
        DataError, match=r"t\.csv: label 'y': it is 'yes' in 50 rows; expected 'yes' \(positive\) and another value"
    ):
        check_table(load_config(tmp_path / "t.yaml"), tmp_path / "R")


@pytest.mark.parametrize(
    ("family", "vocabulary", "refused"), [("binomial", 5000, True), ("binomial", 50, False), ("gaussian", 5000, False)]
)
def test_levels_that_memory_cannot_hold_are_refused_by_the_first_rows(
    tmp_path, monkeypatch, family, vocabulary, refused
):
    """Of 3,000 rows with a level each some 2,400 are for training: least squares eliminates them, other families can't."""
    (tmp_path / "free").write_text("200000000\n")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path / "free")
    rows = "".join(f"{index % 7},c{index},{index % 2}\n" for index in range(3000))
    (tmp_path / "t.csv").write_text("x,c,y\n" + rows)
    configure(tmp_path, "t.csv")
    text = json.loads((tmp_path / "t.yaml").read_text())
    text["features"]["c"] |= {"vocabulary": vocabulary, "min_rows": 1}
    text["model"] = {"family": family, "l2": 1.0}
    (tmp_path / "t.yaml").write_text(json.dumps(text))
    config = load_config(tmp_path / "t.yaml")
    if not refused:
        check_table(config, tmp_path / "R")
        return
    with pytest.raises(ConfigError) as caught:
        check_table(config, tmp_path / "R")
    assert re.match(
        r"features.c: the design matrix of the first 2,\d+ training rows alone has 2,\d+ columns, .* 0.2 GiB are free",
        str(caught.value),
    )
