import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from components.errors import ConfigError, DataError
from pipeline.cli.convert import convert

FRAME = pd.DataFrame(
    {"x": [1.5, None, 3.0], "k": pd.Categorical(["lo", "hi", "lo"]), "n": [1, 2, 3], "t": ["a", "NA", ""]}
)


def test_stata_keeps_value_labels_and_missing_values(tmp_path):
    FRAME.to_stata(tmp_path / "t.dta", write_index=False)
    path, rows, columns = convert(tmp_path / "t.dta")
    assert (path, rows, columns) == (tmp_path / "t.parquet", 3, 4)
    table = pq.read_table(path)
    assert pa.types.is_dictionary(table["k"].type)
    assert table.select(["x", "k", "n"]).to_pydict() == {"x": [1.5, None, 3.0], "k": ["lo", "hi", "lo"], "n": [1, 2, 3]}


def test_a_workbook_keeps_its_texts_and_dates(tmp_path):
    frame = FRAME.assign(d=pd.to_datetime("2024-01-31"), mixed=[1, "x", 2.5])
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    path, _, _ = convert(tmp_path / "t.xlsx", tmp_path / "u.parquet")
    found = pq.read_table(path).to_pydict()
    assert found["t"] == ["a", "NA", None]  # an empty cell is none
    assert found["d"] == [datetime.datetime(2024, 1, 31)] * 3
    assert found["mixed"] == ["1", "x", "2.5"]


def test_arrow_files(tmp_path):
    pyarrow.feather.write_feather(pa.table({"x": [1, 2]}), tmp_path / "t.feather")
    assert pq.read_table(convert(tmp_path / "t.feather")[0]).to_pydict() == {"x": [1, 2]}


def test_what_can_not_be_converted(tmp_path):
    with pytest.raises(ConfigError, match=r"t\.csv: expected a name that ends in \.dta.*it is read as it is"):
        convert(tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"t\.dta: no such file"):
        convert(tmp_path / "t.dta")
    (tmp_path / "t.dta").write_bytes(b"not Stata's")
    with pytest.raises(DataError, match=r"t\.dta: not readable as \.dta"):
        convert(tmp_path / "t.dta")
    (tmp_path / "t.parquet").write_bytes(b"")
    with pytest.raises(ConfigError, match="there already"):
        convert(tmp_path / "t.dta")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.dta", "t.parquet"]
