"""docs/tutorial.md is read along: its commands run, and print what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.pages import read_along

pytestmark = pytest.mark.e2e


def test_the_tutorial(tmp_path: Path) -> None:
    read_along(REPOSITORY / "docs" / "tutorial.md", tmp_path)
