"""docs/diagnostics.md: what it shows is what comes out, its settings are taken, its limits and kinds of errors are the code's."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import get_args

import pytest
import yaml

from components.fit.settings import Clustered, Exact
from components.linear_model.diagnostics import FEW_CLUSTERS, misfit, one_pass, slices
from pipeline.config.file import load_config
from pipeline.graph import doubts
from tests.conftest import REPOSITORY
from tests.pages import blocks, read_along

PAGE = REPOSITORY / "docs" / "diagnostics.md"
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.mark.e2e
def test_it_can_be_read_along(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "data", tmp_path / "data")
    read_along(PAGE, tmp_path)


def test_the_settings_are_taken(tmp_path: Path) -> None:
    [settings] = [block.text for block in blocks(PAGE) if block.language == "yaml"]
    path = tmp_path / "page.yaml"
    base = {"name": "page", "data": {"path": "table.csv"}, "label": "y", "features": {"x": "numeric"}}
    path.write_text(yaml.safe_dump({**base, **yaml.safe_load(settings)}))
    model = load_config(path).model
    assert isinstance(model, Exact)
    assert (model.errors, model.diagnostics) == ("hc3", True)


def test_every_kind_of_errors_has_its_row() -> None:
    table = TEXT.partition("| `errors` |")[2].partition("\n\n")[0]
    cells = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    named = set(re.findall(r"`(\w+)`", " ".join(cells)))
    kinds = get_args(get_args(get_args(Exact.model_fields["errors"].annotation)[0])[0])
    assert named == set(kinds)
    assert f"`{{{next(iter(Clustered.model_fields))}: COLUMN}}`" in cells[-1]


def test_limits_are_the_codes() -> None:
    table = TEXT.partition("| said of | if |")[2].partition("\n\n")[0]
    said = dict(line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| "))
    assert f"HC3 is {doubts.LONGER} times" in said["standard errors"]
    assert f"or {doubts.LONGER_TESTED} times" in said["standard errors"]
    assert f"fewer than {doubts.LEAST_ROWS} rows" in said["standard errors"]
    assert f"by {doubts.AUTOCORRELATION} and by" in said["order"]
    assert f"explain {doubts.SHARE:.0%}".replace("%", " %") in said["form, curvature"]
    assert f"{doubts.OFF:.0%}".replace("%", " %") in said["calibration"]
    assert f"is {doubts.SHIFT} of the spread; the spread is {doubts.SPREAD} times" in said["slices"]
    assert (doubts.FAR_MOVE, doubts.FAR_SLICE) == (1.0, 3.0)
    assert f"a p below {doubts.CHANCE}" in TEXT
    assert f"Below {FEW_CLUSTERS} clusters" in TEXT
    assert f"Up to {one_pass.MOST_COLUMNS} columns" in TEXT
    assert f"up to {slices.MOST} values" in TEXT
    assert misfit.InOrder.MOST == 5_000_000
