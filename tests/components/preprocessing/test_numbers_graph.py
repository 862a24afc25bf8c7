"""The graph's columns of numbers against numpy, and against model.json's arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.log import Log
from components.preprocessing.kinds.log1p import Log1p
from components.preprocessing.kinds.numeric import Numeric
from components.preprocessing.kinds.polynomial import Polynomial
from components.preprocessing.kinds.power import Power
from components.preprocessing.kinds.product import Product
from components.preprocessing.kinds.spline import Spline
from components.preprocessing.kinds.sqrt import Sqrt
from tests.components.models import made_model
from tests.components.transform import analyse, sparse_columns

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

FEATURES = {
    "log": Log(column="x", impute=2.0, indicator=True),
    "log1p": Log1p(column="x", impute="median"),
    "sqrt": Sqrt(column="x", max=40.0, outside="clip"),
    "cube": Power(column="z", exponent=3),
    "inverse": Power(column="x", exponent=-1, min=0.5),
    "curve": Spline(column="x", knots=5),
    "given": Spline(column="k", knots=[5, 10, 20, 30]),
    "powers": Polynomial(column="k", degree=3),
    "orthogonal": Polynomial(column="z", degree=4, orthogonal=True),
    "x": Numeric(),
    "k": Integer(indicator=True),
    "area": Product(of=["x", "k"], impute="median", indicator=True),
    "third": Product(of=["x", "z", "z"]),
    "c": Categorical(min_rows=1),
}
RNG = np.random.default_rng(7)
COUNT = 500
X = RNG.gamma(2.0, 10.0, COUNT).astype(np.float32)
X[:4] = [0.0, -3.0, 1e-3, 90.0]
Z = RNG.normal(0, 1, COUNT).astype(np.float32)
K = RNG.integers(0, 40, COUNT) + 60 * (np.arange(COUNT) == 7)
ROWS = [
    {
        "x": [] if i % 17 == 5 else [float(X[i])],
        "z": [] if i % 13 == 5 else [float(Z[i])],
        "k": [] if i % 11 == 5 else [int(K[i])],
        "c": [b"ab"[i % 2 : i % 2 + 1]],
        "y": [1.0],
    }
    for i in range(COUNT)
]


def raw(name):
    return np.array([row[name][0] if row[name] else np.nan for row in ROWS], np.float64)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The transformed columns as they are before scaling, and as model.json's arithmetic has them, in 64 bits."""
    from components.linear_model.scoring import transformed_columns
    from components.preprocessing.features import features_to_json
    from components.preprocessing.transform_graph import design_matrix_of, learned_of

    output = analyse(ROWS, FEATURES, "y", tmp_path_factory.mktemp("transform"))
    served = output.transform_features_layer()(sparse_columns(ROWS))
    design, learned = design_matrix_of(output, FEATURES), learned_of(output, FEATURES)
    entries = [{**entry, **learned.get(entry["name"], {})} for entry in features_to_json(FEATURES)]
    model = made_model(entries, design)
    rows = {name: [row[name][0] if row[name] else None for row in ROWS] for name in ("x", "z", "k")}
    rows["c"] = [row["c"][0].decode() for row in ROWS]
    terms = {term.key: term for term in design.terms}
    unscaled = {key: np.float64(served[key].numpy()) * term.std + term.mean for key, term in terms.items()}
    return {name: value.numpy() for name, value in served.items()}, transformed_columns(model, rows), unscaled, learned


def test_the_graph_is_model_jsons_arithmetic(found):
    served, portable, *_ = found
    assert set(portable) == set(served) - {"y", "plumbline_row"}
    for name, values in portable.items():
        assert served[name] == pytest.approx(np.asarray(values, np.float64), rel=3e-7, abs=3e-7), name


def filled(values, valid, fill):
    return np.where(valid, values, fill)


def test_functions_of_a_number_are_numpys_where_it_has_one_and_else_of_its_fill(found):
    *_, columns, learned = found
    x, z = raw("x"), raw("z")
    with np.errstate(invalid="ignore"):
        positive, zero = x > 0, x >= 0
    assert columns["log[log]"] == pytest.approx(np.log(filled(x, positive, 2.0)), rel=1e-5, abs=1e-6)
    assert columns["log_missing"].tolist() == (~positive).tolist()
    median = learned["log1p"]["fill"]
    assert median == pytest.approx(np.median(x[x > -1]), rel=0.01)
    assert columns["log1p[log1p]"] == pytest.approx(np.log1p(filled(x, x > -1, median)), rel=1e-5, abs=1e-6)
    clipped = np.clip(x, 0, 40)
    assert learned["sqrt"]["fill"] == pytest.approx(np.nanmean(clipped), rel=1e-12)
    mean = filled(clipped, ~np.isnan(x), np.nanmean(clipped))
    assert columns["sqrt[sqrt]"] == pytest.approx(np.sqrt(mean), rel=1e-5, abs=1e-6)
    assert columns["cube[^3]"] == pytest.approx(filled(z, ~np.isnan(z), np.nanmean(z)) ** 3, rel=1e-4, abs=1e-5)
    assert zero.sum() > positive.sum()
    half = x >= 0.5
    assert columns["inverse[^-1]"] == pytest.approx(1 / filled(x, half, x[half].mean()), rel=1e-5, abs=1e-6)


