"""The signatures of families with a link, loaded as a server loads them, against statsmodels, scipy and TF Serving's rules."""

from __future__ import annotations

import base64
import math

import numpy as np
import pytest

from components.linear_model.portable import UNBOUNDED
from components.linear_model.scoring import score
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.numeric import Numeric
from components.preprocessing.kinds.offset import Offset
from tests.components.exported import example, export_fit, tips, visits

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.fixture(scope="module")
def classes(tips_version):
    import tensorflow as tf

    return tf.saved_model.load(str(tips_version.folder)), tips_version.model


@pytest.fixture(scope="module")
def counts(visits_version):
    import tensorflow as tf

    return tf.saved_model.load(str(visits_version.folder)), visits_version.model


def ask(exported, columns, signature="serving_default"):
    from components.serving_check.requests import tensors

    model, portable = exported
    sent = tensors(columns, portable)
    arguments = {argument: sent[name] for name, argument in portable.inputs.items()}
    return {name: value.numpy() for name, value in model.signatures[signature](**arguments).items()}


def by_examples(exported, columns, signature, key):
    import tensorflow as tf

    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    answer = exported[0].signatures[signature](**{key: tf.constant([example(row) for row in rows])})
    return {name: value.numpy() for name, value in answer.items()}


def design_of_tips(columns):
    city = np.array(columns["city"])
    return np.column_stack([np.ones(len(city)), columns["miles"], city == "a", city == "c"]).astype(float)


@pytest.fixture(scope="module")
def oracle_of_tips():
    import statsmodels.api as sm

    columns, labels = tips(2_000)
    return sm.GLM(labels, design_of_tips(columns), family=sm.families.Binomial()).fit(tol=1e-12)


def test_probability_and_interval_are_statsmodels(classes, oracle_of_tips):
    columns, _ = tips(500, seed=8)
    answer = ask(classes, columns)
    frame = oracle_of_tips.get_prediction(design_of_tips(columns)).summary_frame(alpha=0.05)
    assert set(answer) == {"probability", "class", "low", "high"}
    for name, oracle in (("probability", "mean"), ("low", "mean_ci_lower"), ("high", "mean_ci_upper")):
        assert answer[name].dtype == np.float32
        assert answer[name] == pytest.approx(frame[oracle].to_numpy(), rel=2e-6), name
    wanted = np.where(answer["probability"] >= 1 / 6, b"tipped", b"none")
    assert answer["class"].tolist() == wanted.tolist()
    assert 50 < np.sum(wanted == b"tipped") < 450


def test_counts_and_their_interval_are_statsmodels(counts):
    import statsmodels.api as sm

    def design(columns):
        insured = np.array(columns["insured"]) == "true"
        return np.column_stack([np.ones(len(insured)), columns["age"], insured]).astype(float)

    columns, labels = visits(2_000)
    fit = sm.GLM(labels, design(columns), family=sm.families.Poisson(), exposure=columns["years"]).fit(tol=1e-12)
    columns, _ = visits(500, seed=9)
    frame = fit.get_prediction(design(columns), exposure=columns["years"]).summary_frame(alpha=0.05)
    answer = ask(counts, columns)
    assert set(answer) == {"prediction", "low", "high"}
    for name, oracle in (("prediction", "mean"), ("low", "mean_ci_lower"), ("high", "mean_ci_upper")):
        assert answer[name] == pytest.approx(frame[oracle].to_numpy(), rel=2e-6), name


@pytest.mark.parametrize("which", ["classes", "counts"])
def test_explain_is_model_json_and_adds_up_in_units_of_the_link(which, request):
    from scipy.special import expit

    exported = request.getfixturevalue(which)
    columns, _ = (tips if which == "classes" else visits)(300, seed=10)
    mean = exported[1].of_family.answer
    columns[next(iter(columns))][0] = None
    answer, expected = ask(exported, columns, "explain"), score(exported[1], columns)
    assert set(answer) == set(expected)
    for name, values in expected.items():
        if name == "class":
            assert [text.decode() for text in answer[name]] == values.tolist()
        else:
            assert answer[name] == pytest.approx(values, rel=2e-6, abs=2e-6), name
    parts = [values.astype(np.float64) for name, values in answer.items() if name.startswith("contribution_")]
    eta = sum(parts) + answer["baseline"]
    assert answer["linear_predictor"] == pytest.approx(eta, abs=2e-6)
    inverse = expit if which == "classes" else np.exp
    assert answer[mean] == pytest.approx(inverse(eta), rel=2e-6)
    error = answer["standard_error"].astype(np.float64)
    z = 1.959963984540054
    assert answer["low"] == pytest.approx(inverse(eta - z * error), rel=5e-6)
    assert answer["high"] == pytest.approx(inverse(eta + z * error), rel=5e-6)
    plain = ask(exported, columns)
    for name, values in plain.items():
        assert answer[name].tolist() == values.tolist(), name


@pytest.mark.parametrize(("which", "ends"), [("classes", (0.0, 1.0)), ("counts", (0.0, UNBOUNDED))])
def test_a_row_unlike_all_others_has_the_whole_range_of_means(which, ends, request):
    exported = request.getfixturevalue(which)
    odd = {"miles": [1.0], "city": ["never seen"]}
    if which == "counts":
        odd = {"age": [30.0], "insured": ["maybe"], "years": [1.0]}
    answer = ask(exported, odd, "explain")
    assert (answer["low"][0], answer["high"][0]) == tuple(map(np.float32, ends))
    assert answer["standard_error"][0] == np.float32(UNBOUNDED)


