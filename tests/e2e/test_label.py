"""The logarithm of a label through the whole pipeline: the fit, the answers, the gate in the label's units, bad rows."""

from __future__ import annotations

import html
import json
import urllib.request

import numpy as np
import pytest

from tests.conftest import WholeRun, plumbline
from tests.e2e.asking import serving
from tests.e2e.gathered import gathered
from tests.e2e.oracles import examples, texts, values

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ROWS = 1200
CONFIG = """
name: prices
data: {path: t.csv}
label: {column: price, transform: log, mean: smearing}
weight: w
features:
  carat: numeric
  cut: {kind: categorical, reference: fair}
evaluate:
  limits: {r_squared: {min: 0.5}, root_mean_squared_error: {max: 5000}}
  slices: [{columns: [cut]}]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    generator = np.random.default_rng(12)
    carat, cut = generator.uniform(0.2, 3.0, ROWS).round(2), generator.choice(["fair", "good"], ROWS, p=[0.3, 0.7])
    w = generator.integers(1, 4, ROWS) / 2
    log = 6.0 + 0.9 * carat + 0.2 * (cut == "good") + generator.normal(0, 0.4, ROWS) / np.sqrt(w)
    path = tmp_path_factory.mktemp("prices")
    rows = zip(carat, cut, w, np.exp(log).round(2), strict=True)
    (path / "t.csv").write_text("carat,cut,w,price\n" + "".join(f"{','.join(map(str, row))}\n" for row in rows))
    (path / "p.yaml").write_text(CONFIG)
    done = plumbline("run", path / "p.yaml", "--root", path / "R")
    assert done.code == 0, done.out + done.err
    return WholeRun(path / "p.yaml", path / "R", done.out)


def read(run, split):
    """Design, labels and weights of a split as they were ingested: 32-bit floats."""
    rows = examples(run.root, "prices", split)
    good = np.array(texts(rows, "cut")) == "good"
    return np.column_stack([np.ones(len(rows)), values(rows, "carat"), good]), values(rows, "price"), values(rows, "w")


@pytest.fixture(scope="module")
def oracle(run):
    import statsmodels.api as sm

    x, price, w = read(run, "train")
    return sm.WLS(np.log(price), x, w).fit()


def duan(fit, x):
    return np.exp(x @ fit.params) * np.average(np.exp(fit.resid), weights=fit.model.weights)


def test_the_table_is_statsmodels_of_the_logarithm(run, oracle):
    shown = run.show()["linear_fit"]
    estimates = {column["name"]: column for column in shown["columns"] if column["standard_error"] is not None}
    assert list(estimates) == ["(intercept)", "carat", "cut[good]"]
    assert [column["coefficient"] for column in estimates.values()] == pytest.approx(oracle.params, rel=1e-8)
    assert [column["standard_error"] for column in estimates.values()] == pytest.approx(oracle.bse, rel=1e-8)
    assert (shown["r_squared"], shown["sigma"]) == pytest.approx((oracle.rsquared, np.sqrt(oracle.scale)), rel=1e-8)
    assert "least squares: log of price per raw unit of each column" in run.out
    assert "all of this is of log of price; answered is the mean of price, by Duan's smearing" in run.out


def test_the_cross_validation_is_in_units(run):
    import statsmodels.api as sm

    from components.linear_model.linear_fit import LinearFit
    from components.table.row_identity import folds

    [folder] = (run.root / "pipelines/prices/Fit/fit").iterdir()
    rows = gathered(run.root, "prices", LinearFit.load(str(folder)).design)
    x, price, w = read(run, "train")
    assert np.exp(rows["label"]) == pytest.approx(price, rel=1e-12)
    fold = folds(rows["row"], 5)
    predicted = np.zeros(len(price))
    for index in range(5):
        mine = fold == index
        predicted[mine] = duan(sm.WLS(np.log(price[~mine]), x[~mine], w[~mine]).fit(), x[mine])
    error = np.average((price - predicted) ** 2, weights=w)
    held_out = run.show()["linear_fit"]["held_out"]
    assert held_out["mean_squared_error"] == pytest.approx(error, rel=1e-6)
    assert run.show()["verdict"]["cross_validated"]["mean_squared_error"] == held_out["mean_squared_error"]


def test_the_gate_is_in_units(run, oracle):
    from sklearn import metrics

    x, price, w = read(run, "eval")
    predicted = duan(oracle, x)
    verdict = run.show()["verdict"]
    for name, some in (("overall", np.full(len(w), True)), ("cut=good", x[:, 2] == 1)):
        of = {"y_true": price[some], "y_pred": predicted[some], "sample_weight": w[some]}
        found = verdict["metrics"][name]
        assert found["mean_squared_error"] == pytest.approx(metrics.mean_squared_error(**of), rel=1e-5)
        assert found["mean_absolute_error"] == pytest.approx(metrics.mean_absolute_error(**of), rel=1e-5)
        assert found["r_squared"] == pytest.approx(metrics.r2_score(**of), abs=1e-5)
        assert found["mean_prediction"] == pytest.approx(np.average(predicted[some], weights=w[some]), rel=1e-6)
    assert verdict["checks"][0].startswith("r_squared on overall is 0.")


def test_rest_and_predict_answer_means_and_the_interval_of_a_new_label(run, oracle):
    rows = [{"carat": carat, "cut": cut} for carat, cut in ((0.25, "fair"), (1.0, "good"), (2.75, "good"))]
    x = np.array([[1.0, row["carat"], row["cut"] == "good"] for row in rows])
    low, high = np.exp(oracle.get_prediction(x).conf_int(obs=True, alpha=0.05)).T
    expected = {"prediction": duan(oracle, x), "low": low, "high": high}
    with serving(run) as (rest, _):
        body = json.dumps({"instances": rows}).encode()
        with urllib.request.urlopen(f"http://{rest}/v1/models/prices:predict", body) as response:
            answers = json.load(response)["predictions"]
        with urllib.request.urlopen(f"http://{rest}/") as response:
            text = html.unescape(response.read().decode())
    assert '"parts": "log of price"' in text
    assert "The prediction is the mean of price, by Duan's smearing over the residuals of the training rows." in text
    done = plumbline(
        "predict", run.config, "--root", run.root, "--json", json.dumps(rows), "--level", "0.95", "--check"
    )
    assert done.code == 0, done.err
    asked = json.loads(done.out)["predictions"]
    for name, wanted in expected.items():
        for found in (answers, asked):
            assert [answer[name] for answer in found] == pytest.approx(wanted, rel=1e-6), name


def test_a_price_of_nothing_is_a_bad_row_and_the_median_follows_the_mean(run, tmp_path):
    table = (run.config.parent / "t.csv").read_text()
    (tmp_path / "t.csv").write_text(f"{table}1.5,good,1,0\n")
    text = CONFIG.replace(", mean: smearing", "")
    (tmp_path / "p.yaml").write_text(text)
    done = plumbline("run", tmp_path / "p.yaml", "--root", run.root)
    assert done.code == 3, done.err
    place = f"line {ROWS + 2}, column 'price': expected numbers above 0 (label.transform: log); received 0. "
    assert place + "label.transform: log1p or sqrt takes such a label; data.drop leaves such rows out" in done.err
    (tmp_path / "p.yaml").write_text(text.replace("path: t.csv", "path: t.csv, max_rejected: 1"))
    done = plumbline("run", tmp_path / "p.yaml", "--root", run.root)
    assert done.code in (0, 4), done.err
    assert "the live model is gaussian(label=log, mean=smearing); mean_squared_error on overall is" in done.out
    assert "answered is the median of price: the inverse of what is fitted" in done.out
