"""The examples of docs/families.md give what the page says, its settings are taken, and its table is what the families are."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from components.linear_model.families import FAMILIES
from pipeline.config.file import load_config
from tests.conftest import REPOSITORY
from tests.pages import blocks, read_along, run_session, sessions

PAGE = REPOSITORY / "docs" / "families.md"
BASE = {"name": "page", "data": {"path": "table.csv"}, "label": "y", "features": {"x": "numeric"}}
SETTINGS = [block.text for block in blocks(PAGE) if block.language == "yaml"]


def test_the_examples() -> None:
    run_session(PAGE, "\n".join(sessions(PAGE)))


@pytest.mark.e2e
def test_it_can_be_read_along(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "data", tmp_path / "data")
    read_along(PAGE, tmp_path)


@pytest.mark.parametrize("text", SETTINGS)
def test_the_settings_are_taken(text: str, tmp_path: Path) -> None:
    path = tmp_path / "page.yaml"
    path.write_text(yaml.safe_dump({**BASE, **yaml.safe_load(text)}))
    assert load_config(path).model.family == yaml.safe_load(text)["model"]["family"]


def test_the_table_has_every_family_with_its_links_and_ratios() -> None:
    first = PAGE.read_text().partition("| the label is |")[2].partition("\n\n")[0]
    rows = [line.split(" | ") for line in first.splitlines() if line.startswith("| ")]
    shown = {row[1].strip("`"): row for row in rows}
    assert sorted(shown) == sorted(FAMILIES)
    for name, family in FAMILIES.items():
        _, _, _, dispersion, links, ratios = shown[name]
        assert re.findall(r"`(\w+)`", links) == [link.name for link in family.links]
        assert dispersion == {"one": "1", "estimated": "estimated"}[family.dispersion]
        found = [part.strip(" |") for part in ratios.split(",")]
        assert found == [link.ratio or "–" for link in family.links] or found == [""]
        assert (found == [""]) == all(link.ratio is None for link in family.links)
