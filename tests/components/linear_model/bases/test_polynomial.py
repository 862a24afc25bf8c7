"""Powers, and orthonormal ones against those of a QR decomposition, which is how R's `poly` makes them."""

from __future__ import annotations

import numpy as np
import pytest

from components.linear_model import array_functions
from components.linear_model.bases import columns_of, parts_of

X = np.random.default_rng(3).gamma(2.0, 5.0, 300)


def test_powers_are_the_numbers_own():
    entry = {"kind": "polynomial", "degree": 3, "orthogonal": False}
    found = columns_of(entry, X, {}, array_functions)
    assert np.stack(found, axis=1) == pytest.approx(np.vander(X, 4, increasing=True)[:, 1:], rel=1e-14)
    assert parts_of(entry) == ["^1", "^2", "^3"]


def test_orthogonal_ones_are_those_of_a_qr_decomposition():
    centre, spread = X.mean(), X.std()
    powers = np.vander((X - centre) / spread, 5, increasing=True)
    basis = np.linalg.inv(np.linalg.cholesky(powers.T @ powers / len(X)))
    entry = {"kind": "polynomial", "degree": 4, "orthogonal": True}
    learned = {"centre": centre, "spread": spread, "basis": basis}
    found = np.stack(columns_of(entry, X, learned, array_functions), axis=1)
    q, r = np.linalg.qr(np.vander(X, 5, increasing=True))
    oracle = q * np.sign(np.diag(r)) * np.sqrt(len(X))
    assert found == pytest.approx(oracle[:, 1:], abs=1e-8)
