"""Models solved in 60 digits (`tests/data/certificates/make.py`): correct digits of ours, and beside statsmodels."""

import json

import numpy as np
import pytest

from benchmarks.certify import FOLDER, load, ours, statsmodels
from benchmarks.nist import correct_digits, log_relative_error, over_orders
from tests.data.certificates import make

SETS = {data.name: data for data in load()}
# Of coefficients and of standard errors, as means over orders. What columns that nearly depend on each other leave of 16 digits
# is their condition number's part; all else is to the last digits.
FLOORS = {
    "logit_collinear_5": (10.3, 11.0),
    "logit_collinear_7": (8.5, 9.5),
    "poisson_collinear_7": (9.0, 9.0),
    "logit": (13.5, 14.5),  # a coefficient is of a hundredth of its standard error
}
ORDERS = 6


def test_there_are_the_hard_ones():
    assert len(SETS) >= 10
    assert set(FLOORS) <= set(SETS)
    assert {data.family for data in SETS.values()} == set(make.LAWS)


@pytest.mark.parametrize("name", SETS)
def test_to_the_limit_of_the_condition_and_never_below_statsmodels(name):
    digits = over_orders(SETS[name], ours, ORDERS)
    floor = FLOORS.get(name, (14.0, 14.0))
    assert digits[0] >= floor[0] and digits[1] >= floor[1]
    peer = over_orders(SETS[name], statsmodels, ORDERS)
    assert digits[0] >= peer[0] - 0.1 and digits[1] >= peer[1] - 0.1


@pytest.mark.parametrize("name", ["logit_near_separated", "poisson_rare", "tweedie", "probit"])
def test_the_certificates_are_what_their_script_makes_of_the_stored_values(name):
    data = SETS[name]
    given = make.Given(data.family, data.x, data.y, data.weights, data.offset, data.intercept)
    beta, errors = make.solve(given)
    stored = json.loads((FOLDER / f"{name}.json").read_text())
    assert ([float(value) for value in beta], [float(value) for value in errors]) == (stored["coef"], stored["se"])


def test_the_normal_equations_lose_the_standard_errors():
    """What the steps by QR are for: the columns' condition number of 2e5 is squared in their product."""
    data = SETS["logit_collinear_5"]
    mean = 1 / (1 + np.exp(-data.matrix @ data.coefficients))
    information = (data.matrix * (mean * (1 - mean))[:, None]).T @ data.matrix
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    assert log_relative_error(data.standard_errors, errors) < 7
    assert correct_digits(data, ours)[1] > 11
