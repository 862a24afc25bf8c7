import subprocess
import sys

from components import progress
from components.child_python import child_environment


def test_who_listens_is_told_as_long_as_it_listens(caplog):
    heard = []
    with caplog.at_level("INFO"):
        progress.tell("before")
        with progress.listening(heard.append):
            progress.tell("pass 1")
        progress.tell("after")
    assert heard == ["pass 1"]
    assert caplog.messages == ["before", "pass 1", "after"]


def test_rows_are_counted_in_this_process_and_in_those_below_it(tmp_path):
    path = tmp_path / "rows"
    progress.rows_read(5)  # nobody asks
    with progress.counting(path) as rows:
        assert rows() == 0
        progress.rows_read(3)
        program = "from components import progress\nfor _ in range(1000): progress.rows_read(2)"
        both = [subprocess.Popen([sys.executable, "-c", program], env=child_environment()) for _ in range(2)]
        assert [process.wait() for process in both] == [0, 0]
        progress.rows_read(4)
        assert rows() == 4007
    assert rows() == 4007
    assert not path.exists()
    with progress.counting(path) as rows:
        progress.rows_read(1)
        assert rows() == 1


def test_a_process_that_outlives_the_run_counts_no_more(tmp_path, monkeypatch):
    monkeypatch.setenv("PLUMBLINE_ROWS", str(tmp_path / "gone"))
    progress.rows_read(1)
    assert not (tmp_path / "gone").exists()
