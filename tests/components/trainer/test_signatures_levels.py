"""The signatures of a model whose levels are looked up, against model.json's arithmetic."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from components.linear_model.absorbed_covariance import AbsorbedCovariance
from components.linear_model.looked_up import is_looked_up
from components.linear_model.portable import UNBOUNDED
from components.linear_model.scoring import score
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.numeric import Numeric
from tests.components.exported import export_fit
from tests.components.many_levels import city

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

LEVELS, ROWS = 300, 1_500
FEATURES = {"miles": Numeric(), "city": Categorical(vocabulary=LEVELS, min_rows=1), "few": Categorical(vocabulary=3)}


def draw(seed, rows):
    generator = np.random.default_rng(seed)
    level = np.concatenate([np.arange(LEVELS), generator.integers(0, LEVELS, rows - LEVELS)])
    miles, few = generator.normal(3, 1, rows).astype(np.float32), generator.choice(list("abc"), rows)
    eta = 0.2 * miles + np.linspace(-0.5, 0.5, LEVELS)[level] + 0.3 * (few == "a")
    columns = {"miles": miles.tolist(), "city": [city(index) for index in level], "few": few.tolist()}
    return columns, eta


@pytest.fixture(scope="module", params=["gaussian", "poisson"])
def exported(request, tmp_path_factory):
    """The folder and model.json of a fit of either family; one has a dense covariance, and no link that is looked through."""
    folder = tmp_path_factory.mktemp("levels")
    columns, eta = draw(3, ROWS)
    generator = np.random.default_rng(4)
    label = eta + generator.normal(size=ROWS) if request.param == "gaussian" else generator.poisson(np.exp(eta))
    return folder, export_fit(columns, label, FEATURES, folder, request.param)


def asked(folder, portable, raw, signature="explain"):
    import tensorflow as tf

    from components.serving_check.requests import tensors

    columns = tensors(raw, portable)
    loaded = tf.saved_model.load(str(folder))
    arguments = {argument: columns[name] for name, argument in portable.inputs.items()}
    return {name: value.numpy() for name, value in loaded.signatures[signature](**arguments).items()}


def check(folder, portable):
    from components.serving_check.audit import audit

    raw, _ = draw(5, ROWS)
    raw["city"][:3], raw["few"][4:6] = [None, "nowhere", city(7)], [None, "z"]
    answer, expected = asked(folder, portable, raw), score(portable, raw)
    assert set(answer) == set(expected)
    for name, values in expected.items():
        assert answer[name] == pytest.approx(values, rel=1e-5, abs=2e-5), name
    unbounded = answer["standard_error"] == np.float32(UNBOUNDED)
    assert np.flatnonzero(unbounded).tolist() == [0, 1, 4, 5]
    served = asked(folder, portable, raw, "serving_default")
    for name, values in served.items():
        assert values == pytest.approx(answer[name], rel=1e-6), name
    assert audit(folder) == []


def test_explain_is_the_arithmetic_of_model_json(exported):
    folder, portable = exported
    assert [is_looked_up(term) for term in portable.design.terms] == [False, True, False]
    check(folder / "model", portable)


def test_an_absorbed_covariance_answers_as_the_same_one_dense(exported):
    import tensorflow_transform as tft

    from components.trainer.model import build_model, put_weights
    from components.trainer.signatures import export

    folder, portable = exported
    dense = portable.interval.covariance
    own = np.linspace(0, 1, len(dense)) * np.diag(dense)
    absorbed = AbsorbedCovariance(own, np.eye(len(dense)), dense - np.diag(own))
    found = dataclasses.replace(portable, interval=dataclasses.replace(portable.interval, covariance=absorbed))
    model = build_model(portable.design)
    put_weights(model, portable.coefficients, portable.design)
    export(model, tft.TFTransformOutput(str(folder / "transform" / "output")), found, str(folder / "absorbed"))
    raw, _ = draw(6, ROWS)
    answer, expected = asked(folder / "absorbed", found, raw), asked(folder / "model", portable, raw)
    assert answer["standard_error"].max() < 10
    for name, values in expected.items():
        assert answer[name] == pytest.approx(values, rel=2e-7), name
