"""A fit of a transformed label in the label's own units, against statsmodels' fits without each fold."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from components.linear_model.arrays import Rows
from components.linear_model.factors import TriangularFactor
from components.linear_model.retransformation import HeldOut, InUnits, Residuals, in_units
from components.linear_model.solve import Problem, Settings
from components.values.names import INTERCEPT

ROWS, FOLDS = 900, 4
GENERATOR = np.random.default_rng(8)
X = np.column_stack([np.ones(ROWS), GENERATOR.normal(size=(ROWS, 2))])
OFFSET = GENERATOR.normal(0, 0.2, ROWS)
WEIGHT = GENERATOR.integers(0, 4, ROWS).astype(float)
Z = X @ [2.0, 0.3, -0.2] + OFFSET + GENERATOR.normal(0, 0.3, ROWS)  # on the fitted scale
FOLD = np.arange(ROWS) % FOLDS
INVERSES = {"log": np.exp, "log1p": np.expm1, "sqrt": np.square}


def problem():
    factors = [
        TriangularFactor([INTERCEPT, "a", "b"], intercept=True).add(X[rows], (Z - OFFSET)[rows], WEIGHT[rows])
        for rows in (FOLD == index for index in range(FOLDS))
    ]
    return Problem(factors, Settings())


def found(name, smearing, block_rows=100):
    """By blocks, as the engine's workers add them."""
    solved = problem()
    passes = Rows(X, Z, WEIGHT, OFFSET, FOLD, block_rows).passes(solved.columns)
    family = f"gaussian(label={name}, mean=smearing)" if smearing else f"gaussian(label={name})"
    return in_units(family, solved.fit().coefficients, solved.without_folds(), passes)


def fit_of(rows):
    return sm.WLS((Z - OFFSET)[rows], X[rows], WEIGHT[rows]).fit()


def answered(fit, rows, name, smearing):
    """By the definition: the mean over the residuals of the rows that were fitted."""
    eta, inverse = fit.fittedvalues if rows is None else X[rows] @ fit.params + OFFSET[rows], INVERSES[name]
    if not smearing:
        return inverse(eta)
    return np.average(inverse(eta[:, None] + fit.resid), axis=1, weights=fit.model.weights)


@pytest.mark.parametrize("smearing", [False, True])
@pytest.mark.parametrize("name", INVERSES)
def test_held_out_answers_are_those_of_statsmodels_fits_without_each_fold(name, smearing):
    label, predicted = INVERSES[name](Z), np.zeros(ROWS)
    for index in range(FOLDS):
        predicted[FOLD == index] = answered(fit_of(FOLD != index), FOLD == index, name, smearing)
    error, variance = found(name, smearing).held_out
    assert error == pytest.approx(np.average((label - predicted) ** 2, weights=WEIGHT), rel=1e-9)
    mean = np.average(label, weights=WEIGHT)
    assert variance == pytest.approx(np.average((label - mean) ** 2, weights=WEIGHT), rel=1e-9)


def test_averages_are_over_the_residuals_of_the_fit():
    residual = fit_of(np.full(ROWS, True)).resid
    assert found("log", True).averages == pytest.approx([np.average(np.exp(residual), weights=WEIGHT)], rel=1e-10)
    square = np.average(residual**2, weights=WEIGHT)
    assert found("sqrt", True).averages == pytest.approx([0.0, square], rel=1e-10, abs=1e-12)
    assert found("log", False).averages is None


def test_without_folds_nothing_is_held_out():
    passes = Rows(X, Z, WEIGHT, OFFSET, FOLD, 100).passes([0, 1, 2])
    coefficients = fit_of(np.full(ROWS, True)).params
    assert in_units("gaussian(label=log)", coefficients, None, passes) == InUnits(None, None)
    assert len(in_units("gaussian(label=log1p, mean=smearing)", coefficients, None, passes).averages) == 1


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_parts_merge_and_travel_as_arrays(parts):
    solved = problem()
    without = solved.without_folds()
    every = np.concatenate([solved.fit().coefficients[None, :], without])
    whole = found("log", True)

    def collected(make):
        total = make()
        for part in range(parts):
            mine = np.arange(ROWS) % parts == part
            rows = Rows(X[mine], Z[mine], WEIGHT[mine], OFFSET[mine], FOLD[mine], 50)
            total.merge(make().load(rows.passes([0, 1, 2])(make).arrays()))
        return total.merge(make())  # of no rows

    averages = collected(lambda: Residuals("gaussian(label=log, mean=smearing)", every)).averages
    assert averages[0].tolist() == pytest.approx(whole.averages, rel=1e-12)
    held_out = collected(lambda: HeldOut("gaussian(label=log, mean=smearing)", without, averages[1:])).means
    assert held_out == pytest.approx(whole.held_out, rel=1e-12)


def test_there_are_no_averages_of_what_has_no_smearing():
    with pytest.raises(ValueError, match=r"expected a family with smearing; received gaussian\(label=boxcox"):
        Residuals("gaussian(label=boxcox, lambda=0.5)", np.zeros((1, 3)))


def test_it_reads_what_json_keeps_of_it():
    assert InUnits.from_json({"averages": [1.1], "held_out": [2.0, 3.0]}) == InUnits([1.1], (2.0, 3.0))
    assert InUnits.from_json({"averages": None, "held_out": None}) == InUnits(None, None)
