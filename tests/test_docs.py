"""The pages under docs/ say what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pipeline.cli.remote import submit
from pipeline.config.file import load_config
from tests.conftest import REPOSITORY

PAGES = sorted((REPOSITORY / "docs").glob("*.md"))
TAXI = yaml.safe_load((REPOSITORY / "data/taxi/pipeline.yaml").read_text())
SECTIONS = [
    (page.name, number, block)
    for page in PAGES
    for number, block in enumerate(re.findall(r"```yaml\n(targets:.*?)```", page.read_text(), re.DOTALL))
]


@pytest.mark.parametrize(
    ("page", "number", "block"), SECTIONS, ids=[f"{page}-{number}" for page, number, _ in SECTIONS]
)
def test_a_section_for_a_target_is_one_that_the_configuration_takes(
    page: str, number: int, block: str, tmp_path: Path
) -> None:
    value = {**TAXI, "schema": str(REPOSITORY / "data/taxi/schema.pbtxt"), **yaml.safe_load(block)}
    path = tmp_path / "pipeline.yaml"
    path.write_text(yaml.safe_dump(value))
    [target] = yaml.safe_load(block)["targets"]
    assert load_config(path).targets.get(target).data.startswith("gs://")


def test_there_are_such_sections_for_both() -> None:
    assert {page for page, _, _ in SECTIONS} == {"kubeflow.md", "vertex.md"}


def test_every_option_of_submit_that_a_page_names_exists() -> None:
    known = {option for parameter in submit.params for option in parameter.opts}
    for page in (REPOSITORY / "docs" / "kubeflow.md", REPOSITORY / "docs" / "vertex.md"):
        text = page.read_text().replace("\\\n", " ")
        named = {
            word
            for line in re.findall(r"plumbline submit (.*)", text)
            for word in re.findall(r"(?<!\S)--[a-z-]+", line)
        }
        assert named and named <= known


@pytest.mark.parametrize("page", [*PAGES, REPOSITORY / "README.md"], ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
