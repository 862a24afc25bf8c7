"""The exported signatures, loaded as a server loads them, against model.json's arithmetic and a known law."""

from __future__ import annotations

import numpy as np
import pytest

from components.linear_model.portable import UNBOUNDED
from components.linear_model.scoring import score
from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.numeric import Numeric
from tests.components.exported import example, export_fit

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

FEATURES = {
    "miles": Numeric(min=0, impute="median"),
    "log.odds-1": Numeric(scale="none", min=-3, max=3, outside="clip"),
    "hour": Buckets(boundaries=[6, 12, 18]),
    "city": Categorical(vocabulary=3),
    "class": Integer(),
    "ID": Integer(wide=True),
    "id": Boolean(),
    "Größe (cm)": Buckets(boundaries=[1_700_000_001], whole=True),
}
TEXTS = ("city", "ID", "id")
BIG = 2**62
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
    stamp, far, member = (
        generator.integers(0, 1000, rows),
        generator.integers(0, 50, rows),
        generator.random(rows) < 0.4,
    )
    late = generator.random(rows) < 0.5
    y += 0.01 * stamp - 0.1 * far + 2 * member - late
    rows_by_name = {"miles": miles, "log.odds-1": odds, "hour": hour, "city": city, "class": 1_600_000_000 + stamp}
    columns = {name: values.tolist() for name, values in rows_by_name.items()}
    columns |= {"ID": [BIG + int(value) for value in far], "id": ["true" if value else "false" for value in member]}
    columns["Größe (cm)"] = [1_700_000_001 - int(not value) for value in late]
    return columns, y + generator.normal(0, NOISE, rows)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The loaded model and model.json, fitted on 1,500 rows."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("exported")
    portable = export_fit(*draw(np.random.default_rng(3), 1_500), FEATURES, folder)
    return tf.saved_model.load(str(folder / "model")), portable, str(folder / "model")


USUAL = {"miles": 5.0, "log.odds-1": 0.0, "hour": 3.0, "city": "a", "class": 1_600_000_100, "ID": BIG + 7, "id": "true"}
USUAL["Größe (cm)"] = 1_700_000_000


def ask(exported, raw, signature="explain"):
    from components.serving_check.requests import tensors

    model, portable, _ = exported
    columns = tensors(raw, portable)
    arguments = {argument: columns[name] for name, argument in portable.inputs.items()}
    return {name: value.numpy() for name, value in model.signatures[signature](**arguments).items()}


def rows_like(**odd):
    """Usual rows with other values in some columns."""
    count = max(map(len, odd.values()))
    return {name: odd.get(name, [value] * count) for name, value in USUAL.items()}


def test_new_labels_lie_in_the_served_intervals_as_often_as_said(exported):
    raw, labels = draw(np.random.default_rng(11), 10_000)
    answer = ask(exported, raw)
    inside = np.mean((answer["low"] <= labels) & (labels <= answer["high"]))
    print(f"\n{inside:.2%} of 10,000 new labels lie in their intervals")  # noqa: T201
    assert 0.93 <= inside <= 0.97


def test_explain_is_the_arithmetic_of_model_json_and_adds_up(exported):
    _, portable, _ = exported
    raw, _ = draw(np.random.default_rng(12), 1_000)
    raw["miles"][:3], raw["city"][:3], raw["hour"][3] = [None, -5.0, 1e6], [None, "zz", " NA "], None
    raw["class"][:3], raw["ID"][:3], raw["id"][:4] = (
        [None, -5, 2**53],
        [None, -(2**63), 2**63 - 1],
        [None, "Y", "0", "?"],
    )
    answer, expected = ask(exported, raw), score(portable, raw)
    assert set(answer) == set(expected)
    for name, values in expected.items():
        assert answer[name].dtype == np.float32
        assert answer[name] == pytest.approx(values, rel=1e-5, abs=2e-5), name
    parts = [values.astype(np.float64) for name, values in answer.items() if name.startswith("contribution_")]
    total = sum(parts) + answer["baseline"]
    assert total == pytest.approx(answer["prediction"].astype(np.float64), rel=1e-6, abs=1e-5)
    assert answer["prediction"].tolist() == ask(exported, raw, "serving_default")["prediction"].tolist()


def test_a_level_without_training_rows_has_no_finite_interval(exported):
    odd = rows_like(hour=[3.0, None, 3.0, 3.0, 3.0], id=["true", "true", "NA", "maybe", "true"], city=[*"aaaa", "null"])
    answer = ask(exported, odd)
    assert 0.69 < answer["standard_error"][0] < 0.75
    assert answer["standard_error"][1:].tolist() == [np.float32(UNBOUNDED)] * 4
    assert (answer["low"][1], answer["high"][1]) == (-np.float32(UNBOUNDED), np.float32(UNBOUNDED))


def test_whole_numbers_of_62_bits_and_of_1e9_are_told_apart(exported):
    answer = ask(exported, rows_like(ID=[BIG, BIG + 1, BIG + 49], **{"class": [1_600_000_000] * 3}))
    assert np.diff(answer["prediction"]) == pytest.approx([-0.1, -4.8], abs=0.1)
    answer = ask(exported, rows_like(**{"class": [1_600_000_000, 1_600_000_001, 1_600_000_900]}))
    assert np.diff(answer["prediction"]) == pytest.approx([0.01, 8.99], abs=0.1)


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"miles": [float("inf")]}, r"expected finite numbers.*miles"),
        ({"hour": [1e-46]}, r"nearer to zero than 1\.2e-38"),
        ({"class": [5.5]}, r"class: expected whole numbers up to 2\^53; received.*5\.5"),
        ({"class": [1e16]}, "class: expected whole numbers"),
        ({"ID": ["5x"]}, "5x"),
    ],
)
def test_what_ingest_refuses_is_refused(exported, odd, message):
    import tensorflow as tf

    if "hour" in odd:
        odd = {"hour": [np.frombuffer(b"\x01\x00\x00\x00", np.float32)[0]]}  # the least denormal
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"(?s){message}"):
        ask(exported, rows_like(**odd))


def test_no_prediction_is_infinite_or_none(exported):
    answer = ask(exported, rows_like(miles=[3.4e38, -3.4e38], **{"log.odds-1": [3.4e38, 1.0]}))
    assert all(np.isfinite(values).all() for values in answer.values())


def test_the_signatures_inputs_are_called_like_the_columns(exported):
    import tensorflow as tf

    from components.serving_check.requests import tensors

    _, portable, folder = exported
    raw = rows_like(city=["a", "b"])
    arrays = {name: value.numpy() for name, value in tensors(raw, portable).items()}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        definition = tf.compat.v1.saved_model.load(session, ["serve"], folder).signature_def["explain"]
        assert set(definition.inputs) == set(FEATURES)
        feeds = {definition.inputs[name].name: values for name, values in arrays.items()}
        prediction = session.run(definition.outputs["prediction"].name, feeds)
    assert prediction.tolist() == ask(exported, raw)["prediction"].tolist()


def test_regress_has_tf_servings_method_and_the_same_predictions(exported, tmp_path):
    import tensorflow as tf

    model, _, _ = exported
    raw, _ = draw(np.random.default_rng(13), 20)

    serialized = tf.constant([example(dict(zip(raw, row, strict=True))) for row in zip(*raw.values(), strict=True)])
    expected = ask(exported, raw, "serving_default")["prediction"].tolist()
    assert model.signatures["regress"](inputs=serialized)["outputs"].numpy().tolist() == expected
    assert model.signatures["examples"](examples=serialized)["prediction"].numpy().tolist() == expected
