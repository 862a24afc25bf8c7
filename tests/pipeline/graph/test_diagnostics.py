"""What a summary keeps of the diagnostics."""

from __future__ import annotations

import json

import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from pipeline.graph.diagnostics import Diagnostics, read_diagnostics
from tests.components.table_fits import table_look
from tests.pipeline.graph.diagnosed import COUNTS, identity, looked, rows


def test_rows_are_named_by_file_and_number() -> None:
    value = json.loads(table_look(rows(), "y", ["x"])[1])
    value["influential"] = [{**value["influential"][0], "row": identity(*at)} for at in ((0, 0), (1, 16), (7, 4))]
    found = read_diagnostics(json.dumps(value), COUNTS)
    assert [row.place for row in found.influential] == ["a.csv, row 1", "b.csv, row 17", "file 7, row 5"]
    assert "row" not in found.model_dump()["influential"][0]


def test_figures_are_statsmodels_and_survive_json() -> None:
    found, _ = looked(rows(), time="t", slices=["s"])
    assert Diagnostics.model_validate_json(found.model_dump_json()) == found
    by = smf.ols("y ~ x + z + C(c)", rows()).fit()
    influence = by.get_influence()
    place = int(influence.cooks_distance[0].argmax())
    first = found.influential[0]
    assert first.place == f"a.csv, row {place + 1}"
    assert first.cooks_distance == pytest.approx(influence.cooks_distance[0][place], rel=1e-9)
    assert first.without == pytest.approx(influence.resid_studentized_external[place], rel=1e-9)
    assert first.dfbetas["x"] == pytest.approx(influence.dfbetas[place][by.model.exog_names.index("x")], rel=1e-9)
    assert found.durbin_watson == pytest.approx(sm.stats.durbin_watson(by.resid), rel=1e-9)
    assert found.spread is not None
    assert found.spread.p == pytest.approx(sm.stats.het_breuschpagan(by.resid, by.model.exog)[1], rel=1e-7)


def test_a_row_without_a_residual_is_kept_without_one() -> None:
    table = rows(200)
    table.loc[17, "c"] = "alone"
    found, _ = looked(table)
    assert found.full == 1
    assert (found.far[0].place, found.far[0].residual, found.far[0].dfbetas) == ("a.csv, row 18", None, {})
