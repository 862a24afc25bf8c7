"""Whatever a table holds, `init` writes a configuration that a run takes, or says why it can't."""

import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from hypothesis import given, settings

from components.errors import DataError
from pipeline.cli.init import write_config
from pipeline.config.file import load_config
from pipeline.local.first_look import check_table

NUMBERS = [
    "0",
    "1",
    "-2.5",
    "+5",
    " 7 ",
    "5.",
    ".5",
    "1e3",
    "1E-05",
    "007",
    "5.0",
    "-0",
    "16777217",
    "9007199254740993",
    "1e25",
]
NUMBERS += ["1e-46", "1e39", "1e400", "1e-400", "12345678901234567890"]
NOTHING = ["", "NA", "nan", "-nan", "NaN ", "null", ".", "?", "\u00a0"]
TEXTS = [
    "true",
    "FALSE",
    "yes",
    "no",
    "a",
    "b",
    "inf",
    "0x1F",
    "1_0",
    "1,5",
    "٥",
    "$3",
    "5%",
    "2024-01-31",
    "1960Q1",
    "(other)",
    "a\nb",
    "\x00",
]
ROWS = 60

columns = st.one_of(
    *(
        st.lists(st.sampled_from(pool), min_size=ROWS, max_size=ROWS)
        for pool in (NUMBERS, NUMBERS + NOTHING, TEXTS, TEXTS + NOTHING)
    ),
    st.lists(st.sampled_from(["1", "2", "3", "x", *NOTHING]), min_size=ROWS, max_size=ROWS),
    st.tuples(st.sampled_from(NUMBERS + TEXTS + NOTHING), st.sampled_from(NUMBERS)).map(
        lambda pair: [pair[0]] + [pair[1], "3"] * 29 + ["4"]
    ),
    st.lists(st.floats(), min_size=ROWS, max_size=ROWS).map(lambda floats: [repr(value) for value in floats]),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=ROWS, max_size=ROWS).map(
        lambda whole: [str(value) for value in whole]
    ),
)
typed = st.one_of(
    st.lists(st.none() | st.floats(), min_size=ROWS, max_size=ROWS).map(lambda values: pa.array(values, pa.float64())),
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=ROWS, max_size=ROWS).map(
        lambda values: pa.array(values, pa.int64())
    ),
    st.lists(st.none() | st.integers(0, 2**64 - 1), min_size=ROWS, max_size=ROWS).map(
        lambda values: pa.array(values, pa.uint64())
    ),
    st.lists(st.none() | st.booleans(), min_size=ROWS, max_size=ROWS).map(lambda values: pa.array(values, pa.bool_())),
    st.lists(st.none() | st.decimals(-999, 999, places=2), min_size=ROWS, max_size=ROWS).map(
        lambda values: pa.array(values, pa.decimal128(7, 2))
    ),
    st.lists(st.none() | st.binary(max_size=2), min_size=ROWS, max_size=ROWS).map(
        lambda values: pa.array(values, pa.binary())
    ),
    columns.map(lambda values: pa.array(values, pa.string())),
    columns.map(lambda values: pa.array(values, pa.string()).dictionary_encode()),
)


def is_taken(table, write, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"t{suffix}"
        write(table, path)
        try:
            config, notes = write_config(path, "y")
        except DataError:
            return
        try:
            check_table(load_config(config), Path(folder) / "runs")
        except DataError:
            # A label that has odd texts is said, and the run names them too.
            assert any(note.column == "y" and not note.rank for note in notes)


LABEL = st.just([str(i * i % 97) for i in range(ROWS)]) | columns


@settings(max_examples=60)
@given(st.lists(columns, min_size=1, max_size=4), LABEL)
def test_any_csv(found, label):
    table = pa.table({**{f"x{i}": values for i, values in enumerate(found)}, "y": label})
    is_taken(table, pa_csv.write_csv, ".csv")


@settings(max_examples=60)
@given(st.lists(typed, min_size=1, max_size=4), LABEL.map(pa.array) | typed)
def test_any_parquet_file(found, label):
    is_taken(pa.table({**{f"x{i}": values for i, values in enumerate(found)}, "y": label}), pq.write_table, ".parquet")
