"""Natural cubic splines against scipy's and patsy's."""

from __future__ import annotations

import numpy as np
import pytest
from patsy import cr  # type: ignore[import-untyped]
from scipy.interpolate import CubicSpline

from components.linear_model import array_functions
from components.linear_model.bases import columns_of, parts_of
from components.linear_model.bases.spline import curve_at_knots

KNOTS = [-2.0, 0.5, 1.0, 4.0, 7.5]
ENTRY = {"kind": "spline", "knots": KNOTS}
X = np.linspace(-30.0, 40.0, 2001)


def columns(knots=KNOTS, x=X):
    entry = {"kind": "spline", "knots": list(knots)}
    return np.stack(columns_of(entry, x, {"knots": np.array(knots)}, array_functions), axis=1)


@pytest.mark.parametrize("knots", [KNOTS, [0.0, 1.0, 2.0], [-1e6, 3.0, 3.5, 1e7], np.linspace(0, 1, 12)])
def test_each_column_is_scipys_natural_spline_through_its_own_values_at_the_knots(knots):
    inside = np.linspace(knots[0], knots[-1], 1001)
    at_knots, found = columns(knots, np.array(knots)), columns(knots, inside)
    oracle = CubicSpline(knots, at_knots, bc_type="natural")
    assert found == pytest.approx(oracle(inside), rel=1e-9, abs=1e-9 * np.abs(at_knots).max())
    for end, sign in ((knots[0], -1), (knots[-1], 1)):  # linear beyond, with the slope at the end
        beyond = end + sign * np.array([0.1, 1.0, 50.0])
        line = oracle(end) + oracle(end, 1) * (beyond - end)[:, np.newaxis]
        assert columns(knots, beyond) == pytest.approx(line, rel=1e-9, abs=1e-9 * np.abs(at_knots).max())


def test_the_columns_and_a_constant_span_what_patsys_do():
    inside = X[(X >= KNOTS[0]) & (X <= KNOTS[-1])]
    patsys = cr(inside, knots=KNOTS[1:-1], lower_bound=KNOTS[0], upper_bound=KNOTS[-1])
    ours = np.column_stack([np.ones(len(inside)), columns(x=inside)])
    assert np.asarray(patsys).shape == ours.shape
    fitted = ours @ np.linalg.lstsq(ours, np.asarray(patsys), rcond=None)[0]
    assert fitted == pytest.approx(np.asarray(patsys), abs=1e-9)


def test_there_are_as_many_columns_as_knots_less_one_and_the_first_is_the_number_itself():
    assert parts_of(ENTRY) == ["spline 1", "spline 2", "spline 3", "spline 4"]
    assert parts_of({"kind": "spline", "knots": 3}) == ["spline 1", "spline 2"]
    assert columns()[:, 0].tolist() == X.tolist()


@pytest.mark.parametrize("knots", [KNOTS, [0.0, 1.0, 2.0], [1e9, 1e9 + 3, 1e9 + 10, 1e9 + 11]])
def test_the_curve_at_its_knots_is_that_of_scipys_spline_through_them_and_of_the_fit(knots):
    generator = np.random.default_rng(5)
    wanted = np.concatenate([[0.0], generator.normal(0, 3, len(knots) - 1)])
    oracle = CubicSpline(knots, wanted, bc_type="natural")  # the fit of a natural spline is that through its knots
    x = np.linspace(knots[0], knots[-1], 200)
    shift = knots[0]
    matrix = np.column_stack([np.ones(len(x)), columns(knots, x) - [shift, *[0.0] * (len(knots) - 2)]])
    _, *coefficients = np.linalg.lstsq(matrix, oracle(x), rcond=None)[0]
    assert curve_at_knots(knots, coefficients) == pytest.approx(wanted, abs=1e-7)
