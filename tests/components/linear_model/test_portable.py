"""Scoring from model.json alone, against statsmodels on the same rows."""

import dataclasses

import numpy as np
import pytest
import statsmodels.api as sm

from components.linear_model.design_matrix import DesignMatrix, Term, bucket_levels, text_levels
from components.linear_model.elastic_net import ElasticNet
from components.linear_model.elastic_net_problem import ElasticNetProblem
from components.linear_model.factors import TriangularFactor
from components.linear_model.linear_fit import LinearFit
from components.linear_model.portable import UNBOUNDED, PortableModel, portable_model
from components.linear_model.scoring import score
from components.linear_model.solve import Problem, Settings
from components.preprocessing.features import features_to_json
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.numeric import Numeric
from components.values.names import INTERCEPT
from components.values.texts import MISSING_TOKENS

ROWS = 200
GENERATOR = np.random.default_rng(7)
MILES = GENERATOR.uniform(0, 9, ROWS).astype(np.float32).astype(np.float64)
CITY = GENERATOR.choice(["a", "b", "rare"], ROWS, p=[0.3, 0.6, 0.1])
HOUR = GENERATOR.integers(0, 24, ROWS)
Y = 2.0 + 0.7 * MILES + 1.5 * (CITY == "a") + 0.4 * (HOUR >= 12) + GENERATOR.normal(size=ROWS)
FEATURES = {
    "miles": Numeric(min=0, indicator=True),
    "city": Categorical(vocabulary=2),
    "hour": Buckets(boundaries=[12]),
}
DESIGN = DesignMatrix(
    (
        Term("miles", "miles", mean=4.0, std=2.0),
        Term("miles_missing", "miles"),
        Term("city", "city", levels=text_levels("ba")),
        Term("hour", "hour", levels=bucket_levels([12])),
    )
)
ORACLE_COLUMNS = np.column_stack([np.ones(ROWS), MILES, CITY == "a", CITY == "rare", HOUR >= 12])
RAW = {"miles": MILES.tolist(), "city": CITY.tolist(), "hour": HOUR.tolist()}


@pytest.fixture(scope="module")
def model():
    columns = {
        "miles": ((MILES - 4.0) / 2.0).astype(np.float32),
        "miles_missing": np.zeros(ROWS),
        "city": np.select([CITY == "b", CITY == "a"], [0, 1], 2),
        "hour": (HOUR >= 12).astype(int),
    }
    matrix = np.column_stack([np.ones(ROWS), DESIGN.dense(columns)])
    factors = [TriangularFactor([INTERCEPT, *DESIGN.column_names], intercept=True) for _ in range(3)]
    for index, factor in enumerate(factors):
        factor.add(matrix[index::3], Y[index::3])
    problem = Problem(factors, Settings(references={3, 7}))
    squares = np.array([factor.square() for factor in factors])
    found = LinearFit(
        "gaussian",
        "y",
        None,
        DESIGN,
        {"city": 3, "hour": 7},
        ROWS,
        [],
        problem.fit(),
        [f.rows for f in factors],
        squares,
    )
    portable = portable_model(
        found,
        features_to_json(FEATURES),
        {"miles": {"fill": 4.4}},
        found.fit.coefficients,
        0.95,
        "exact",
        MISSING_TOKENS,
    )
    return PortableModel.from_text(portable.to_text())


@pytest.mark.parametrize("level", [None, 0.5, 0.99])
def test_predictions_and_intervals_are_statsmodels(model, level):
    oracle = sm.OLS(Y, ORACLE_COLUMNS).fit().get_prediction(ORACLE_COLUMNS)
    frame = oracle.summary_frame(alpha=1 - (level or 0.95))
    answer = score(model, RAW, level)
    assert answer["prediction"] == pytest.approx(frame["mean"].to_numpy(), rel=1e-6)
    assert answer["low"] == pytest.approx(frame["obs_ci_lower"].to_numpy(), rel=1e-6, abs=1e-6)
    assert answer["high"] == pytest.approx(frame["obs_ci_upper"].to_numpy(), rel=1e-6, abs=1e-6)
    assert answer["standard_error"] == pytest.approx(oracle.se_obs, rel=1e-6)


def test_contributions_are_against_the_mean_training_row_and_add_up(model):
    answer = score(model, RAW)
    parts = [values for name, values in answer.items() if name.startswith("contribution_")]
    assert sum(parts) + answer["baseline"] == pytest.approx(answer["prediction"], abs=1e-12)
    assert answer["baseline"] == pytest.approx(np.full(ROWS, Y.mean()), rel=1e-7)
    slope = sm.OLS(Y, ORACLE_COLUMNS).fit().params[1]
    assert answer["contribution_miles"] == pytest.approx(slope * (MILES - MILES.mean()), rel=1e-5, abs=1e-5)


def test_missing_unseen_and_out_of_range_values(model):
    rows = {"miles": [4.4, None, -1.0], "city": ["a", "never seen", ""], "hour": [3, 3, 3]}
    answer = score(model, rows)
    known = score(model, {"miles": [4.4, 4.4, 4.4], "city": ["a", "rare", "b"], "hour": [3, 3, 3]})
    assert answer["prediction"] == pytest.approx(known["prediction"], rel=1e-7)
    # No training row lacked the miles or the city, so that nothing is known of what that means for the label.
    assert answer["standard_error"][0] == known["standard_error"][0] < 1.5
    assert answer["standard_error"][1:].tolist() == [UNBOUNDED, UNBOUNDED]
    assert (answer["low"][1], answer["high"][1]) == (-UNBOUNDED, UNBOUNDED)


