"""Is it right?, of fits that were made in memory."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from components.model_gate.tables import Confusion, Tables, Tenth
from components.model_gate.verdict import judge
from pipeline.graph.report.document import FILE
from pipeline.graph.report.page import page
from pipeline.graph.report.sections.right import SECTION, Right
from pipeline.graph.report.source import FEWEST, Facts, Found, Source
from pipeline.graph.step import Results
from pipeline.graph.steps.fit import DIAGNOSTICS, REGRESSION
from pipeline.graph.steps.model_gate import VERDICT
from tests.components.model_gate.measurements import measured, rules
from tests.pipeline.graph.diagnosed import looked, rows

TABLES = Tables(
    tenths=[Tenth(rows=40, mean_prediction=0.2, mean_label=0.25), Tenth(rows=3, mean_prediction=0.9, mean_label=1.0)],
    confusion=Confusion(
        threshold=0.5, classes=["no", "yes"], true_positive=9, false_positive=2, false_negative=1, true_negative=28
    ),
)


def _read(
    count: int = 1000, *, diagnostics: bool = True, tables: Tables | None = None, **how: Any
) -> tuple[Right, str]:
    """The section and its page; rows have slices by `s`, u and v, and one of a single row."""
    table = rows(count)
    if how.get("family") in ("binomial", "poisson"):
        table["y"] = (table.y > 1).astype(float)
    found, fit = looked(table, **how)
    mean = measured(200, mean_prediction=10.5, root_mean_squared_error=2.0, mean_squared_error=4.0)
    metrics = {
        (("s", "u"),): mean,
        (("s", "v"),): {**mean, "mean_prediction": 9.0},
        (("s", "only Ann"),): {**mean, "example_count": 1},
    }
    verdict = judge({(): mean, **metrics}, None, rules(slices=[{"columns": ["s"], "limits": {}}]), None, None, tables)
    records = Found()
    records.keep(REGRESSION, fit)
    records.keep(VERDICT, verdict)
    records.keep(DIAGNOSTICS, found if diagnostics else None)
    config = {"label": {"column": "y"}, "weight": None, "evaluate": {"min_rows": 30, "slices": [{"columns": ["s"]}]}}
    facts = Facts(name="n", config=config, written={}, fingerprint="", summaries=None, serving=None)
    read = SECTION.read(Source(facts, Results({}, records), None, []))
    assert read is not None
    text = page(FILE(name="n", run_id=None, written=0.0, outcome="refused", version=None, right=read))
    return read, text


def _told(text: str) -> list[float]:
    return [float(value) for value in re.findall('<data value="(.*?)"', text)]


def test_every_group_quantile_and_slice_is_on_the_page() -> None:
    read, text = _read()
    told = _told(text)
    assert len(read.groups) == 10
    for group in read.groups:
        assert {group.rows, group.prediction, group.label, group.low, group.high} <= set(told)
    assert [one.expected for one in read.quantiles] == pytest.approx(norm.ppf([one.share for one in read.quantiles]))
    assert {one.residual for one in read.quantiles} <= set(told)
    [by] = read.slices
    assert [one.name for one in by.slices] == ["u", "v"]
    assert (by.few, by.few_rows) == (1, 1)
    assert "only Ann" not in text
    assert text.count("<svg") == 5
    assert (read.label, read.residuals, read.normal) == ("y", "label", "yes")


def test_few_rows_are_neither_a_group_nor_a_quantile() -> None:
    read, _ = _read(60)
    assert sum(group.rows for group in read.groups) <= 60
    assert all(group.rows >= FEWEST for group in read.groups)
    assert all(min(one.share, 1 - one.share) * 60 >= FEWEST for one in read.quantiles)
    for group in read.groups:
        assert group.residuals[0] is None, "fewer than 5 rows of some 6 lie below"


def test_classes_have_calibration_and_a_confusion_matrix_and_no_quantiles() -> None:
    read, text = _read(family="binomial", tables=TABLES)
    assert read.quantiles == []
    assert read.calibration is not None
    assert read.calibration.statistic in _told(text)
    assert [(group.rows, group.label) for group in read.held_out] == [(40, 0.25)], "of 3 rows there is none"
    assert {9.0, 2.0, 1.0, 28.0, 0.5} <= set(_told(text))
    assert "neither their bands nor their quantiles" in text


def test_pearsons_residuals_are_said_to_be_so() -> None:
    read, text = _read(family="poisson", tables=TABLES)
    assert (read.residuals, read.normal) == ("pearson", "near")
    assert "for counts and skewed labels have no normal law" in text.replace("\n", " ")
    assert np.isfinite([one.residual for one in read.quantiles if one.residual is not None]).all()


def test_without_diagnostics_the_judged_rows_are_shown() -> None:
    read, text = _read(diagnostics=False, family="poisson", tables=TABLES)
    assert read.groups == []
    assert "Predicted against actual, held-out rows" in text
    assert 0.25 in _told(text)
