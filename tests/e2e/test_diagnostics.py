"""One more pass over the training rows: clustered errors as statsmodels has them, served too; rows named; workers alike."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.stattools import durbin_watson

from components.fit.look import DIAGNOSTICS_FILE
from components.ingest.counts import COUNTS_FILE
from components.linear_model.linear_fit import LinearFit
from components.table.row_identity import file_code, places
from tests.alike import assert_alike
from tests.conftest import plumbline

pytestmark = pytest.mark.e2e

CONFIG = """
name: told
data: {path: "t-*.csv", split: {by: day, eval_from: 2024-03-01}}
label: y
weight: w
features:
  a: numeric
  b: numeric
  zone: {kind: categorical, min_rows: 1}
model: {errors: {cluster: who}}
evaluate: {slices: [[who], [zone]]}
"""
ROWS, WHO = 700, 35


def _table() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    who = draw.integers(0, WHO, ROWS)
    a, b = np.round(draw.normal(size=(2, ROWS)), 3)
    zone = draw.choice(["north", "south", "east"], ROWS)
    y = 3 + a - 2 * b + (zone == "east") + draw.normal(size=WHO)[who] + draw.normal(size=ROWS) * (1 + (who == 3))
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.permutation(ROWS) // 8, "D")
    weight = draw.integers(0, 5, ROWS) / 4
    return pd.DataFrame({"day": day, "who": who, "a": a, "b": b, "zone": zone, "w": weight, "y": np.round(y, 3)})


@pytest.fixture(scope="module")
def table():
    return _table()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, table):
    path = tmp_path_factory.mktemp("told")
    table[:400].to_csv(path / "t-1.csv", index=False)
    table[400:].to_csv(path / "t-2.csv", index=False)
    (path / "p.yaml").write_text(CONFIG)
    done = plumbline("run", path / "p.yaml", "--root", path / "R")
    assert done.code == 0, done.err
    return path


def _artifacts(root, step, key):
    [artifact] = (root / f"pipelines/told/{step}/{key}").iterdir()
    return artifact


def _diagnostics(root):
    return json.loads((_artifacts(root, "Fit", "fit") / DIAGNOSTICS_FILE).read_text())


@pytest.fixture(scope="module")
def training(table):
    rows = table[(table.day < "2024-03-01") & (table.w > 0)]
    exog = pd.DataFrame({"(intercept)": 1.0, "a": rows.a.astype("f4"), "b": rows.b.astype("f4")})
    return rows, exog.assign(
        **{f"zone[{name}]": (rows.zone == name).astype(float) for name in ("north", "south", "east")}
    )


@pytest.fixture(scope="module")
def fitted(folder):
    return LinearFit.load(str(_artifacts(folder / "R", "Fit", "fit")))


@pytest.fixture(scope="module")
def oracle(training, fitted):
    rows, exog = training
    kept = [name for name, own in zip(fitted.fit.names, fitted.fit.standard_errors, strict=True) if own > 0]
    return sm.WLS(rows.y.astype("f4").astype(float), exog[kept].astype(float), weights=rows.w).fit()


def test_clustered_errors_are_statsmodels(training, fitted, oracle):
    rows, _ = training
    expected = oracle.get_robustcov_results("cluster", groups=rows.who)
    raw, kept = fitted.raw, fitted.fit.standard_errors > 0
    assert raw.standard_errors[kept] == pytest.approx(expected.bse, rel=1e-9)
    assert (raw.errors, raw.clusters, raw.test_degrees_of_freedom) == ("cluster", WHO, WHO - 1)
    assert raw.p_values[kept] == pytest.approx(2 * stats.t.sf(np.abs(oracle.params / expected.bse), WHO - 1), rel=1e-6)
    for kind, found in (("classical", oracle), ("hc3", oracle.get_robustcov_results("HC3"))):
        own = np.array(fitted.standard_errors[kind], float)
        assert own[kept] == pytest.approx(found.bse, rel=1e-9)


def test_served_intervals_rest_on_them(folder, training, oracle):
    rows, _ = training
    covariance = oracle.get_robustcov_results("cluster", groups=rows.who).cov_params()
    row = {"a": 0.5, "b": -1.25, "zone": "east"}
    answer = json.loads(
        plumbline("predict", folder / "p.yaml", "--root", folder / "R", "--json", json.dumps(row), "--intervals").out
    )
    [answer] = answer["predictions"]
    x = np.array(
        [{"(intercept)": 1, "a": 0.5, "b": -1.25, "zone[east]": 1}.get(name, 0) for name in oracle.params.index]
    )
    assert answer["standard_error"] == pytest.approx(np.sqrt(oracle.scale + x @ covariance @ x), rel=1e-6)
    half = stats.t.ppf(0.975, WHO - 1) * answer["standard_error"]
    assert answer["high"] - answer["prediction"] == pytest.approx(half, rel=1e-5)


def test_rows_are_named_and_their_values_stay(folder, table, training, oracle):
    found = _diagnostics(folder / "R")
    counts = json.loads((_artifacts(folder / "R", "ExampleGen", "examples") / COUNTS_FILE).read_text())
    rows, exog = training
    root = np.sqrt(rows.w)
    influence = (
        sm.OLS(root * rows.y.astype("f4").astype(float), exog[oracle.params.index].mul(root, axis=0))
        .fit()
        .get_influence()
    )
    cook = pd.Series(influence.cooks_distance[0], rows.index).sort_values(ascending=False)
    names = [f"t-{1 + (index >= 400)}.csv, row {index - 400 * (index >= 400) + 1}" for index in cook.index[:20]]
    assert places(np.array([row["row"] for row in found["influential"]]), counts["files"]) == names
    assert [row["cooks_distance"] for row in found["influential"]] == pytest.approx(cook[:20].tolist(), rel=1e-9)
    assert found["leverage_sum"] == pytest.approx(len(oracle.params), rel=1e-12)


def test_show_names_the_rows_the_clusters_and_what_to_doubt(folder):
    of_the_run = (folder / "p.yaml", "--root", folder / "R")
    kept = json.loads(plumbline("show", *of_the_run, "--json").out)
    found = _diagnostics(folder / "R")
    for measure in ("influential", "far", "outlying"):
        identities = np.array([row["row"] for row in found[measure]])
        assert [row["place"] for row in kept["diagnostics"][measure]] == places(identities, kept["cleaning"]["files"])
    fit = kept["linear_fit"]
    assert [fit[key] for key in ("errors", "beside", "cluster", "clusters")] == ["cluster", "classical", "who", WHO]
    for column in fit["columns"]:
        if column["role"] is None:
            assert column["standard_errors"].keys() == {"classical", "hc3", "cluster"}
            assert column["standard_error"] == column["standard_errors"]["cluster"]
    shown = plumbline("show", *of_the_run).out
    assert f"by {WHO} clusters of who, by Student's t with {WHO - 1} degrees of freedom" in shown
    assert f"{WHO} clusters are few" in shown
    assert "what to doubt" in shown
    whole = plumbline("show", *of_the_run, "--all").out
    assert f"Durbin–Watson: {found['durbin_watson']:.4g}" in whole
    assert f" {kept['diagnostics']['influential'][0]['place']} " in whole


def test_neighbours_in_time_are_told(folder, training, oracle):
    rows, _ = training
    codes = np.where(rows.index < 400, file_code("t-1"), file_code("t-2"))
    order = np.lexsort((rows.index, codes, rows.day))
    residuals = (np.sqrt(rows.w) * oracle.resid).to_numpy()[order]
    found = _diagnostics(folder / "R")["durbin_watson"]
    assert found == pytest.approx(durbin_watson(residuals), rel=1e-9)


def test_slices_are_told(folder, training, oracle):
    rows, exog = training
    slices = {part["name"]: part for part in _diagnostics(folder / "R")["slices"]}
    assert len(slices) == WHO + 3
    mine = rows.who == 3
    rest = sm.WLS(
        rows.y[~mine].astype("f4").astype(float), exog.loc[~mine, oracle.params.index], weights=rows.w[~mine]
    ).fit()
    moved = (rest.params - oracle.params) / oracle.bse
    part = slices["who = 3"]
    assert (part["rows"], part["column"]) == (mine.sum(), moved.abs().idxmax())
    assert part["moves"] == pytest.approx(moved[moved.abs().idxmax()], rel=1e-8)
    assert part["spread"] == pytest.approx(np.sqrt(np.average(oracle.resid[mine] ** 2, weights=rows.w[mine])), rel=1e-8)


def test_workers_find_the_same(folder):
    done = plumbline("run", folder / "p.yaml", "--root", folder / "W", "--workers", "2")
    assert done.code == 0, done.err
    assert_alike(_diagnostics(folder / "R"), _diagnostics(folder / "W"), 1e-9)
