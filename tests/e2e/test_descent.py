"""Gradient descent of a logistic regression with class weights, from the table to the served answer, beside scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression

from tests.conftest import REPOSITORY, WholeRun, plumbline
from tests.e2e.oracles import examples, texts, values

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

WEIGHT = 3.0  # of a row whose tip is big
CONFIG = {
    "name": "descent",
    "data": {"path": str(REPOSITORY / "data/tips/data.csv"), "drop": {"fare": {"missing": True, "below": 2.25}}},
    "label": "big_tip",
    "positive": "yes",
    "features": {"fare": "numeric", "payment_type": {"kind": "categorical", "vocabulary": 1}},
    "model": {
        "family": "binomial",
        "solver": "sgd",
        "learning_rate": 2.0,
        "steps": 3000,
        "trace_every": 1000,
        "class_weight": {"no": 1, "yes": WEIGHT},
    },
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    folder = tmp_path_factory.mktemp("descent")
    config, root = folder / "descent.yaml", folder / "root"
    config.write_text(yaml.safe_dump(CONFIG))
    done = plumbline("run", config, "--root", root)
    assert done.code == 0, done.out + done.err
    return WholeRun(config, root, done.out)


def columns(rows):
    """fare, and whether it was paid otherwise than in cash."""
    return np.column_stack([values(rows, "fare"), np.array(texts(rows, "payment_type")) != "Cash"])


@pytest.fixture(scope="module")
def oracle(run):
    """scikit-learn's optimum of the weighted training rows; the weights' part of the intercept is left in it."""
    rows = examples(run.root, "descent", "train")
    label = values(rows, "big_tip")
    found = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=200)
    return found.fit(columns(rows), label, sample_weight=np.where(label == 1, WEIGHT, 1.0))


def test_it_ends_at_the_optimum_without_what_the_weights_added(run, oracle):
    fit = run.show()["fit"]
    assert fit["intercept"] == pytest.approx(oracle.intercept_[0] - np.log(WEIGHT), abs=0.1)
    others = [fit["coefficients"][name] for name in ("fare", "payment_type[(other)]")]
    assert others == pytest.approx(oracle.coef_[0], rel=0.05)
    assert 0 < fit["from_exact"]["largest"] <= fit["from_exact"]["length"] < 0.5
    assert "standard errors from the exact ones, the farthest" in run.out


def test_the_exact_fit_beside_it_is_scikit_learns(run, oracle):
    exact = run.show()["linear_fit"]
    found = {column["name"]: column["coefficient"] for column in exact["columns"]}
    assert [found["fare"], found["payment_type[(other)]"]] == pytest.approx(oracle.coef_[0], rel=1e-6)
    assert found["(intercept)"] == pytest.approx(oracle.intercept_[0] - np.log(WEIGHT), rel=1e-6)
    assert exact["models"] == "log odds of big_tip = yes"
    assert (exact["class_weights"], exact["intercept_shift"]) == ([1.0, WEIGHT], pytest.approx(np.log(WEIGHT)))


def test_what_is_served_is_calibrated(run):
    fit, metrics = run.show()["fit"], run.show()["verdict"]["metrics"]["overall"]
    assert metrics["calibration"] == pytest.approx(1, abs=0.1)  # 1.3 with what the weights add
    row = {"fare": 10, "payment_type": "Cash"}
    done = plumbline("predict", run.config, "--root", run.root, "--json", json.dumps(row))
    [answer] = json.loads(done.out)["predictions"]
    eta = fit["intercept"] + 10 * fit["coefficients"]["fare"] + fit["coefficients"]["payment_type[Cash]"]
    assert answer["probability"] == pytest.approx(1 / (1 + np.exp(-eta)), rel=1e-5)
    assert answer["class"] == "no"
