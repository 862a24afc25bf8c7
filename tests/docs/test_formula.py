"""docs/formula.md can be read along."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import REPOSITORY
from tests.pages import read_along


def test_it_can_be_read_along(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(REPOSITORY / "data")
    read_along(REPOSITORY / "docs" / "formula.md", tmp_path)