def test_both_tails_keep_their_digits(classes):
    """At 60, 150 and 300 miles one probability or the other is near 0: neither is a rest of 1."""
    from scipy.special import expit

    columns = {"miles": [60.0, 150.0, 300.0, 1e-3], "city": ["a", "a", "a", "c"]}
    eta = score(classes[1], columns)["linear_predictor"]
    assert eta[2] > 60
    scores = by_examples(classes, columns, "classify", "inputs")["scores"]
    assert scores[:, 1] == pytest.approx(expit(eta), rel=1e-6)
    assert scores[:2, 0] == pytest.approx(expit(-eta)[:2], rel=1e-5)
    assert 0 < scores[2, 0] < 1e-20
    far = ask(classes, {"miles": [3e38], "city": ["a"]}, "explain")
    assert all(np.isfinite(values).all() for name, values in far.items() if name != "class")
    assert (far["probability"][0], far["class"][0]) == (1.0, b"tipped")


def test_classify_names_both_classes_by_tf_servings_method(classes, tips_version):
    from tensorflow.core.protobuf import saved_model_pb2

    columns, _ = tips(20, seed=11)
    found = by_examples(classes, columns, "classify", "inputs")
    probability = ask(classes, columns)["probability"]
    assert found["classes"].tolist() == [[b"none", b"tipped"]] * 20
    assert found["scores"].dtype == np.float32
    assert found["scores"][:, 1].tolist() == probability.tolist()
    assert found["scores"].sum(axis=1) == pytest.approx(np.ones(20), abs=1e-7)
    assert by_examples(classes, columns, "examples", "examples")["probability"].tolist() == probability.tolist()
    saved = saved_model_pb2.SavedModel.FromString((tips_version.folder / "saved_model.pb").read_bytes())
    [graph] = saved.meta_graphs
    assert graph.signature_def["classify"].method_name == "tensorflow/serving/classify"
    assert "regress" not in graph.signature_def


def test_regress_answers_means(counts):
    columns, _ = visits(20, seed=11)
    found = by_examples(counts, columns, "regress", "inputs")["outputs"]
    assert found.tolist() == ask(counts, columns)["prediction"].tolist()


@pytest.mark.parametrize("years", [None, 0.0, -1.5, math.inf])
def test_a_row_without_its_exposure_is_refused(counts, years):
    import tensorflow as tf

    from components.errors import DataError

    columns = {"age": [30.0, 40.0], "insured": ["true", "true"], "years": [1.0, years]}
    message = r"(?s)years: expected an exposure, a number above 0, in every row" if years != math.inf else "finite"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        ask(counts, columns)
    for signature, key in (("examples", "examples"), ("regress", "inputs")):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            by_examples(counts, columns, signature, key)
    received = "none" if years is None else f"{years:g}"
    with pytest.raises(DataError, match=f"row 2, column 'years': expected an exposure.*; received {received}"):
        score(counts[1], columns)


def test_a_model_without_a_covariance_has_no_interval(tmp_path):
    """As gradient descent leaves it."""
    import tensorflow as tf

    columns, labels = tips(200)
    portable = export_fit(
        columns, labels, {"miles": Numeric(), "city": Categorical()}, tmp_path, "binomial", interval=None
    )
    exported = tf.saved_model.load(str(tmp_path / "model")), portable
    answer = ask(exported, columns)
    assert set(answer) == {"probability", "class"}
    added = {"linear_predictor", "baseline", "contribution_miles", "contribution_city"}
    assert set(ask(exported, columns, "explain")) == {*answer, *added}


def test_a_number_that_stands_for_nothing_is_no_offset(tmp_path):
    import tensorflow as tf

    columns, labels = tips(200)
    columns = {"miles": columns["miles"], "base": np.linspace(-0.5, 0.5, 200, dtype=np.float32).tolist()}
    features = {"miles": Numeric(), "base": Offset()}
    portable = export_fit(columns, labels, features, tmp_path, "binomial", missing=["-999"])
    exported = tf.saved_model.load(str(tmp_path / "model")), portable
    assert 0 <= ask(exported, {"miles": [1.0], "base": [-998.0]})["probability"][0] < 1e-37
    for base in (-999.0, None):
        with pytest.raises(tf.errors.InvalidArgumentError, match="base: expected an offset, a finite number, in every"):
            ask(exported, {"miles": [1.0], "base": [base]})


@pytest.mark.parametrize("family", ["binomial(link=probit)", "binomial(link=cloglog)", "gamma", "tweedie(power=1.5)"])
def test_every_family_is_served_as_model_json_says_and_may_be(family, tmp_path):
    """ServingCheck's own comparison, and its audit of operations."""
    from components.serving_check.check import check
    from components.serving_check.made_rows import made_examples, made_rows
    from tests.components.exported import complete

    columns, labels = tips(400)
    if not family.startswith("binomial"):
        labels = np.random.default_rng(5).gamma(2.0, np.exp(0.1 * np.array(columns["miles"])))
    if family.startswith("tweedie"):
        labels[::3] = 0.0
    columns["base"] = np.linspace(-0.5, 0.5, 400, dtype=np.float32).tolist()
    features = {"miles": Numeric(), "city": Categorical(vocabulary=3), "base": Offset()}
    portable = export_fit(columns, labels, features, tmp_path, family)
    folder = tmp_path / "model"
    complete(folder, portable, "m")
    rows = {name: made + list(columns[name][:50]) for name, made in made_rows(portable).items()}
    encoded = [base64.b64encode(row).decode() for row in made_examples(made_rows(portable), portable, {})]
    report = check(folder, {"rows": rows, "examples": encoded})
    assert report.problems == []
    assert report.compared > 500
    assert (portable.interval.degrees_of_freedom is None) == family.startswith("binomial")  # normal law, or Student's
