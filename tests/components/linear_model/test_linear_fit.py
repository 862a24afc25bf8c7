import json

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.factors import TriangularFactor
from components.linear_model.linear_fit import LinearFit
from components.linear_model.solve import Problem, Settings
from components.values.names import INTERCEPT

DESIGN = DesignMatrix((Term("miles", "miles", mean=3.0, std=2.0), Term("c", "c", levels=text_levels(["a", "b"])[:3])))
GENERATOR = np.random.default_rng(2)
MILES, LEVEL = GENERATOR.uniform(0, 9, 90), GENERATOR.integers(0, 2, 90)
Y = 2.0 + 0.7 * MILES + 1.5 * (LEVEL == 1) + GENERATOR.normal(size=90)
Z = {"miles": (MILES - 3.0) / 2.0, "c": LEVEL}


@pytest.fixture(scope="module")
def found():
    names = [INTERCEPT, *DESIGN.column_names]
    matrix = np.column_stack([np.ones(90), DESIGN.dense(Z)])
    factor = TriangularFactor(names).add(matrix, Y)
    problem = Problem([factor], Settings(references={3}))
    return LinearFit("gaussian", "y", None, DESIGN, {"c": 3}, 90, [], problem.fit(), [90], np.array([factor.square()]))


def test_raw_units_are_those_of_a_regression_on_the_raw_columns(found):
    """statsmodels on the raw miles and the level a, against the reference b."""
    oracle = sm.OLS(Y, np.column_stack([np.ones(90), MILES, LEVEL == 0])).fit()
    kept = [0, 1, 2]
    raw = found.raw
    assert raw.names == [INTERCEPT, "miles", "c[a]", "c[b]", "c[(other)]"]
    assert raw.coefficients[kept] == pytest.approx(oracle.params, rel=1e-10)
    assert raw.standard_errors[kept] == pytest.approx(oracle.bse, rel=1e-10)
    assert raw.confidence_intervals()[kept] == pytest.approx(oracle.conf_int(), rel=1e-10)
    assert raw.covariance[np.ix_(kept, kept)] == pytest.approx(oracle.cov_params(), rel=1e-9)
    assert raw.coefficients[3:].tolist() == [0.0, 0.0]
    assert np.isnan(raw.standard_errors[3:]).all()
    assert [column.because for column in raw.dropped] == ["c[(other)] is 0 in every training row"]


def test_files_round_trip_and_hold_no_pickle(found, tmp_path):
    found.save(str(tmp_path))
    again = LinearFit.load(str(tmp_path))
    assert json.dumps(again.fit.to_json()) == json.dumps(found.fit.to_json())
    assert np.array_equal(again.fit.covariance, found.fit.covariance, equal_nan=True)
    assert np.array_equal(again.factors, found.factors)
    assert (again.design, again.references, again.rows_read) == (found.design, found.references, 90)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "covariance.npy", "factors.npy", "fit.json", "raw_covariance.npy",
    ]  # fmt: skip
    raw_covariance = np.load(tmp_path / "raw_covariance.npy", allow_pickle=False)
    assert np.array_equal(raw_covariance, found.raw.covariance, equal_nan=True)
    assert found.leaks == again.leaks == []
    assert found.total_weight == pytest.approx(90)
    again = Problem(found.fold_factors, Settings(references={3})).fit()
    assert again.coefficients == pytest.approx(found.fit.coefficients, rel=1e-12)


@given(st.lists(st.floats(-5, 5), min_size=5, max_size=5))
def test_any_coefficients_in_raw_units_predict_the_same(found, weights):
    bias, kernel = weights[0], np.array(weights[1:])
    raw = found.in_raw_units(bias, kernel)
    assert raw[3] == 0  # the reference
    by_hand = raw[0] + raw[1] * MILES + np.where(LEVEL == 0, raw[2], 0.0)
    assert by_hand == pytest.approx(bias + DESIGN.dense(Z) @ kernel, abs=1e-9)
