import pytest

from components.errors import DataError, RunError
from pipeline.run import _check_kept


def summary(kept, rows):
    return {"cleaning": {"rows kept": kept}, "steps": [{"step": "ExampleGen", "rows": rows}]}


def test_rows_kept_must_be_the_rows_written():
    _check_kept(summary(10, {"train": 8, "eval": 2}))
    with pytest.raises(RunError, match="rows were lost or made up: 10 rows of the table were kept"):
        _check_kept(summary(10, {"train": 7, "eval": 2}))


def test_an_empty_split_is_bad_data():
    with pytest.raises(DataError, match="split eval has no row: the table has too few"):
        _check_kept(summary(3, {"train": 3, "eval": 0}))
