"""The curves of a fit's splines, against the function that the rows were drawn by."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from components.linear_model import array_functions
from components.linear_model.bases import columns_of
from components.linear_model.design_matrix import DesignMatrix, Level, Term
from components.trainer.curves import curves

KNOTS = [0.0, 1.0, 4.0, 10.0]


def test_each_spline_is_told_by_its_own_columns_and_not_by_its_indicator():
    x = np.linspace(0, 10, 100)
    adds = [0.0, 3.0, -1.0, 2.0]
    made = columns_of({"kind": "spline", "knots": 4}, x, {"knots": np.array(KNOTS)}, array_functions)
    found = np.linalg.lstsq(
        np.column_stack([np.ones(100), *made]), CubicSpline(KNOTS, adds, bc_type="natural")(x), rcond=None
    )[0]
    terms = [
        Term("first", "first", levels=(Level("a", "a"), Level("b", "b"))),
        *(Term(f"s[spline {index}]", "s", part=f"spline {index}") for index in (1, 2, 3)),
        Term("s_missing", "s"),
        *(Term(f"p[^{index}]", "p", part=f"^{index}") for index in (1, 2)),
    ]
    learned = {"s": {"fill": 1.0, "learned": {"knots": KNOTS}}, "p": {"fill": 2.0}}
    of = curves(DesignMatrix(tuple(terms)), learned, [7.0, 0.0, 5.0, *found[1:], 100.0, 1.0, 1.0])
    assert list(of) == ["s"]
    assert of["s"].knots == KNOTS
    assert of["s"].values == pytest.approx(adds, abs=1e-9)
