from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from components.linear_model import double_double as dd

NUMBER = st.floats(-1e8, 1e8).filter(lambda v: v == 0 or abs(v) > 1e-8)


def exact(pair):
    return Fraction(float(pair[0])) + Fraction(float(pair[1]))


@given(NUMBER, NUMBER)
def test_a_product_is_exact(a, b):
    assert exact(dd.two_product(np.float64(a), np.float64(b))) == Fraction(a) * Fraction(b)


@given(st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=40))
def test_a_scalar_product_has_some_thirty_digits(rows):
    a, b = (np.array(column) for column in zip(*rows, strict=True))
    found = exact(dd.total(dd.two_product(a, b)))
    products = [Fraction(x) * Fraction(y) for x, y in rows]
    assert abs(found - sum(products)) <= sum(map(abs, products)) * Fraction(1, 10**29)


def test_matrix_products_and_inverse_against_rationals():
    generator = np.random.default_rng(3)
    triangle = np.triu(generator.normal(size=(6, 6))) + 3 * np.eye(6)
    inverse = dd.invert_triangular(triangle)
    product = dd.matmul(triangle, inverse)
    for i in range(6):
        for j in range(6):
            assert abs(exact((product[0][i, j], product[1][i, j])) - (i == j)) < Fraction(1, 10**28)
    vector = generator.normal(size=6)
    expected = sum(Fraction(triangle[0, k]) * Fraction(vector[k]) for k in range(6))
    found = dd.matmul(triangle, dd.pair(vector))
    assert abs(exact((found[0][0], found[1][0])) - expected) < Fraction(1, 10**28)


def test_an_empty_sum_is_zero():
    assert dd.total(dd.pair(np.zeros((0, 2))))[0].tolist() == [0.0, 0.0]
