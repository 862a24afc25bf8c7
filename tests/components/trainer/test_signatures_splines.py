"""What `explain` says of numbers beyond a spline's knots, as a server answers it and by model.json's arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest

from components.linear_model.scoring import score
from components.preprocessing.kinds.numeric import Numeric
from components.preprocessing.kinds.spline import Spline
from tests.components.exported import export_fit

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

FEATURES = {
    "distance": Numeric(column="miles"),
    "miles": Spline(knots=4, indicator=True),
    "age.of it": Spline(knots=[0.1, 0.7, 3.3], column="age", impute=5),
}
MILES = np.random.default_rng(8).gamma(2.0, 3.0, 600).astype(np.float32)
AGE = np.random.default_rng(9).uniform(0, 4, 600).astype(np.float32)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("exported")
    columns = {"miles": [math.nan, *MILES[1:].tolist()], "age": AGE.tolist()}
    labels = np.log1p(MILES) + np.sin(AGE) + np.random.default_rng(10).normal(0, 0.1, 600)
    portable = export_fit(columns, labels, FEATURES, folder)
    return tf.saved_model.load(str(folder / "model")), portable


def explained(exported, rows):
    from components.serving_check.requests import tensors

    model, portable = exported
    columns = tensors(rows, portable)
    answer = model.signatures["explain"](**{argument: columns[name] for name, argument in portable.inputs.items()})
    return {name: value.numpy() for name, value in answer.items()}


def test_a_number_is_outside_beyond_its_own_splines_knots(exported):
    low, high = float(MILES[1:].min()), float(MILES[1:].max())
    reach = high - low
    rows = {
        "miles": [low, high, low - reach / 1e5, high + reach / 1e5, None, 1e9, -1e9, 3.0, 3.0, 3.0, 3.0, 3.0],
        "age": [1.0, 1.0, 1.0, 1.0, 1.0, 0.1, 3.3, 0.0999, 3.301, None, -1e30, 3.2999],
    }
    outside = [0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0]
    answer, expected = explained(exported, rows), score(exported[1], rows)
    assert set(answer) == set(expected)
    for found in (answer, expected):
        assert {name for name in found if name.startswith("outside_")} == {"outside_miles", "outside_age.of it"}
        assert found["outside_miles"].tolist() == outside[0]
        assert found["outside_age.of it"].tolist() == outside[1]
    assert answer["outside_miles"].dtype == np.float32


def test_the_columns_of_a_spline_are_one_contribution_and_all_add_up(exported):
    rows = {"miles": [*MILES[1:200].tolist(), None], "age": AGE[:200].tolist()}
    answer, expected = explained(exported, rows), score(exported[1], rows)
    for name, values in expected.items():
        assert answer[name] == pytest.approx(values, rel=1e-5, abs=2e-5), name
    parts = [values.astype(np.float64) for name, values in answer.items() if name.startswith("contribution_")]
    assert len(parts) == len(FEATURES)
    assert sum(parts) + answer["baseline"] == pytest.approx(answer["prediction"].astype(np.float64), abs=1e-5)
