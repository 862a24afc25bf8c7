"""The example of docs/label.md gives what the page says, its settings are taken, and its table has every transform."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from components.linear_model.families.label import NAMES, transform_of
from pipeline.config.file import load_config
from tests.conftest import REPOSITORY
from tests.pages import blocks, run_session, sessions

PAGE = REPOSITORY / "docs" / "label.md"
BASE = {"name": "page", "data": {"path": "table.csv"}, "features": {"x": "numeric"}}
SETTINGS = [block.text for block in blocks(PAGE) if block.language == "yaml"]


def test_the_examples() -> None:
    run_session(PAGE, "\n".join(sessions(PAGE)))


@pytest.mark.parametrize("text", SETTINGS)
def test_the_settings_are_taken(text: str, tmp_path: Path) -> None:
    path = tmp_path / "page.yaml"
    path.write_text(yaml.safe_dump({**BASE, **yaml.safe_load(text)}))
    family = load_config(path).family
    assert (family.transform.name, family.smearing) == ("log", "smearing" in text)


def test_the_table_has_every_transform() -> None:
    table = PAGE.read_text().partition("| `transform` |")[2].partition("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    assert [re.match(r"\| `(\w+)`", row[0]).group(1) for row in rows] == list(NAMES)
    for name, row in zip(NAMES, rows, strict=True):
        transform = transform_of(name, 0.5 if name == "boxcox" else None)
        assert row[2] == transform.labels.removeprefix("numbers ").removeprefix("of ")
        assert row[3].startswith("–") == (transform.smearing is None)