def test_splines_are_scipys_with_knots_at_quantiles_or_where_they_were_given(found):
    *_, columns, learned = found
    for name, raw_values in (("curve", raw("x")), ("given", raw("k"))):
        knots = learned[name]["learned"]["knots"]
        x = filled(raw_values, ~np.isnan(raw_values), learned[name]["fill"])
        parts = np.stack([columns[f"{name}[spline {part}]"] for part in range(1, len(knots))], axis=1)
        inside = (x >= knots[0]) & (x <= knots[-1])
        ours = np.column_stack([np.ones(inside.sum()), parts[inside]])
        oracle = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")(x[inside])
        fitted = ours @ np.linalg.lstsq(ours, oracle, rcond=None)[0]
        assert fitted == pytest.approx(oracle, abs=1e-4), name
    x = raw("x")
    assert learned["curve"]["learned"]["knots"][::4] == [np.nanmin(x), np.nanmax(x)]
    assert learned["curve"]["learned"]["knots"][1:4] == pytest.approx(np.nanquantile(x, [0.25, 0.5, 0.75]), rel=0.02)
    assert learned["given"]["learned"]["knots"] == [5, 10, 20, 30]


def test_orthogonal_powers_have_no_covariance_and_variance_1(found):
    *_, columns, _ = found
    matrix = np.stack([columns[f"orthogonal[^{degree}]"] for degree in (1, 2, 3, 4)])
    assert np.cov(matrix, ddof=0) == pytest.approx(np.eye(4), abs=1e-5)
    assert matrix.mean(axis=1) == pytest.approx(np.zeros(4), abs=1e-6)


def test_a_product_is_missing_where_a_factor_is(found):
    *_, columns, learned = found
    product = raw("x") * raw("k")
    assert columns["area_missing"].tolist() == np.isnan(product).tolist()
    there = ~np.isnan(product)
    assert columns["area"][there] == pytest.approx(product[there], rel=1e-5, abs=100)
    assert columns["area"][~there] == pytest.approx(learned["area"]["fill"], rel=1e-4, abs=100)
    third = raw("x") * raw("z") ** 2
    assert columns["third"] == pytest.approx(np.where(np.isnan(third), np.nanmean(third), third), rel=1e-5, abs=1e-4)


def test_whole_numbers_and_what_is_made_of_them_are_of_one_column(found):
    *_, columns, _ = found
    k = raw("k")
    k = np.where(np.isnan(k), np.nanmean(k), k)
    assert columns["powers[^1]"] == pytest.approx(k, rel=1e-5, abs=0.1)
    assert found[0]["k"] == pytest.approx((k - k.mean()) / k.std(), abs=1e-5)


def test_a_column_without_any_value_has_no_column_of_its_own(tmp_path):
    from components.preprocessing.transform_graph import design_matrix_of

    features = {"log": Log(column="x"), "orthogonal": Polynomial(column="z", orthogonal=True)}
    rows = [{"x": [], "z": [2.0], "y": [1.0]} for _ in range(20)]
    output = analyse(rows, features, "y", tmp_path)
    assert [term.std for term in design_matrix_of(output, features).terms] == [1.0, 1.0, 1.0]
    served = output.transform_features_layer()(sparse_columns(rows))
    for name in ("log[log]", "orthogonal[^1]", "orthogonal[^2]"):
        assert served[name].numpy().tolist() == [0.0] * 20


def test_knots_at_one_place_are_said_with_what_to_do(tmp_path):
    from components.errors import DataError
    from components.preprocessing.transform_graph import design_matrix_of

    features = {"x": Spline(knots=5)}
    rows = [{"x": [0.0 if i < 60 else float(i)], "y": [1.0]} for i in range(100)]
    with pytest.raises(DataError, match=r"features.x.knots: expected 5 places.*they would be 0, 0, 0, .*fewer knots"):
        design_matrix_of(analyse(rows, features, "y", tmp_path), features)
