import numpy as np
import pyarrow as pa
import pytest

from components.table.files import Chunk
from pipeline.cli.init import reading
from pipeline.cli.init.profile import EXAMPLES, MOST_DISTINCT, Place, Profile
from pipeline.cli.init.reading import find, profile


def place(row):
    return Place(Chunk("t.parquet", 0, None), row, 1)


def seen(*batches):
    found = Profile("x")
    for values in batches:
        found.add(values if isinstance(values, pa.Array) else pa.array(values), place)
    return found


def test_a_column_of_texts():
    found = seen(["1", "2.5", " 007 ", "n/k", "NA", ""], ["n/k", None, "TRUE", "true", "nan", "inf"])
    assert dict(found.missing) == {"NA": 1, "": 2, "nan": 1}
    assert (found.numbers, found.low, found.high, found.is_whole, found.padded) == (3, 1, 7, False, "007")
    assert {text: odd.rows for text, odd in found.odd.items()} == {"n/k": 2, "TRUE": 1, "true": 1, "inf": 1}
    assert found.levels["true"] == 2
    assert found.present == 8


@pytest.mark.parametrize("as_bytes", [True, False])
def test_batches_do_not_matter(as_bytes):
    values = np.random.default_rng(1).choice(["1", "2", "x", "NA", " yes", "02"], 1000).tolist()
    column = pa.array([value.encode() for value in values] if as_bytes else values)
    whole, parts = seen(column), seen(*(column[i : i + 77] for i in range(0, 1000, 77)))
    names = (
        "rows",
        "missing",
        "numbers",
        "low",
        "high",
        "is_whole",
        "is_plain",
        "padded",
        "odd_rows",
        "levels",
        "distinct",
        "counted",
    )
    for name in names:
        assert getattr(whole, name) == getattr(parts, name), name


def test_memory_is_bounded():
    batches = [[f"text {i}" for i in range(begin, begin + 9000)] for begin in range(0, 90_000, 9000)]
    found = seen(*batches)
    assert not found.is_counted
    assert found.distinct > MOST_DISTINCT
    assert found.counted < 30_000
    assert len(found.levels) == EXAMPLES
    assert len(found.odd) <= 1000
    assert found.odd_rows == 90_000


@pytest.mark.parametrize("rows", [1, 999, 10_001, 45_678])
def test_the_sample_is_of_evenly_spaced_rows(tmp_path, rows, monkeypatch):
    monkeypatch.setattr(reading, "SAMPLE_ROWS", 500)
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{i},{'' if i % 3 == 0 else i}\n" for i in range(rows)))
    sample = profile(find(table), "y").sample
    taken = [int(value) for part in sample["x"] for value in part.to_pylist()]
    labelled = [i for i in range(rows) if i % 3]
    stride = next(stride for stride in (2**k for k in range(20)) if len(labelled) // stride <= 1000)
    assert taken == labelled[::stride]


def test_the_line_of_an_odd_text_is_told_beyond_the_first_block_and_after_quoted_line_breaks(tmp_path):
    rows = [f'"a\nb",{i},{i}' for i in range(100)] + [f"c,{i},{i}" for i in range(400_000)]
    rows[399_000] = "c,n/k,5"
    (tmp_path / "t.csv").write_text("k,x,y\n" + "\n".join(rows) + "\n")
    lines = (tmp_path / "t.csv").read_text().split("\n")
    found = profile(find(tmp_path / "t.csv"), "y").columns["x"]
    assert str(found.odd["n/k"].place) == f"line {lines.index('c,n/k,5') + 1}"
