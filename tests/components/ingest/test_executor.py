import pytest

from components.errors import DataError, RunError

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_rows_kept_must_be_the_rows_written():
    from components.ingest.executor import _check_kept

    _check_kept({"train": 8, "eval": 2}, 10)
    with pytest.raises(RunError, match=r"10 rows of the table were kept, and .'train': 7, 'eval': 2. written"):
        _check_kept({"train": 7, "eval": 2}, 10)


def test_the_first_chunks_error_is_raised_and_counts_are_summed():
    from components.ingest.executor import _sum_counts

    assert _sum_counts([{"counts": {"rows read": 2, "a": 1}}, {"counts": {"rows read": 3}}]) == {"rows read": 5, "a": 1}
    with pytest.raises(DataError, match="first"):
        _sum_counts([{"error": "first"}, {"error": "second"}])
