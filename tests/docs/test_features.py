"""docs/features.md has every kind of feature with its options, and its settings are taken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from components.linear_model.parts import parts_of
from components.preprocessing.features import Kind, features_from_json, features_to_json
from components.preprocessing.kinds.offset import Offset
from pipeline.config.file import load_config
from tests.conftest import REPOSITORY
from tests.pages import blocks

PAGE = REPOSITORY / "docs" / "features.md"
EXAMPLES: dict[str, dict[str, Any]] = {  # what each kind of the table needs to be made, as the table's names have it
    "power": {"exponent": 0.5},
    "ordered": {"levels": ["low", "mid"], "contrasts": "steps"},
    "text": {"words": ["good"]},
    "datetime": {"parts": ["hour", "elapsed"]},
}
IN_TEXT = {"kind", "column", "impute", "indicator", "unit"}  # options that stand below the table


def table() -> dict[str, list[str]]:
    """The cells after the first, by kind."""
    text = PAGE.read_text(encoding="utf-8").partition("## The kinds")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")
    ]
    return {kind.strip("`"): cells for kind, *cells in rows}


def kinds() -> dict[str, Any]:
    """All kinds that the configuration takes as features."""
    return {kind.model_fields["kind"].default: kind for kind in get_args(Kind) if kind is not Offset}


def test_every_kind_has_its_row_with_its_options() -> None:
    found = table()
    assert sorted(found) == sorted(kinds())
    for name, kind in kinds().items():
        assert re.findall(r"`(\w+)`", found[name][-1]) != [], name
        assert set(re.findall(r"`(\w+)`", found[name][-1])) == set(kind.model_fields) - IN_TEXT, name
        assert ("impute" in kind.model_fields) == ("`impute`" in found[name][2]), name


@pytest.mark.parametrize("name", sorted(kinds()))
def test_its_columns_have_the_names_that_the_table_says(name: str) -> None:
    if name in ("buckets", "boolean", "categorical", "cross"):  # names of levels
        assert "`x[" in table()[name][1]
        return
    needed = {"of": ["a", "b"]} if name == "product" else {"column": "a"}
    feature = features_from_json([{"name": "x", "columns": ["x"], "kind": name, **needed, **EXAMPLES.get(name, {})}])
    [entry] = features_to_json(feature)
    parts = parts_of(entry)
    assert (f"`x[{parts[0]}]`" if parts else "`x`") in table()[name][1]


@pytest.mark.parametrize("text", [block.text for block in blocks(PAGE) if block.language == "yaml"])
def test_the_settings_are_taken(text: str, tmp_path: Path) -> None:
    path = tmp_path / "page.yaml"
    base = {"name": "page", "data": {"path": "table.csv"}, "label": "y"}
    path.write_text(yaml.safe_dump({**base, **yaml.safe_load(text)}))
    assert load_config(path).features.keys() == yaml.safe_load(text)["features"].keys()


@pytest.mark.e2e
def test_what_kinds_are_worth_is_what_the_runs_measure(delays_run, delays_kinds_run):
    text = PAGE.read_text(encoding="utf-8").partition("## Before and after")[2].partition("\n## ")[0]
    told = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    runs = [run.show()["verdict"]["metrics"]["overall"] for run in (delays_run, delays_kinds_run)]
    assert [row[0].replace(" ", "_").lower() for row in told[1:]] == [
        "poisson_deviance", "deviance_explained", "root_mean_squared_error", "mean_absolute_error",
    ]  # fmt: skip
    for name, *figures in told[1:]:
        assert figures == [f"{run[name.replace(' ', '_').lower()]:.3f}" for run in runs]
    assert f"The same {runs[0]['example_count']:,.0f} hours" in text
    assert runs[0]["example_count"] == runs[1]["example_count"]