@pytest.mark.parametrize("l2", [0.0, 1.0])
def test_columns_that_were_constant_or_equal_in_training_bound_nothing_elsewhere(l2):
    """`flag` was 1 in every training row, `twin` is `miles`; a penalty keeps the twin, and learns no more of it by that."""
    design = DesignMatrix((Term("miles", "miles"), Term("twin", "twin"), Term("flag", "flag", mean=1.0, std=1.0)))
    matrix = np.column_stack([np.ones(ROWS), design.dense({"miles": MILES, "twin": MILES, "flag": np.zeros(ROWS)})])
    factor = TriangularFactor([INTERCEPT, *design.column_names], intercept=True).add(matrix, Y)
    fit = Problem([factor], Settings(l2=l2, tolerance=1e-6, scales={3: (1.0, 1.0)})).fit()
    assert [column.because for column in fit.dropped][-1] == "flag is 1 in every training row"
    found = LinearFit("gaussian", "y", None, design, {}, ROWS, [], fit, [ROWS], np.array([factor.square()]))
    features = dict.fromkeys(design.column_names, Numeric(scale="none"))
    portable = portable_model(
        found,
        features_to_json(features),
        {key: {"fill": 0.0} for key in features},
        fit.coefficients,
        0.95,
        "exact",
        MISSING_TOKENS,
    )
    answer = score(portable, {"miles": [2.0, 2.0, 2.0], "twin": [2.0, 2.0, 3.0], "flag": [1.0, 0.0, 1.0]})
    assert answer["standard_error"][0] < 2
    assert answer["standard_error"][1:].tolist() == [UNBOUNDED, UNBOUNDED]


def test_gradient_descent_has_no_intervals(model):
    assert set(score(dataclasses.replace(model, interval=None), RAW)) == {
        "prediction", "baseline", "contribution_miles", "contribution_city", "contribution_hour",
    }  # fmt: skip


def test_an_elastic_net_claims_no_intervals():
    design = DesignMatrix((Term("miles", "miles"), Term("noise", "noise")))
    noise = np.random.default_rng(1).normal(size=ROWS)
    matrix = np.column_stack([np.ones(ROWS), MILES, noise])
    factor = TriangularFactor([INTERCEPT, *design.column_names], intercept=True).add(matrix, Y)
    fit = ElasticNetProblem([factor], Settings(elastic_net=ElasticNet(1.0, 0.5), tolerance=1e-6)).fit()
    assert fit.selection.left_out == [2]
    found = LinearFit("gaussian", "y", None, design, {}, ROWS, [], fit, [ROWS], np.array([factor.square()]))
    features = dict.fromkeys(design.column_names, Numeric(scale="none"))
    learned = {key: {"fill": 0.0} for key in features}
    model = portable_model(found, features_to_json(features), learned, fit.coefficients, 0.95, "exact", MISSING_TOKENS)
    assert model.interval is None
    answer = score(PortableModel.from_text(model.to_text()), {"miles": [2.0], "noise": [9.0]})
    assert set(answer) == {"prediction", "baseline", "contribution_miles", "contribution_noise"}
    assert answer["prediction"] == pytest.approx(fit.coefficients[0] + 2 * fit.coefficients[1], rel=1e-6)
    assert answer["contribution_noise"] == 0.0


def test_95_percent_intervals_contain_95_percent_of_10_000_new_labels():
    """1,000 tables of 12 rows, 10 new labels each: the rate of a prediction interval is over both."""
    generator, inside = np.random.default_rng(1), 0
    design = DesignMatrix((Term("miles", "miles", mean=4.0, std=2.0),))
    for _ in range(1_000):
        x = generator.uniform(0, 9, 22).astype(np.float32)
        y = 2 + 0.7 * x + generator.normal(0, 1.3, 22)
        matrix = np.column_stack([np.ones(12), design.dense({"miles": (x[:12] - 4) / 2})])
        factor = TriangularFactor([INTERCEPT, "miles"], intercept=True).add(matrix, y[:12])
        fit = Problem([factor], Settings()).fit()
        found = LinearFit("gaussian", "y", None, design, {}, 12, [], fit, [12], np.array([factor.square()]))
        portable = portable_model(
            found,
            features_to_json({"miles": Numeric()}),
            {"miles": {"fill": 4.0}},
            fit.coefficients,
            0.95,
            "exact",
            MISSING_TOKENS,
        )
        answer = score(portable, {"miles": x[12:]})
        inside += np.sum((answer["low"] <= y[12:]) & (y[12:] <= answer["high"]))
    print(f"\n{inside / 10_000:.2%} of 10,000 new labels lie in their intervals")  # noqa: T201
    assert 9_300 <= inside <= 9_700


def test_a_unit_is_in_the_file_where_there_is_one_alone(model):
    text = model.to_text()
    assert '"unit"' not in text and PortableModel.from_text(text).unit is None
    counted = dataclasses.replace(model, unit="dollars")
    assert PortableModel.from_text(counted.to_text()).unit == "dollars"
