import dataclasses
import json

import numpy as np
import pytest

from components.linear_model.bounded import NONE, Bounds
from components.linear_model.bounded_fit import Bounded, Held

INF = np.inf
# Levels at 2, 3 and 4, each at most the one before; a number at 6.
BOUNDS = Bounds(
    np.array([-INF] * 5 + [0.5]), np.array([INF, INF, 0.0, 0.0, 0.0, 0.5]), np.array([NONE, NONE, NONE, 2, 3, NONE])
)
PLACES = [0, 1, 2, 3, 4, 6]
FOUND = Bounded.of(BOUNDS, PLACES, np.array([1.0, 2.0, -3.0, -3.0, -3.0, 0.5]), 1e-16)


def test_what_is_on_a_bound_is_told_with_what_it_equals():
    assert FOUND.held == [Held(3, "max", 2), Held(4, "max", 2), Held(6, "fixed")]
    assert (FOUND.constrained, FOUND.columns, FOUND.free(PLACES)) == (4, [3, 4, 6], [0, 1, 2])
    with_reference = Bounded.of(BOUNDS, PLACES, np.array([1.0, 2.0, 0.0, 0.0, -1.0, 0.5]), 0.0)
    assert with_reference.held == [Held(2, "max"), Held(3, "max"), Held(6, "fixed")]


def test_all_coefficients_follow_from_the_free_ones():
    merging = FOUND.merging(7)
    assert (merging @ np.array([1.0, 2.0, -3.0, 9.0, 9.0, 4.0, 9.0])).tolist() == [1.0, 2.0, -3.0, -3.0, -3.0, 4.0, 0.0]


def test_a_covariance_is_filled_by_that_of_the_equal_coefficient():
    root = np.random.default_rng(0).normal(size=(7, 7))
    whole = root @ root.T
    left = FOUND.without(whole)
    assert np.isnan(left[[3, 4, 6]]).all() and np.isnan(left[:, [3, 4, 6]]).all()
    assert np.array_equal(left[:3, :3], whole[:3, :3])
    filled = FOUND.filled(left)
    assert filled[3, 4] == filled[4, 4] == filled[2, 3] == whole[2, 2]
    assert filled[3, 1] == filled[1, 4] == pytest.approx(whole[1, 2])
    assert not filled[6].any() and filled[5, 5] == whole[5, 5]


def test_it_is_plain_json_and_back():
    assert Bounded.from_json(json.loads(json.dumps(dataclasses.asdict(FOUND)))) == FOUND
