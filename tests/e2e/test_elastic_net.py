"""An elastic net through the whole pipeline, on the logarithm of a label: path, choice, screen, answers without intervals."""

from __future__ import annotations

import json
import urllib.request

import numpy as np
import pytest

from tests.conftest import WholeRun, plumbline
from tests.e2e.asking import serving
from tests.e2e.gathered import gathered

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ROWS = 1500
CONFIG = """
name: net
data: {path: t.csv}
label: {column: price, transform: log, mean: smearing}
weight: w
features:
  carat: numeric
  cut: {kind: categorical, reference: fair}
  shop: {kind: categorical, vocabulary: 12}
  noise: numeric
model: {elastic_net: {l1_ratio: [0.5, 1], rule: one_standard_error}, folds: 4}
evaluate:
  limits: {r_squared: {min: 0.3}}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    generator = np.random.default_rng(12)
    carat, cut = generator.uniform(0.2, 3.0, ROWS).round(2), generator.choice(["fair", "good"], ROWS, p=[0.6, 0.4])
    shop, noise = generator.choice(list("abcdefgh"), ROWS), generator.normal(100, 20, ROWS).round(3)
    w = generator.integers(1, 4, ROWS) / 2
    log = 6.0 + 0.9 * carat + 0.3 * (cut == "good") + generator.normal(0, 0.4, ROWS) / np.sqrt(w)
    path = tmp_path_factory.mktemp("net")
    rows = zip(carat, cut, shop, noise, w, np.exp(log).round(2), strict=True)
    lines = "".join(f"{','.join(map(str, row))}\n" for row in rows)
    (path / "t.csv").write_text(f"carat,cut,shop,noise,w,price\n{lines}")
    (path / "p.yaml").write_text(CONFIG)
    done = plumbline("run", path / "p.yaml", "--root", path / "R")
    assert done.code == 0, done.out + done.err
    return WholeRun(path / "p.yaml", path / "R", done.out)


@pytest.fixture(scope="module")
def read(run):
    """The fit, and the training rows: design without what can't be chosen, label, weights, folds."""
    from components.linear_model.linear_fit import LinearFit
    from components.table.row_identity import folds

    [folder] = (run.root / "pipelines/net/Fit/fit").iterdir()
    found = LinearFit.load(str(folder))
    rows = gathered(run.root, "net", found.design)
    out = [*found.references.values(), *(column.column for column in found.fit.dropped)]
    places = [place for place in range(1, 1 + found.design.width) if place not in out]
    x = found.design.dense({term.key: rows[term.key] for term in found.design.terms})[:, np.array(places) - 1]
    return found, places, x, rows["label"], rows["weight"], folds(rows["row"], 4)


def test_path_choice_and_coefficients_are_scikit_learns(read):
    from sklearn.linear_model import ElasticNet, ElasticNetCV

    found, places, x, y, w, fold = read
    selection, splits = found.fit.selection, [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(4)]
    shares, best = np.bincount(fold, w) / w.sum(), {}
    for ratio in (0.5, 1.0):
        mine = [entry for entry in selection.path if entry["l1_ratio"] == ratio]
        alphas = [entry["alpha"] for entry in mine]
        peer = ElasticNetCV(l1_ratio=ratio, alphas=alphas, cv=splits, tol=1e-14, max_iter=100_000)
        errors = peer.fit(x, y, sample_weight=w).mse_path_
        mean = errors @ shares
        assert [entry["cv_error"] for entry in mine] == pytest.approx(mean, rel=1e-9)
        deviation = np.sqrt((errors - mean[:, None]) ** 2 @ shares / 3)
        assert [entry["standard_error"] for entry in mine] == pytest.approx(deviation, rel=1e-7)
        least = int(np.argmin(mean))
        within = np.flatnonzero(mean <= mean[least] + deviation[least])[0]
        best[mean[least]] = (ratio, alphas[within])
    assert (selection.l1_ratio, selection.alpha) == best[min(best)]
    peer = ElasticNet(alpha=selection.alpha, l1_ratio=selection.l1_ratio, tol=1e-14, max_iter=100_000)
    peer.fit(x, y, sample_weight=w)
    assert found.fit.coefficients[[0, *places]] == pytest.approx([peer.intercept_, *peer.coef_], abs=1e-10)
    assert selection.left_out == [place for place, value in zip(places, peer.coef_, strict=True) if value == 0]
    assert selection.kkt_on_path < 1e-10


def test_the_screen_says_what_is_left_out_and_claims_nothing_more(run):
    kept = run.show()["linear_fit"]
    assert kept["selected"]["features_left_out"] == ["shop", "noise"]
    assert (kept["selected"]["columns"], len(kept["selected"]["path"])) == (2, 200)
    assert all(column["standard_error"] is None and column["p"] is None for column in kept["columns"])
    assert "; features left out: shop, noise" in run.out
    assert "KKT residual: at most " in run.out
    assert "there are no standard errors, intervals and p: the same rows have selected the columns" in run.out
    assert "features as a whole: not tested" in run.out
    done = plumbline("show", run.config, "--root", run.root, "--table", "markdown", "--of", "coefficients")
    assert "| noise " in done.out
    assert "left out" in done.out
    assert "std. error" not in done.out


def test_held_out_errors_are_in_units(run, read):
    from sklearn.linear_model import ElasticNet

    found, _, x, y, w, fold = read
    predicted = np.zeros(len(y))
    for index in range(4):
        mine = fold == index
        peer = ElasticNet(
            alpha=found.fit.selection.alpha, l1_ratio=found.fit.selection.l1_ratio, tol=1e-14, max_iter=100_000
        ).fit(x[~mine], y[~mine], sample_weight=w[~mine])
        residual = y[~mine] - peer.predict(x[~mine])
        predicted[mine] = np.exp(peer.predict(x[mine])) * np.average(np.exp(residual), weights=w[~mine])
    error = np.average((np.exp(y) - predicted) ** 2, weights=w)
    assert run.show()["linear_fit"]["held_out"]["mean_squared_error"] == pytest.approx(error, rel=1e-9)


def test_it_answers_with_contributions_and_without_intervals(run, read):
    found = read[0]
    rows = [
        {"carat": 1.0, "cut": "good", "shop": "a", "noise": 5.0},
        {"carat": 1.0, "cut": "good", "shop": "h", "noise": 250.0},
    ]
    ask = ("predict", run.config, "--root", run.root, "--json", json.dumps(rows))
    done = plumbline(*ask, "--contributions", "--check")
    assert done.code == 0, done.err
    first, second = json.loads(done.out)["predictions"]
    assert first["prediction"] == second["prediction"]
    assert first["contribution_noise"] == first["contribution_shop"] == 0.0
    eta = first["baseline"] + first["contribution_carat"] + first["contribution_cut"]
    assert first["prediction"] == pytest.approx(np.exp(eta) * found.in_units.averages[0], rel=1e-6)
    done = plumbline(*ask, "--intervals")
    assert done.code == 2
    assert (
        "has no intervals: it was fitted by gradient descent or with an elastic net, or has no degrees of freedom"
        in done.err
    )
    with serving(run) as (rest, _):
        body = json.dumps({"instances": rows, "signature_name": "explain"}).encode()
        with urllib.request.urlopen(f"http://{rest}/v1/models/net:predict", body) as response:
            served = json.load(response)["predictions"]
        with urllib.request.urlopen(f"http://{rest}/") as response:
            page = response.read().decode()
    assert "low" not in served[0]
    assert served[0]["prediction"] == pytest.approx(first["prediction"], rel=1e-6)
    assert "noise" in page
