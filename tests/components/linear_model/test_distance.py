"""How far other coefficients are from the exact fit's: of least squares the predictions alone tell it too."""

import dataclasses

import numpy as np
import pytest

from components.linear_model.distance import distance
from components.linear_model.inference import Dropped
from tests.components.fits import ORACLES, drawn, fitted, oracle

PLACES = [0, 1, 3, 4]  # of the intercept, miles, c[card] and c[none]


def shifted(found, shift):
    """The fit's coefficients, some of them moved, [1 + p]."""
    coefficients = found.fit.coefficients.copy()
    coefficients[list(shift)] += list(shift.values())
    return coefficients


def test_the_length_is_that_of_the_predictions_whatever_the_reference_has():
    """(b − b̂)ᵀ·XᵀX·(b − b̂) is the sum of squares by which predictions differ."""
    rows = drawn("gaussian")
    found = fitted("gaussian", rows)
    moved = shifted(found, {0: 0.3, 1: -0.2, 2: 0.5, 3: 0.1})
    levels = np.eye(3)[rows.level]
    x = np.column_stack([np.ones(len(rows.label)), (rows.miles - 3) / 2, levels])
    apart = x @ (moved - found.fit.coefficients)[:5]
    assert distance(found, moved).length == pytest.approx(np.linalg.norm(apart) / found.fit.sigma, rel=1e-10)


@pytest.mark.parametrize("family", ORACLES)
def test_it_is_in_statsmodels_standard_errors(family):
    rows = drawn(family, exposed=family == "poisson")
    found, by = fitted(family, rows), oracle(family, rows)
    moved = shifted(found, {1: 0.2, 2: 0.1, 3: 0.4})
    apart = np.array([0.1 - 3 * 0.1, 0.1, 0.3, -0.1])  # raw: 0.2 by the standard deviation 2, against the reference
    by_hand = np.abs(apart) / by.bse
    gone = distance(found, moved)
    assert gone.length == pytest.approx(np.sqrt(apart @ np.linalg.solve(by.cov_params(), apart)), rel=1e-5)
    assert gone.largest == pytest.approx(by_hand.max(), rel=1e-5)
    assert gone.column == found.fit.names[PLACES[int(np.argmax(by_hand))]]


def test_the_exact_fit_is_no_way_off():
    found = fitted("poisson", drawn("poisson", exposed=True))
    assert distance(found, found.fit.coefficients).length == 0


def test_what_a_dropped_column_has_is_the_others():
    """c[none] = 1 − c[cash] − c[card] of a fit without the other two levels: moving it is moving what it stands for."""
    found = fitted("binomial", drawn("binomial"))
    covariance = found.fit.covariance.copy()
    covariance[4], covariance[:, 4] = np.nan, np.nan
    twice = Dropped(4, "c[none] = 2·miles", {1: 2.0})
    fit = dataclasses.replace(found.fit, covariance=covariance, dropped=[*found.fit.dropped, twice])
    found = dataclasses.replace(found, fit=fit)
    by_itself, by_the_other = shifted(found, {4: 0.1 - found.fit.coefficients[4]}), shifted(found, {1: 0.2})
    by_the_other[4] = 0.0
    assert distance(found, by_itself).length == pytest.approx(distance(found, by_the_other).length)


def test_without_standard_errors_there_is_none():
    found = fitted("gaussian", drawn("gaussian"))
    found = dataclasses.replace(
        found, fit=dataclasses.replace(found.fit, covariance=np.full_like(found.fit.covariance, np.nan))
    )
    assert distance(found, found.fit.coefficients) is None
