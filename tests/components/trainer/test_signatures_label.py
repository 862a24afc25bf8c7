"""The signatures of a transformed label, loaded as a server loads them, against statsmodels and the definition of smearing."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from components.linear_model.scoring import score
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.numeric import Numeric
from tests.components.exported import export_fit, prices
from tests.components.trainer.test_signatures_families import ask, by_examples

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.fixture(scope="module")
def exported(prices_version):
    import tensorflow as tf

    return tf.saved_model.load(str(prices_version.folder)), prices_version.model


@pytest.fixture(scope="module")
def oracle():
    """statsmodels' fit of the logarithm of what ingest keeps of the prices: 32-bit floats."""
    import statsmodels.api as sm

    columns, labels = prices(2_000)
    return sm.OLS(np.log(labels.astype(np.float32).astype(float)), design(columns)).fit()


def design(columns):
    good = np.array(columns["cut"]) == "good"
    return np.column_stack([np.ones(len(good)), columns["carat"], good]).astype(float)


def test_the_mean_and_the_interval_of_a_new_label(exported, oracle):
    columns, _ = prices(500, seed=7)
    answer = ask(exported, columns)
    assert set(answer) == {"prediction", "low", "high"}
    found = oracle.get_prediction(design(columns))
    mean = np.exp(found.predicted_mean) * np.exp(oracle.resid).mean()
    low, high = np.exp(found.conf_int(obs=True, alpha=0.05)).T
    for name, expected in (("prediction", mean), ("low", low), ("high", high)):
        assert answer[name].dtype == np.float32
        assert answer[name] == pytest.approx(expected, rel=1e-6), name


def test_every_signature_answers_the_same(exported):
    columns, _ = prices(50, seed=8)
    prediction = ask(exported, columns)["prediction"].tolist()
    assert ask(exported, columns, "explain")["prediction"].tolist() == prediction
    assert by_examples(exported, columns, "examples", "examples")["prediction"].tolist() == prediction
    assert by_examples(exported, columns, "regress", "inputs")["outputs"].tolist() == prediction


def test_explain_is_model_json_and_adds_up_on_the_fitted_scale(exported, oracle):
    columns, _ = prices(300, seed=9)
    columns["carat"][0] = None
    answer, expected = ask(exported, columns, "explain"), score(exported[1], columns)
    assert set(answer) == set(expected)
    for name, values in expected.items():
        assert answer[name] == pytest.approx(values, rel=1e-6, abs=1e-6), name
    parts = answer["baseline"].astype(float) + answer["contribution_carat"] + answer["contribution_cut"]
    assert answer["linear_predictor"] == pytest.approx(parts, rel=1e-6)
    some = {name: values[1:] for name, values in columns.items()}
    assert answer["standard_error"][1:] == pytest.approx(oracle.get_prediction(design(some)).se_obs, rel=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "log",
        "log1p",
        "log1p, mean=smearing",
        "sqrt",
        "sqrt, mean=smearing",
        "boxcox, lambda=0.3",
        "boxcox, lambda=-0.5",
        "boxcox, lambda=2.0",
    ],
)
def test_every_transform_is_served_as_model_json_says_and_may_be(text, tmp_path):
    """ServingCheck's own comparison, and its audit of operations."""
    from components.serving_check.check import check
    from components.serving_check.made_rows import made_examples, made_rows
    from tests.components.exported import complete

    columns, labels = prices(400)
    features = {"carat": Numeric(indicator=True), "cut": Categorical(vocabulary=3)}
    portable = export_fit(columns, labels, features, tmp_path, f"gaussian(label={text})")
    complete(tmp_path / "model", portable, "m")
    rows = {name: made + list(columns[name][:50]) for name, made in made_rows(portable).items()}
    encoded = [base64.b64encode(row).decode() for row in made_examples(made_rows(portable), portable, {})]
    report = check(tmp_path / "model", {"rows": rows, "examples": encoded})
    assert report.problems == []
    assert report.compared > 500
