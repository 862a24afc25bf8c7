"""The exported signatures, loaded as a server loads them, against model.json's arithmetic and a known law."""

from __future__ import annotations

import numpy as np
import pytest

from components.least_squares.linear_fit import LinearFit
from components.least_squares.solve import INTERCEPT, Problem, Settings
from components.least_squares.tsqr import TriangularFactor
from components.preprocessing.features import Buckets, Categorical, Numeric
from components.trainer.portable import UNBOUNDED, portable_model, score
from tests.components.transform import analyse, sparse_columns

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

FEATURES = {
    "miles": Numeric(min=0, impute="median"),
    "log.odds-1": Numeric(scale="none", min=-3, max=3, outside="clip"),
    "hour": Buckets(boundaries=[6, 12, 18]),
    "city": Categorical(vocabulary=3),
}
NOISE = 0.7


def draw(generator: np.random.Generator, rows: int) -> tuple[dict[str, list], np.ndarray]:
    """Rows, and labels by a law that the model can hold."""
    miles, odds = generator.uniform(0, 20, rows), generator.normal(0, 1, rows)
    hour, city = (
        generator.uniform(0, 24, rows),
        generator.choice(["a", "b", "c", "d", "e"], rows, p=[0.3, 0.25, 0.2, 0.15, 0.1]),
    )
    shift = np.select([city == "a", city == "b", city == "c"], [3.0, -1.0, 2.0], 0.5)
    y = 1 + 0.8 * miles + 2 * np.clip(odds, -3, 3) + np.where(hour < 6, 4, np.where(hour < 18, -2, 0)) + shift
    rows_by_name = {"miles": miles, "log.odds-1": odds, "hour": hour, "city": city}
    columns = {name: values.tolist() for name, values in rows_by_name.items()}
    return columns, y + generator.normal(0, NOISE, rows)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The loaded model and model.json, fitted on 1,500 rows."""
    import tensorflow as tf

    from components.preprocessing.transform_graph import design_matrix_of, fills_of
    from components.trainer.model import LINEAR_LAYER, build_model
    from components.trainer.signatures import export

    raw, labels = draw(np.random.default_rng(3), 1_500)
    rows = [
        {"miles": [m], "log.odds-1": [o], "hour": [h], "city": [c.encode()], "y": [y]}
        for m, o, h, c, y in zip(raw["miles"], raw["log.odds-1"], raw["hour"], raw["city"], labels, strict=True)
    ]
    transform = analyse(rows, FEATURES, "y", tmp_path_factory.mktemp("transform"))
    design = design_matrix_of(transform, FEATURES)
    columns = {
        name: value.numpy() for name, value in transform.transform_features_layer()(sparse_columns(rows)).items()
    }
    factor = TriangularFactor([INTERCEPT, *design.column_names], intercept=True)
    factor.add(np.column_stack([np.ones(len(rows)), design.dense(columns)]), columns["y"])
    references = {"hour": design.terms[2].levels[0], "city": design.terms[3].levels[0]}
    left_out = {f"{feature}[{level}]" for feature, level in references.items()}
    fit = Problem([factor], Settings(references=left_out, tolerance=1e-6)).fit()
    found = LinearFit("y", None, design, references, len(rows), {}, fit, [len(rows)], np.array([factor.square()]))
    portable = portable_model(found, FEATURES, fills_of(transform, FEATURES), fit.coefficients, 0.95, "exact")
    model = build_model(design)
    model.get_layer(LINEAR_LAYER).set_weights([fit.coefficients[1:, None], fit.coefficients[:1]])
    folder = str(tmp_path_factory.mktemp("model"))
    export(model, transform, portable, folder)
    return tf.saved_model.load(folder), portable


def ask(model, raw, signature="explain"):
    import tensorflow as tf

    columns = {
        name: tf.constant(["" if value is None else value for value in values])
        if name == "city"
        else tf.constant([np.nan if value is None else value for value in values], tf.float32)
        for name, values in raw.items()
    }
    return {name: value.numpy() for name, value in model.signatures[signature](**columns).items()}


def test_new_labels_lie_in_the_served_intervals_as_often_as_said(exported):
    model, _ = exported
    raw, labels = draw(np.random.default_rng(11), 10_000)
    answer = ask(model, raw)
    inside = np.mean((answer["low"] <= labels) & (labels <= answer["high"]))
    print(f"\n{inside:.2%} of 10,000 new labels lie in their intervals")  # noqa: T201
    assert 0.93 <= inside <= 0.97


def test_explain_is_the_arithmetic_of_model_json_and_adds_up(exported):
    model, portable = exported
    raw, _ = draw(np.random.default_rng(12), 1_000)
    raw["miles"][:3], raw["city"][:3], raw["hour"][3] = [None, -5.0, 1e6], [None, "zz", ""], None
    answer, expected = ask(model, raw), score(portable, raw)
    assert set(answer) == set(expected)
    for name, values in expected.items():
        assert answer[name].dtype == np.float32
        assert answer[name] == pytest.approx(values, rel=1e-5, abs=2e-5), name
    parts = [values.astype(np.float64) for name, values in answer.items() if name.startswith("contribution_")]
    total = sum(parts) + answer["baseline"]
    assert total == pytest.approx(answer["prediction"].astype(np.float64), rel=1e-6, abs=1e-5)
    assert answer["prediction"].tolist() == ask(model, raw, "serving_default")["prediction"].tolist()


def test_a_level_without_training_rows_has_no_finite_interval(exported):
    model, _ = exported
    answer = ask(model, {"miles": [5.0, 5.0], "log.odds-1": [0.0, 0.0], "hour": [None, 3.0], "city": ["a", "a"]})
    assert answer["standard_error"][0] == np.float32(UNBOUNDED)
    assert (answer["low"][0], answer["high"][0]) == (-np.float32(UNBOUNDED), np.float32(UNBOUNDED))
    assert 0.69 < answer["standard_error"][1] < 0.75


def test_regress_has_tf_servings_method_and_the_same_predictions(exported, tmp_path):
    import tensorflow as tf

    model, _ = exported
    raw, _ = draw(np.random.default_rng(13), 20)

    def example(m, o, h, c):
        feature = {
            name: tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
            for name, value in (("miles", m), ("log.odds-1", o), ("hour", h))
        }
        feature["city"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[c.encode()]))
        return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()

    serialized = tf.constant([example(*row) for row in zip(*raw.values(), strict=True)])
    expected = ask(model, raw, "serving_default")["prediction"].tolist()
    assert model.signatures["regress"](inputs=serialized)["outputs"].numpy().tolist() == expected
    assert model.signatures["examples"](examples=serialized)["prediction"].numpy().tolist() == expected
