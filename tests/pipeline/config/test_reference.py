"""The page of all keys."""

from __future__ import annotations

import re

from pipeline.config.json_schema import json_schema
from pipeline.config.reference import page

SCHEMA = json_schema()
PAGE = page(SCHEMA)


def rows(heading: str) -> dict[str, list[str]]:
    """The cells of a section's table, by key."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = re.findall(r"^\| `(.*)$", section, re.MULTILINE)
    return {cells[0].strip("`"): cells[1:] for line in lines if (cells := line.removesuffix(" |").split(" | "))}


def test_every_section_has_its_table_with_all_keys():
    headings = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    assert len(headings) == len(set(headings)) == len(SCHEMA["$defs"]) + 1
    assert set(rows("The file")) == set(SCHEMA["properties"])
    found = [set(rows(heading)) for heading in headings]
    for section in SCHEMA["$defs"].values():
        assert set(section["properties"]) in found


def test_a_key_says_type_unit_default_meaning_and_example():
    assert rows("model: sgd")["batch_size"] == [
        "whole number, at least 1", "rows", "`null`",
        "Rows of a step; `null` is the whole training split in every step.", "`256`",
    ]  # fmt: skip
    assert rows("model: exact")["l2"][:3] == ["number, at least 0, or `auto`", "rows, of z-scores", "`0.0`"]
    assert rows("features.*: numeric")["kind"][:3] == ["`numeric`", "", "required"]
    assert rows("evaluate")["no_worse_than_live"][:1] == ["number, at least 0, or `null`"]
    assert rows("data")["path"][2] == "required"


def test_a_section_that_stands_at_two_places_is_shown_once_with_both():
    assert "## evaluate.limits.*\n" in PAGE
    assert "Also `evaluate.slices[].limits.*`." in PAGE


def test_links_lead_to_headings():
    slugs = {
        re.sub(r"[^a-z0-9_ -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    }
    links = set(re.findall(r"\]\(#([^)]*)\)", PAGE))
    assert len(links) > 15
    assert links <= slugs
