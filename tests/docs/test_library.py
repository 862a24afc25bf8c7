"""The examples of docs/library.md give what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, WholeRun
from tests.pages import run_session, sessions

PAGE = REPOSITORY / "docs" / "library.md"


def sections() -> tuple[str, str]:
    """The examples of `fit`, and with them those of `score`."""
    shown = sessions(PAGE)
    [first] = [index for index, text in enumerate(shown) if "score(model" in text]
    return "\n".join(shown[:first]), "\n".join([shown[0], *shown[first:]])


def test_fit() -> None:
    run_session(PAGE, sections()[0])


@pytest.mark.e2e
def test_score(taxi_run: WholeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").symlink_to(taxi_run.root)
    monkeypatch.chdir(tmp_path)
    run_session(PAGE, sections()[1])
