"""Scoring of a transformed label from model.json alone: statsmodels' fit of the transformed one, taken back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special

from components.linear_model import array_functions
from components.linear_model.arrays import Rows
from components.linear_model.design_matrix import DesignMatrix, Term
from components.linear_model.factors import TriangularFactor
from components.linear_model.families import named
from components.linear_model.linear_fit import LinearFit
from components.linear_model.portable import UNBOUNDED, PortableModel, portable_model
from components.linear_model.retransformation import in_units
from components.linear_model.scoring import rounding_sizes, score
from components.linear_model.solve import Problem, Settings
from components.preprocessing.features import features_to_json
from components.preprocessing.kinds.numeric import Numeric
from components.values.names import INTERCEPT

ROWS = 300
GENERATOR = np.random.default_rng(23)
MILES = GENERATOR.uniform(0, 9, ROWS).astype(np.float32)
PRICE = np.exp(1.0 + 0.3 * MILES + GENERATOR.normal(0, 0.5, ROWS))
X = np.column_stack([np.ones(ROWS), MILES]).astype(float)
INVERSES = {
    "log": (np.log, np.exp),
    "log1p": (np.log1p, np.expm1),
    "sqrt": (np.sqrt, lambda z: np.maximum(z, 0) ** 2),
    "boxcox, lambda=0.3": (lambda y: special.boxcox(y, 0.3), lambda z: special.inv_boxcox(z, 0.3)),
    "boxcox, lambda=2.0": (lambda y: special.boxcox(y, 2.0), lambda z: np.sqrt(np.maximum(2 * z + 1, 0))),
    "boxcox, lambda=-0.2": (lambda y: special.boxcox(y, -0.2), lambda z: special.inv_boxcox(z, -0.2)),
}


def fitted(text):
    """model.json of the fit, in one fold of four."""
    design = DesignMatrix((Term("miles", "miles", mean=4.0, std=2.0),))
    label = named(text).fitted_label(PRICE, array_functions)
    matrix = np.column_stack([np.ones(ROWS), ((MILES - 4.0) / 2.0).astype(np.float32).astype(float)])
    fold = np.arange(ROWS) % 4
    factors = [
        TriangularFactor([INTERCEPT, "miles"], intercept=True).add(matrix[fold == index], label[fold == index])
        for index in range(4)
    ]
    problem = Problem(factors, Settings())
    fit = problem.fit()
    passes = Rows(matrix, label, np.ones(ROWS), np.zeros(ROWS), fold, 64).passes([0, 1])
    squares = np.array([factor.square() for factor in factors])
    found = LinearFit(
        text,
        "price",
        None,
        design,
        {},
        ROWS,
        [],
        fit,
        [factor.rows for factor in factors],
        squares,
        in_units=in_units(text, fit.coefficients, problem.without_folds(), passes),
    )
    model = portable_model(
        found, features_to_json({"miles": Numeric()}), {"miles": {"fill": 4.0}}, fit.coefficients, 0.9, "exact", []
    )
    return PortableModel.from_text(model.to_text())


@pytest.mark.parametrize("level", [None, 0.5])
@pytest.mark.parametrize("name", INVERSES)
def test_medians_and_intervals_of_a_new_label_are_statsmodels_taken_back(name, level):
    forward, inverse = INVERSES[name]
    oracle = sm.OLS(forward(PRICE), X).fit().get_prediction(X)
    frame = oracle.summary_frame(alpha=1 - (level or 0.9))
    answer = score(fitted(f"gaussian(label={name})"), {"miles": MILES.tolist()}, level)
    assert answer["linear_predictor"] == pytest.approx(oracle.predicted_mean, rel=1e-6)
    assert answer["standard_error"] == pytest.approx(oracle.se_obs, rel=1e-7)
    for key, column in (("prediction", "mean"), ("low", "obs_ci_lower"), ("high", "obs_ci_upper")):
        assert answer[key] == pytest.approx(inverse(frame[column].to_numpy()), rel=1e-6, abs=1e-7), key
    assert answer["baseline"] + answer["contribution_miles"] == pytest.approx(answer["linear_predictor"], rel=1e-12)


@pytest.mark.parametrize("name", ["log", "log1p", "sqrt"])
def test_means_are_duans_by_the_definition(name):
    forward = INVERSES[name][0]
    inverse = np.square if name == "sqrt" else INVERSES[name][1]
    fit = sm.OLS(forward(PRICE), X).fit()
    expected = inverse(fit.fittedvalues[:, None] + fit.resid).mean(axis=1)
    median, mean = (fitted(f"gaussian(label={name}{more})") for more in ("", ", mean=smearing"))
    found, plain = (score(model, {"miles": MILES.tolist()}) for model in (mean, median))
    assert found["prediction"] == pytest.approx(expected, rel=1e-6)
    for key in set(found) - {"prediction"}:
        assert found[key].tolist() == plain[key].tolist(), key
    assert (median.smearing, len(mean.smearing)) == (None, 2 if name == "sqrt" else 1)


def test_cross_validation_is_in_units_of_the_label():
    model = fitted("gaussian(label=log)")
    label, predicted = np.log(PRICE), np.zeros(ROWS)
    for index in range(4):
        mine = np.arange(ROWS) % 4 == index
        predicted[mine] = np.exp(sm.OLS(label[~mine], X[~mine]).fit().predict(X[mine]))
    error = np.mean((PRICE - predicted) ** 2)
    assert model.cross_validated == pytest.approx(
        {
            "mean_squared_error": error,
            "root_mean_squared_error": np.sqrt(error),
            "r_squared": 1 - error / PRICE.var(),
            "rows": ROWS,
        },
        rel=1e-6,
    )


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("log", (0.0, UNBOUNDED)),
        ("log1p", (-1.0, UNBOUNDED)),
        ("sqrt", (0.0, UNBOUNDED)),
        ("boxcox, lambda=0.3", (0.0, UNBOUNDED)),
        ("boxcox, lambda=-0.2", (0.0, UNBOUNDED)),
    ],
)
def test_a_row_unlike_all_others_has_the_whole_range_of_labels(name, ends):
    model = fitted(f"gaussian(label={name})")
    unlike = dataclasses.replace(model.interval, dropped=[{"column": 1, "on": {"0": 0.0}}])  # miles were always 0
    answer = score(dataclasses.replace(model, interval=unlike), {"miles": [6.0]})
    assert (answer["low"][0], answer["high"][0]) == pytest.approx(ends, abs=1e-100)


@pytest.mark.parametrize("name", INVERSES)
def test_what_rounding_changes(name):
    model = fitted(f"gaussian(label={name})")
    rows = {"miles": [0.0, 4.0, 9.0]}
    answer = score(model, rows)
    sizes = rounding_sizes(model, answer, np.abs(answer["linear_predictor"]))
    assert set(sizes) == set(answer)
    moved = score(dataclasses.replace(model, coefficients=model.coefficients * (1 + 1e-7)), rows)
    for key in ("prediction", "low", "high", "linear_predictor"):
        assert np.all(np.abs(moved[key] - answer[key]) <= 1.01e-7 * sizes[key]), key
