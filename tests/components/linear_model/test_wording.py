"""Dependences that textbook tables have, found in z-scores of 32-bit floats, as the pipeline has them."""

import numpy as np
import pytest

from components.errors import DataError
from components.linear_model.factors import TriangularFactor
from components.linear_model.solve import Problem, Settings
from components.linear_model.wording import dependence_text
from components.values.names import INTERCEPT

GENERATOR = np.random.default_rng(0)
ROWS = 400
MONTH, STATE, KIND = (GENERATOR.integers(0, n, ROWS) for n in (12, 3, 4))
JUN, JUL, AUG = (1.0 * (MONTH == m) for m in (5, 6, 7))
KY, INDUST, MANUF = 1.0 * (STATE == 0), 1.0 * (KIND == 1), 1.0 * (KIND == 2)
YEAR, MILES = 1987.0 + GENERATOR.integers(0, 8, ROWS), GENERATOR.uniform(0, 9, ROWS)
CASES = {
    "aug = sum − jun − jul": {"sum": JUN + JUL + AUG, "jun": JUN, "jul": JUL, "aug": AUG},
    "mi = 1 − ky": {"ky": KY, "mi": 1 - KY},
    "construc = 3 − indust − 2·manuf": {"indust": INDUST, "manuf": MANUF, "construc": 3 - INDUST - 2 * MANUF},
    "age = 2024 − year": {"year": YEAR, "age": 2024 - YEAR},
    "km = 1.6093·miles": {"miles": MILES, "km": 1.609344 * MILES},
    "fahrenheit = 32 + 1.8·celsius": {"celsius": MILES, "fahrenheit": 32 + 1.8 * MILES},
    "half = −5 + 0.5·year": {"year": YEAR, "half": YEAR / 2 - 5},
    "a = −b": {"b": MILES, "a": -MILES},
    "far = 1000000 + miles": {"miles": 10 * np.round(MILES), "far": 1e6 + 10 * np.round(MILES)},
    "censored is 1 in every training row": {"miles": MILES, "censored": np.ones(ROWS)},
    "speed is 70.1 in every training row": {"miles": MILES, "speed": np.full(ROWS, 70.1)},
    "never is 0 in every training row": {"miles": MILES, "never": np.zeros(ROWS)},
}


def zscores(columns):
    """Means, standard deviations and columns as Transform gives them; a column without spread is only centred."""
    raw = {name: np.float32(values) for name, values in columns.items()}
    scales = {name: (float(v.mean()), float(v.std()) or 1.0) for name, v in raw.items()}
    scaled = [
        ((v - np.float32(scales[name][0])) / np.float32(scales[name][1])).astype(np.float32) for name, v in raw.items()
    ]
    scales = dict(enumerate(scales.values(), 1))
    return scales, np.column_stack([np.ones(ROWS), *scaled]).astype(np.float64)


@pytest.mark.parametrize("text", CASES)
@pytest.mark.parametrize("l2", [0.0, 1.0])
def test_dependences_are_said_in_raw_units(text, l2):
    scales, matrix = zscores(CASES[text])
    factor = TriangularFactor([INTERCEPT, *CASES[text]], intercept=True).add(matrix, MILES)
    problem = Problem([factor], Settings(l2=l2, tolerance=1e-6, scales=scales))
    [said] = problem.dropped + problem.shared
    assert said.because == text
    left = matrix[:, said.column] - sum(factor * matrix[:, other] for other, factor in said.on.items())
    assert np.abs(left).max() < 1e-3  # `on` stays in units of the columns
    assert bool(problem.dropped) == (l2 == 0.0 or "every" in text)
    if l2 and "0 in" not in text and "1 in" not in text:
        with pytest.raises(DataError, match="collinear columns:\n  " + said.because[:4]):
            Problem([factor], Settings(l2=l2, tolerance=1e-6, scales=scales, collinear="error"))


def test_no_digit_in_doubt_is_shown():
    on, doubt = {0: 0.25, 1: 1.23456789}, {0: 1e-9, 1: 1e-3}
    assert dependence_text(2, on, doubt, 1e-9, {}, [INTERCEPT, "b", "a"], 0) == "a = 0.25 + 1.23·b"
