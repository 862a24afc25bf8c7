"""The gate on a model of classes: its metrics beside scikit-learn's, a live model of another family, a refusal with reasons."""

from __future__ import annotations

import json

import numpy as np
import pytest

from components.publishing.versions import versions
from tests.components.model_gate.cases import expected
from tests.conftest import plumbline

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

TRAIN, ROWS = 3000, 4000
CONFIG = """
name: clicks
data: {path: t.csv, split: {by: t, eval_from: 3000}}
label: y
weight: w
features: {x: numeric, k: categorical}
"""
REFUSED = """
evaluate:
  slices: [{columns: [k], limits: {mean_prediction: {max: 0.6}}}]
  limits: {auc: {min: 0.99}, deviance_explained: {min: 0}}
model: {family: binomial}
"""


def table(folder):
    generator = np.random.default_rng(0)
    x, level = generator.normal(size=ROWS), generator.integers(0, 3, ROWS)
    chance = 1 / (1 + np.exp(1 - 1.5 * x - np.array([0, 0.5, 3.0])[level]))
    y, w = (generator.random(ROWS) < chance).astype(int), generator.integers(1, 4, ROWS)
    names = np.array(["low", "middle", "high"])[level]
    lines = [f"{t},{a!r},{k},{b},{c}" for t, (a, k, b, c) in enumerate(zip(x.tolist(), names, y, w, strict=True))]
    (folder / "t.csv").write_text("\n".join(["t,x,k,y,w", *lines, ""]))
    return x[TRAIN:], names[TRAIN:], y[TRAIN:].astype(float), w[TRAIN:].astype(float)


def probabilities(folder, x, names):
    """By the model that the run made, pushed or not."""
    import tensorflow as tf

    from components.linear_model.portable import MODEL_FILE, PortableModel

    made = max(folder.glob("R/pipelines/clicks/Trainer/model/*/Format-Serving"), key=lambda path: int(path.parent.name))
    served = tf.saved_model.load(str(made)).signatures["serving_default"]
    found = served(x=tf.constant(x, tf.float32), k=tf.constant(names))["probability"].numpy().ravel()
    threshold = PortableModel.from_text((made / MODEL_FILE).read_text()).threshold
    return np.column_stack([found, found >= np.float32(threshold)]), threshold


def test_a_refused_model_of_classes_after_one_of_least_squares(tmp_path):
    x, names, y, w = table(tmp_path)
    (tmp_path / "p.yaml").write_text(CONFIG)
    done = plumbline("run", tmp_path / "p.yaml", "--root", tmp_path / "R")
    assert done.code == 0, done.err

    (tmp_path / "p.yaml").write_text(CONFIG.rstrip() + REFUSED)
    done = plumbline("run", tmp_path / "p.yaml", "--root", tmp_path / "R")
    assert done.code == 4, done.err
    assert len(versions(tmp_path / "R/serving/clicks")) == 1
    verdict = json.loads(plumbline("show", tmp_path / "p.yaml", "--root", tmp_path / "R", "--json").out)["verdict"]

    auc, high = verdict["reasons"]
    assert auc.startswith("auc on overall is 0.8")
    assert auc.endswith("the limit is at least 0.99: not kept")
    assert high.startswith("mean_prediction on k=high is 0.8")
    assert verdict["checks"][-1].startswith(
        "the live model is of another family, gaussian; by what both have, brier_score on overall is 0.1"
    )
    prediction, threshold = probabilities(tmp_path, x, names)
    for name, rows in (("overall", names != ""), ("k=low", names == "low")):
        found = verdict["metrics"][name]
        assert found.pop("example_count") == rows.sum()
        assert found == pytest.approx(expected("binomial", y[rows], prediction[rows], w[rows]), rel=1e-6)
    assert verdict["baseline"]["overall"]["f1"] is None, "least squares has no classes"

    tables = verdict["tables"]
    assert (tables["confusion"]["threshold"], tables["confusion"]["classes"]) == (threshold, ["0", "1"])
    assert sum(tenth["rows"] for tenth in tables["tenths"]) == ROWS - TRAIN
    assert "confusion matrix at the threshold" in done.out
    assert "calibration by tenths of the predictions" in done.out
