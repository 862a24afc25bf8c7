"""Which numbers have a value: those of which numpy's functions are finite."""

from __future__ import annotations

import numpy as np
import pytest

from components.linear_model import array_functions
from components.linear_model.bases import columns_of
from components.linear_model.bases.domain import least_of, without_value

ENTRIES = [
    {"kind": "log"},
    {"kind": "log1p"},
    {"kind": "sqrt"},
    *({"kind": "power", "exponent": exponent} for exponent in (2, 3, 0.5, -1, -0.5)),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_from_the_least_number_on_all_have_a_value_and_the_one_below_has_none(entry):
    least = least_of(entry)
    if least is None:
        values = np.array([-1e30, -1.5, 0.0, 1e30], np.float32)
    else:
        values = np.array([least, np.nextafter(np.float32(least), np.float32(np.inf)), 1e30], np.float32)
    found = columns_of(entry, values.astype(np.float64), {}, array_functions)
    assert np.isfinite(found).all()
    if least is not None:
        below = {"at most 0": 0.0, "at most -1": -1.0}.get(without_value(least) or "", float(np.float32(-1e-30)))
        with np.errstate(all="ignore"):
            assert not np.isfinite(columns_of(entry, np.array([below]), {}, array_functions)).any()
