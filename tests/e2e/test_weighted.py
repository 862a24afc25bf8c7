"""A table with row weights, collinear columns and an ill-conditioned one, through the whole pipeline."""

from __future__ import annotations

import json

import numpy as np
import pytest
import statsmodels.api as sm

from components.linear_model.linear_fit import LinearFit
from components.linear_model.solve import Problem, Settings
from tests.conftest import plumbline
from tests.e2e.gathered import gathered
from tests.e2e.oracles import examples, values

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

CONFIG = """
name: weighted
data: {path: t.csv}
label: y
weight: w
features:
  a: {kind: numeric, scale: none}
  b: {kind: numeric, scale: none}
  near: {kind: numeric, scale: none}
  twice: {kind: numeric, scale: none}
  one: numeric
  zone: {kind: buckets, boundaries: [3, 6]}
model: {solver: exact, l2: 0}
evaluate: {slices: [{columns: [zone], limits: {mean_squared_error: {max: 100}}}]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    generator = np.random.default_rng(4)
    a, b = generator.normal(size=(2, 500))
    a, zone = np.round(a, 3), generator.integers(0, 9, 500)
    near = a + 1e-4 * generator.normal(size=500)
    y = 1 + 2 * a - b + generator.normal(size=500)
    w = generator.integers(0, 3, 500)
    table = np.column_stack([a, b, near, 2 * a, np.ones(500), zone, w, y])
    path = tmp_path_factory.mktemp("weighted")
    np.savetxt(path / "t.csv", table, "%.9g", delimiter=",", header="a,b,near,twice,one,zone,w,y", comments="")
    (path / "p.yaml").write_text(CONFIG)
    done = plumbline("run", path / "p.yaml", "--root", path / "R")
    assert done.code == 0, done.err
    return path


@pytest.fixture(scope="module")
def fitted(folder):
    [artifact] = (folder / "R/pipelines/weighted/Fit/fit").iterdir()
    return LinearFit.load(str(artifact))


def test_weighted_least_squares_equals_statsmodels(folder, fitted):
    rows = gathered(folder / "R", "weighted", fitted.design)
    weight, label = rows["weight"], rows["label"]
    dense = np.column_stack([np.ones(len(label)), fitted.design.dense(rows)])
    kept = ~np.isnan(np.diag(fitted.fit.covariance))
    used = weight > 0
    oracle = sm.WLS(label[used], dense[used][:, kept], weights=weight[used]).fit()
    assert fitted.fit.coefficients[kept] == pytest.approx(oracle.params, rel=1e-8)
    assert fitted.fit.standard_errors[kept] == pytest.approx(oracle.bse, rel=1e-8)
    assert fitted.fit.p_values[kept] == pytest.approx(oracle.pvalues, rel=1e-7)
    assert fitted.fit.confidence_intervals()[kept] == pytest.approx(oracle.conf_int(), rel=1e-8)
    assert (fitted.fit.rows, fitted.rows_read) == (used.sum(), len(label))
    assert [fitted.fit.log_likelihood, fitted.fit.aic, fitted.fit.bic] == pytest.approx(
        [oracle.llf, oracle.aic, oracle.bic], rel=1e-10
    )
    found = Problem(fitted.fold_factors, Settings(references=set(fitted.references.values()), tolerance=1e-6)).fit()
    assert found.log_likelihood == pytest.approx(oracle.llf, rel=1e-6)


def test_a_collinear_column_is_dropped_and_said(folder, fitted):
    assert [column.because for column in fitted.fit.dropped if column.on] == ["twice = 2·a"]
    shown = plumbline("show", folder / "p.yaml", "--root", folder / "R").out
    assert "dropped: twice = 2·a" in shown
    assert "zone[(missing)]" not in shown
    whole = plumbline("show", folder / "p.yaml", "--root", folder / "R", "--all").out
    assert "zone[(missing)] is 0 in every training row" in whole
    assert "dropped: one is 1 in every training row" in shown


def test_an_ill_conditioned_fit_was_refined_on_beam(fitted):
    assert fitted.fit.condition_number > 1e4
    assert fitted.fit.refined > 0


def test_metrics_are_weighted(folder):
    shown = json.loads(plumbline("show", folder / "p.yaml", "--root", folder / "R", "--json").out)
    rows = examples(folder / "R", "weighted", "eval")
    mean = np.average(values(rows, "y"), weights=values(rows, "w"))
    assert shown["verdict"]["metrics"]["overall"]["mean_label"] == pytest.approx(mean, rel=1e-6)
    assert any("on zone=" in check for check in shown["verdict"]["checks"])


def test_collinear_error_ends_with_3(folder):
    (folder / "error.yaml").write_text(CONFIG.replace("l2: 0", "l2: 0, collinear: error"))
    done = plumbline("run", folder / "error.yaml", "--root", folder / "R2")
    assert done.code == 3
    assert "collinear columns:\n  twice = 2·a\nRemove features, or set model.collinear: drop." in done.err
    assert "Traceback" not in done.err
