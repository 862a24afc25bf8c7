"""The columns of ordered levels against R's printed values and patsy."""

from __future__ import annotations

import numpy as np
import patsy
import pytest

from components.linear_model.contrasts import level_columns

R_FIVE = [  # print(contr.poly(5), digits = 7)
    [-0.6324555, 0.5345225, -3.162278e-01, 0.1195229],
    [-0.3162278, -0.2672612, 6.324555e-01, -0.4780914],
    [0.0, -0.5345225, 0.0, 0.7171372],
    [0.3162278, -0.2672612, -6.324555e-01, -0.4780914],
    [0.6324555, 0.5345225, 3.162278e-01, 0.1195229],
]


def columns(count, contrasts):
    return level_columns({"levels": [str(level) for level in range(count)], "contrasts": contrasts})


def test_five_levels_have_rs_polynomials():
    assert columns(5, "polynomial")[:5] == pytest.approx(np.array(R_FIVE), abs=5e-8)


@pytest.mark.parametrize("count", [2, 3, 4, 7, 12])
def test_polynomials_are_patsys(count):
    levels = list(range(count))
    expected = patsy.contrasts.Poly().code_without_intercept(levels).matrix
    assert columns(count, "polynomial")[:count] == pytest.approx(expected, abs=1e-9)


def test_polynomials_of_many_levels_are_orthonormal():
    own = columns(50, "polynomial")[:50]
    assert own.T @ own == pytest.approx(np.eye(49), abs=1e-12)
    assert own.sum(axis=0) == pytest.approx(np.zeros(49), abs=1e-12)


def test_a_steps_coefficient_is_the_difference_to_the_level_before():
    means = np.array([2.0, 5.0, 4.0, 9.0])
    levels = np.repeat(np.arange(4), 3)
    matrix = np.column_stack([np.ones(12), columns(4, "steps")[levels]])
    found = np.linalg.lstsq(matrix, means[levels], rcond=None)[0]
    assert found == pytest.approx([2.0, 3.0, -1.0, 5.0])


@pytest.mark.parametrize("contrasts", ["polynomial", "steps"])
def test_what_is_none_of_the_levels_has_the_mean_of_their_effects(contrasts):
    own = columns(6, contrasts)
    assert own[6] == pytest.approx(own[:6].mean(axis=0), abs=1e-12)
