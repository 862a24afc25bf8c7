"""How pages are read along."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages import is_shown, read_along


@pytest.mark.parametrize(
    ("line", "printed", "expected"),
    [
        ("R² 0.824437 of 11,972 rows", "first\n  R² 0.8245   of 11,972 rows\n", True),
        ("R² 0.824437", "R² 0.7", False),
        ("R² 0.824437", "R² 0.824437 of 11,972 rows", False),
        ("pushed: version … …/serving/fares/…", "pushed: version 17 /tmp/serving/fares/17", True),
        ("pushed: version … …/serving/fares/…", "pushed: version 17 /tmp/serving/taxi/17", False),
    ],
)
def test_a_line_is_shown(line: str, printed: str, expected: bool) -> None:
    assert is_shown(line, printed) is expected


def page(folder: Path, *blocks: str) -> Path:
    path = folder / "page.md"
    path.write_text("\n".join(f"```{block}\n```" for block in blocks))
    return path


def test_files_are_written_and_commands_run_in_their_order(tmp_path: Path) -> None:
    read_along(page(tmp_path, "yaml\n# a.yaml\nx: 1", "sh\nmake run\ncat \\\n  a.yaml", "text\nx: 1"), tmp_path)


def test_a_command_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="false"):
        read_along(page(tmp_path, "sh\nfalse"), tmp_path)


def test_a_line_that_nothing_printed_is_told(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="two"):
        read_along(page(tmp_path, "sh\necho one", "text\ntwo"), tmp_path)
