from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from components.table.digits import COARSEST, Digits


def of_parts(values, size):
    found = Digits()
    for start in range(0, len(values), size):
        found.add(Digits.from_json(Digits.of(values[start : start + size]).to_json()))
    return found


def test_rows_a_constant_and_a_unit_step():
    """Seen: 1e8 + i fitted with a sigma of 4.8 where the noise is 1."""
    found = of_parts(1e8 + np.arange(400.0), 100)
    assert (found.rows, found.whole, found.exact, found.spacing) == (400, True, True, 8.0)
    assert found.spread == pytest.approx(np.arange(400).std())
    assert found.coarseness == pytest.approx(8 / np.arange(400).std())
    assert found.complaint("x", feature=True) == (
        "column 'x': 32-bit floats, as which it travels, have too few digits for it: of 100 different values 13 remain, 100000000 "
        "and 100000001 become one. They are 8 apart there, and the standard deviation is 115.47; expected at least 1,000 times "
        "that. All are whole numbers: make it of kind integer, which keeps them (buckets: say whole: true)."
    )


def test_census_tracts():
    """Seen: 229 of them became 66."""
    rng = np.random.default_rng(0)
    tracts = rng.choice(17031010100 + 100 * np.arange(9800), 229, replace=False).astype(float)
    found = Digits.of(np.append(tracts, rng.choice(tracts, 5000)))
    left = len(np.unique(tracts.astype(np.float32)))
    assert (found.different, found.remaining) == (229, left)
    assert f"of 229 different values {left} remain" in found.complaint("tract", feature=True)


def test_decimals_are_told_to_subtract_a_constant():
    values = 1e6 + np.random.default_rng(0).normal(size=500)
    complaint = Digits.of(values).complaint("x", feature=True)
    assert (
        "Subtract a constant from it in the table, such as 1e+06, or give it in a unit in which all its values are"
        in complaint
    )
    assert complaint.endswith("whole numbers and make it of kind integer.")
    assert Digits.of(values).complaint("y", feature=False).endswith("all its values are whole numbers.")
    one, other = complaint.split("remain, ")[1].split(" become one")[0].split(" and ")
    assert float(one) != float(other)
    assert np.float32(one) == np.float32(other)


@pytest.mark.parametrize(
    "values",
    [
        np.arange(1 << 24, dtype=float)[::1009],  # whole, and no digit lost
        np.random.default_rng(0).normal(300, 15, 1000),
        41.88 + np.random.default_rng(0).normal(0, 0.05, 1000),  # latitudes of a city
        1.4e9 + 900.0 * np.arange(100_000),  # quarters of an hour of three years, in seconds
        np.full(100, 123456789.0),  # does not vary
        np.array([]),
        np.append(np.random.default_rng(0).normal(size=1000), 1e30),
    ],
)
def test_what_has_digits_enough(values):
    assert of_parts(values, 300).complaint("x", feature=True) is None


def test_the_limit_is_a_thousand_steps_a_standard_deviation():
    at = np.array([-1.0, 1.0] * 10 + [0.1])
    assert Digits.of((at + 0.9 * COARSEST / 2**-23).astype(float)).complaint("x", feature=True) is None
    assert Digits.of((at + 2.1 * COARSEST / 2**-23).astype(float)).complaint("x", feature=True)


VALUES = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e9, 1e9) | st.integers(-(10**9), 10**9).map(float))


@given(VALUES, st.integers(1, 20))
def test_parts_say_what_the_whole_says(values, size):
    """But for how many different values a batch had."""
    parts, whole = of_parts(values, size), Digits.of(values)
    assert (parts.rows, parts.rounded, parts.whole) == (whole.rows, whole.rounded, whole.whole)
    assert parts.mean == pytest.approx(values.mean(), rel=1e-12, abs=1e-6)
    assert parts.spread == pytest.approx(values.std(), rel=1e-6, abs=1e-5)
    assert whole.rounded == sum(float(np.float32(value)) != value for value in values)
    assert whole.different in (0, len(set(values.tolist())))
    assert whole.remaining in (0, len(np.unique(values.astype(np.float32))))
