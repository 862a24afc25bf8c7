import pytest

from components.errors import RunError
from pipeline.local.summary import check_rows, read_last_summary, write_summary


def step(name, rows):
    return {"step": name, "rows": rows}


def test_rows_that_agree_pass():
    check_rows([step("A", {"train": 8, "eval": 2}), step("B", None), step("C", {"train": 8}), step("D", {"eval": 2})])


def test_a_lost_row_is_said_with_both_steps():
    with pytest.raises(RunError, match="split eval had 2 rows after A, and 1 in D"):
        check_rows([step("A", {"train": 8, "eval": 2}), step("C", {"train": 8}), step("D", {"eval": 1})])


def test_the_last_summary_is_read_back(tmp_path):
    for run_id in ("2026-01-02T00:00:00", "2026-01-01T00:00:00"):
        write_summary(tmp_path, {"name": "n", "run_id": run_id})
    assert read_last_summary(tmp_path, "n")["run_id"] == "2026-01-02T00:00:00"
    with pytest.raises(RunError, match="pipeline 'other' has not run here"):
        read_last_summary(tmp_path, "other")
