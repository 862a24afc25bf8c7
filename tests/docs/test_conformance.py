import re

import pytest

from tests.conftest import REPOSITORY

TESTS = REPOSITORY / "tests" / "pipeline" / "serving"
ROWS = [
    line.strip("|").split(" | ")
    for line in (REPOSITORY / "docs" / "conformance.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| what |")
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0].strip() for row in ROWS])
def test_each_line_is_held_by_tests_that_there_are(row: list[str]) -> None:
    assert len(row) == 4
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", row[3])
    assert named
    for path, name in named:
        assert re.search(rf"^def {name}\(", (TESTS / path).read_text(), re.MULTILINE), f"{path}::{name}"


def test_there_are_lines_of_rest() -> None:
    assert len(ROWS) > 30
