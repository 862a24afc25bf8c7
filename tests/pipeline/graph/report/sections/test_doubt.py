import json

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.outliers_influence import OLSInfluence

from components.linear_model.elastic_net import ElasticNet
from pipeline.graph.doubts import doubts
from pipeline.graph.regression import read_regression
from pipeline.graph.report import before as before_module
from pipeline.graph.report.distributions import Distribution, Spread
from pipeline.graph.report.sections.doubt import COLLINEAR, SECTION
from pipeline.graph.report.sections.learned import Learned
from pipeline.graph.steps.example_gen import CLEANING
from tests.components.table_fits import table_fit
from tests.pipeline.graph.diagnosed import COUNTS, looked, rows
from tests.pipeline.graph.report.sources import source


def distribution(column, counts, **splits):
    spreads = {
        split: Spread(rows=sum(of), missing=0, missing_share=0.0, mean=mean, deviation=1.0)
        for (split, mean), of in zip(splits.items(), counts, strict=True)
    }
    return Distribution(
        column=column,
        role="feature",
        kind="numbers",
        spreads=spreads,
        edges={split: [0.0, 1.0] for split in splits},
        counts=dict(zip(splits, counts, strict=True)),
    )


def read(fit, diagnostics=None, **more):
    found = SECTION.read(source(fit, diagnostics, **more))
    assert found is not None
    return found


def test_rows_of_influence_are_named_by_number_alone():
    table = rows(400)
    table.loc[17, ["x", "y"]] = [9.0, -40.0]
    diagnostics, fit = looked(table)
    found = read(fit, diagnostics)
    design = sm.add_constant(table[["x", "z"]].assign(b=table.c == "b", d=table.c == "d").astype(float))
    influence = OLSInfluence(sm.OLS(table.y, design).fit())
    first = found.influential[0]
    assert first.place == "a.csv, row 18"
    assert first.leverage == diagnostics.influential[0].leverage
    assert found.influential_from == 4 / 400
    assert found.far_from == pytest.approx(3 * fit.rank / 400)
    assert all(row.cooks_distance > found.influential_from for row in found.influential)
    assert all(row.leverage > found.far_from for row in found.far)
    assert set(first.model_dump()) == {"place", "leverage", "cooks_distance"}
    assert first.leverage == pytest.approx(influence.hat_matrix_diag[17], rel=1e-8)
    assert first.cooks_distance == pytest.approx(influence.cooks_distance[0][17], rel=1e-8)
    assert "-40" not in found.model_dump_json()


def test_findings_are_those_of_a_run_but_for_slices_of_a_few_rows():
    table = rows()
    table["s"] = np.where(np.arange(1000) < 3, "one of a kind", table.s)
    table.loc[:2, ["x", "y"]] = [8.0, -20.0]
    diagnostics, fit = looked(table, slices=["s"])
    assert any("one of a kind" in line for line in doubts(diagnostics, fit)), "a run tells it"
    found = read(fit, diagnostics)
    assert "one of a kind" not in found.model_dump_json()
    assert [line for line in doubts(diagnostics, fit) if "one of a kind" not in line][:1] == found.findings[:1]


def test_a_curve_that_is_left_has_its_bins():
    table = rows()
    table["y"] += table.x**2
    diagnostics, fit = looked(table)
    found = read(fit, diagnostics)
    assert [shape.column for shape in found.shapes] == ["x", "z"]
    bent, straight = found.shapes
    assert bent.bins == diagnostics.shapes[0].bins
    assert straight.bins == []
    assert bent.share > 0.5 > straight.share
    assert bent.ends(2)[0] == bent.bins[0].residual + 2 * bent.bins[0].error


def test_collinear_features_are_told_from_a_bound_on():
    table = rows()
    table["near"] = table.x + 0.1 * table.e
    diagnostics, fit = looked(table, ["x", "near", "z"])
    found = read(fit, diagnostics)
    assert {one.feature for one in found.collinear} == {"x", "near"}
    expected = 1 / (1 - np.corrcoef(table.x, table.near)[0, 1] ** 2)
    assert found.collinear[0].gvif == pytest.approx(expected, rel=0.01)
    assert all(one.gvif_root > COLLINEAR for one in found.collinear)


def test_levels_of_few_rows_are_thin_and_of_fewer_unnamed():
    table = rows()
    table.loc[:19, "c"] = "twenty"
    table.loc[20:22, "c"] = "three"
    diagnostics, fit = looked(table)
    found = read(fit, diagnostics)
    assert [(one.column, one.rows, one.why) for one in found.thin] == [("c[twenty]", 20, "few rows")]
    assert "three" not in json.dumps([one.model_dump() for one in found.thin])


def test_dropped_columns_have_their_reason():
    table = rows()
    table["twice"] = 2 * table.x
    fit = looked(table, ["x", "twice"])[1]
    found = read(fit)
    assert [one.name for one in found.dropped] == ["twice"]
    assert "x" in found.dropped[0].because
    assert found.dropped_more == 0


def test_why_no_rows_were_looked_at_is_said():
    fit = looked(rows())[1]
    told = read(fit, config={"model": {"diagnostics": False}}).not_looked
    assert told.startswith("model.diagnostics is false")
    assert "eliminated" in read(fit).not_looked
    assert (read(fit).influential_from, read(fit).shapes) == (None, [])


def test_an_elastic_net_and_other_families_are_told_too():
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

    table = rows()
    net = read_regression(table_fit(table, "y", ["x", "z"], elastic_net=ElasticNet((0.5,))), DatasetFeatureStatistics())
    assert read(net).collinear == []
    table["n"] = np.random.default_rng(1).poisson(np.exp(table.x + table.e)).astype(float)
    diagnostics, fit = looked(table.assign(y=table.n), family="poisson")
    found = read(fit, diagnostics)
    assert found.findings[0].startswith("overdispersed: the labels vary")
    assert "[" not in found.findings[0]


def test_drift_is_of_the_held_out_rows_and_of_the_version_before(monkeypatch):
    fit = looked(rows())[1]
    now = [distribution("x", [[50, 900, 50], [40, 100, 60]], train=0.0, eval=0.5)]
    before = [distribution("x", [[500, 400, 100]], train=-2.0), distribution("gone", [[1, 2, 3]], train=0.0)]
    report = {"learned": {"columns": [one.model_dump() for one in before]}}
    monkeypatch.setattr(before_module, "version_before", lambda source: (4, json.dumps(report)))
    found = read(fit, distributions=now)
    [eval_drift], [since] = found.drift, found.drift_before
    assert (eval_drift.column, eval_drift.shift, eval_drift.rows, eval_drift.before) == ("x", 0.5, 200, 1000)
    assert (found.before, since.shift, since.noteworthy) == (4, 2.0, True)
    for wrong in ("{", "{}", json.dumps({"learned": {"columns": [{}]}})):
        monkeypatch.setattr(before_module, "version_before", lambda source, wrong=wrong: (4, wrong))
        assert read(fit, distributions=now).drift_before is None
    assert "columns" in Learned.model_fields


def test_without_a_fit_there_is_no_section():
    assert SECTION.read(source()) is None


def test_digits_that_were_lost_on_the_way_in_are_told():
    rule = "z: whole numbers of training rows rounded to 32-bit floats (kind: integer keeps them)"
    counts = COUNTS.model_validate({**COUNTS.model_dump(by_alias=True), rule: 6, "x: above 8, clipped": 1})
    fit = looked(rows())[1]
    assert read(fit, records={CLEANING: counts}).digits == {"z": 6}
    assert read(fit).digits == {}
