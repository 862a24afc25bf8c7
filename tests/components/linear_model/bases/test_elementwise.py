"""Functions of a number against numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from components.linear_model import array_functions
from components.linear_model.bases import columns_of, has_basis, parts_of

X = np.array([0.25, 1.0, 7.5, 1e6])


@pytest.mark.parametrize(
    ("entry", "oracle", "part"),
    [
        ({"kind": "log"}, np.log(X), "log"),
        ({"kind": "log1p"}, np.log1p(X), "log1p"),
        ({"kind": "sqrt"}, np.sqrt(X), "sqrt"),
        ({"kind": "power", "exponent": 2}, np.square(X), "^2"),
        ({"kind": "power", "exponent": -0.5}, 1 / np.sqrt(X), "^-0.5"),
    ],
    ids=str,
)
def test_a_column_is_numpys(entry, oracle, part):
    (column,) = columns_of(entry, X, {}, array_functions)
    assert column == pytest.approx(oracle, rel=1e-15)
    assert parts_of(entry) == [part]
    assert has_basis(entry)
    assert not has_basis({"kind": "numeric"})
