"""The examples of docs/library.md give what the page says."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, WholeRun
from tests.pages import blocks

PAGE = REPOSITORY / "docs" / "library.md"


def run_examples(text: str) -> None:
    """Runs a session of the interpreter; what comes out must be what stands there."""
    test = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    assert test.examples
    told: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert not told, "".join(told)


def sections() -> tuple[str, str]:
    """The examples of `fit`, and with them those of `score`."""
    sessions = [block.text for block in blocks(PAGE) if block.language == "python"]
    [first] = [index for index, text in enumerate(sessions) if "score(model" in text]
    return "\n".join(sessions[:first]), "\n".join([sessions[0], *sessions[first:]])


def test_fit() -> None:
    run_examples(sections()[0])


@pytest.mark.e2e
def test_score(taxi_run: WholeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").symlink_to(taxi_run.root)
    monkeypatch.chdir(tmp_path)
    run_examples(sections()[1])
