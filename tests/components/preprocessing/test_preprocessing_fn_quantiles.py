"""Buckets whose boundaries are quantiles of the training rows, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import KBinsDiscretizer

from components.preprocessing.kinds.buckets import Buckets
from tests.components.models import made_model
from tests.components.transform import analyse, sparse_columns

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

FEATURES = {
    "x": Buckets(quantiles=10),
    "half": Buckets(column="x", quantiles=2),
    "ties": Buckets(quantiles=5),
    "k": Buckets(quantiles=4, whole=True),
    "k in tenths": Buckets(column="k", quantiles=10, whole=True),
    "zeros": Buckets(quantiles=3),
}
RNG = np.random.default_rng(23)
COUNT = 800
X = RNG.gamma(2.0, 1.3, COUNT).astype(np.float32)
TIES = np.where(RNG.random(COUNT) < 0.55, 0.0, RNG.integers(1, 4, COUNT)).astype(np.float32)
K = RNG.integers(10**9, 2 * 10**9, COUNT)
ZEROS = np.where(RNG.random(COUNT) < 0.9, 0.0, X).astype(np.float32)
ROWS = [
    {
        "x": [] if i % 10 == 3 else [float(X[i])],
        "ties": [float(TIES[i])],
        "k": [int(K[i])],
        "zeros": [float(ZEROS[i])],
        "y": [1.0],
    }
    for i in range(COUNT)
]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The transform graph's columns, model.json's entries, and a model of them."""
    from components.preprocessing.features import features_to_json
    from components.preprocessing.transform_graph import design_matrix_of, learned_of

    output = analyse(ROWS, FEATURES, "y", tmp_path_factory.mktemp("transform"))
    design, learned = design_matrix_of(output, FEATURES), learned_of(output, FEATURES)
    model = made_model([{**entry, **learned[entry["name"]]} for entry in features_to_json(FEATURES)], design)
    served = output.transform_features_layer()(sparse_columns(ROWS))
    return {name: values.numpy() for name, values in served.items()}, model, learned


@pytest.mark.parametrize(
    ("name", "column", "count"), [("x", "x", 10), ("half", "x", 2), ("k", "k", 4), ("k in tenths", "k", 10)]
)
def test_intervals_have_as_many_rows_as_scikit_learns(found, name, column, count):
    served, model, _ = found
    values = np.array([row[column][0] for row in ROWS if row[column]])[:, None]
    there = np.array([bool(row[column]) for row in ROWS])
    oracle = KBinsDiscretizer(count, encode="ordinal", strategy="quantile", subsample=None).fit_transform(values)
    ids = served[name]
    # An oracle's boundary may lie between two of the values; ours is one of them.
    assert (ids[there] != oracle[:, 0]).sum() <= count - 1
    assert np.ptp(np.bincount(ids[there])) <= 2
    assert (ids[~there] == count).all()
    [term] = [term for term in model.design.terms if term.key == name]
    assert term.width == count + 1


def test_boundaries_at_one_place_are_one_and_none_is_below_all_values(found):
    served, model, learned = found
    boundaries = learned["ties"]["learned"]["boundaries"]
    assert boundaries == sorted(set(boundaries)) and set(boundaries) <= {1.0, 2.0, 3.0}
    [term] = [term for term in model.design.terms if term.key == "ties"]
    assert np.bincount(served["ties"], minlength=term.width)[:-1].min() > 0


def test_a_least_value_that_most_rows_have_is_an_interval_of_its_own(found):
    """scikit-learn's issue 19433: all quantiles are that value, and the others fell into one interval with it."""
    served, _, learned = found
    assert learned["zeros"]["learned"]["boundaries"] == [float(str(ZEROS[ZEROS > 0].min()))]
    assert (served["zeros"] == (ZEROS > 0)).all()


def test_boundaries_are_told_by_their_shortest_text(found):
    _, model, learned = found
    boundaries = learned["x"]["learned"]["boundaries"]
    [term] = [term for term in model.design.terms if term.key == "x"]
    assert term.levels[0].name == f"< {boundaries[0]!r}"
    assert max(len(repr(boundary)) for boundary in boundaries) <= 11
    assert set(np.float32(boundaries)) <= set(X)


def test_the_graph_is_model_jsons_arithmetic(found):
    from components.linear_model.portable import PortableModel
    from components.linear_model.scoring import transformed_columns

    served, model, _ = found
    again = PortableModel.from_text(model.to_text())
    rows = {name: [row[name][0] if row[name] else None for row in ROWS] for name in ("x", "ties", "k", "zeros")}
    for name, values in transformed_columns(again, rows).items():
        assert served[name].tolist() == values.tolist(), name


def test_values_that_nothing_parts_are_said_with_what_to_do(tmp_path):
    from components.errors import DataError
    from components.preprocessing.transform_graph import design_matrix_of

    for place, values in enumerate(([2.5], [])):
        features = {"x": Buckets(quantiles=4), "z": Buckets(boundaries=[1.0])}
        rows = [{"x": values, "z": [1.0], "y": [1.0]} for _ in range(20)]
        with pytest.raises(
            DataError, match=r"features.x.quantiles: expected numbers of which some are less than others"
        ):
            design_matrix_of(analyse(rows, features, "y", tmp_path / str(place)), features)
