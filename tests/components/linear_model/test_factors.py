from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.errors import DataError
from components.linear_model.factors import TriangularFactor, from_arrays, inverted, stacked, to_arrays, triangle

GENERATOR = np.random.default_rng(7)
X = GENERATOR.normal(size=(60, 4)) * np.array([1e-3, 1.0, 1e4, 5.0])
Y = X @ np.array([1e3, -2.0, 1e-4, 0.5]) + GENERATOR.normal(size=60)
NAMES = ["a", "b", "c", "d"]


def equal(factor, expected):
    """R is unique up to the signs of its rows, so its Gram matrix is compared, columns brought to norm 1."""
    ours, other = factor.square(), expected.square()
    norms = np.linalg.norm(other, axis=0)
    ours, other = ours / norms, other / norms
    return np.allclose(ours.T @ ours, other.T @ other, rtol=0, atol=1e-13)


WHOLE = TriangularFactor(NAMES).add(X, Y)


def test_the_factor_is_that_of_the_whole_matrix():
    r = np.linalg.qr(np.column_stack([X, Y]), mode="r")
    assert np.allclose(np.abs(WHOLE.factor), np.abs(r), rtol=1e-12)
    assert (WHOLE.rows, WHOLE.weight) == (60, 60.0)


def with_intercept(x, y, weights=None):
    names = ["(intercept)", *NAMES]
    return TriangularFactor(names, intercept=True).add(np.column_stack([np.ones(len(y)), x]), y, weights)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 60), max_size=12), st.randoms(), st.integers(1, 9), st.booleans())
def test_any_blocks_and_any_merge_order_give_the_same(cuts, random, block_rows, intercept):
    edges = [0, *sorted(cuts), 60]
    names, x = (["(intercept)", *NAMES], np.column_stack([np.ones(60), X])) if intercept else (NAMES, X)
    parts = [TriangularFactor(names, block_rows, intercept=intercept).add(x[a:b], Y[a:b]) for a, b in pairwise(edges)]
    random.shuffle(parts)
    while len(parts) > 1:
        one = parts.pop(random.randrange(len(parts)))
        parts[random.randrange(len(parts))].merge(one)
    assert parts[0].rows == 60
    assert equal(parts[0], TriangularFactor(names).add(x, Y))


def test_with_an_intercept_what_is_far_from_0_keeps_its_digits():
    far = with_intercept(X + 1e9, Y, np.full(60, 2.0)).merge(with_intercept(X + 1e9, Y, np.full(60, 2.0)))
    near = with_intercept(X + (X + 1e9 - 1e9 - X), Y)  # what the addition rounds away is no fault of the factor
    assert equal_below(far, near, scale=2.0)
    plain = TriangularFactor(far.names).add(np.column_stack([np.ones(60), X + 1e9]), Y)
    assert not equal_below(plain, near, scale=1.0)


def equal_below(factor, expected, scale):
    """The same for the centred problem: all rows of R but the first."""
    ours, other = factor.square()[1:, 1:] / scale, expected.square()[1:, 1:]
    norms = np.linalg.norm(other, axis=0)
    return np.allclose((ours / norms).T @ (ours / norms), (other / norms).T @ (other / norms), rtol=0, atol=1e-12)


def test_arrays_give_the_factors_back():
    factors = [with_intercept(X[:3], Y[:3]), with_intercept(X + 5, Y)]
    for again, factor in zip(from_arrays(factors[0].names, to_arrays(factors)), factors, strict=True):
        assert (again.rows, again.weight) == (factor.rows, factor.weight)
        assert np.array_equal(again.square(), factor.square())


def test_merging_an_empty_factor_changes_nothing():
    merged = TriangularFactor(NAMES).merge(TriangularFactor(NAMES)).merge(WHOLE)
    assert equal(merged, WHOLE)


def slopes(factor):
    square = factor.square()[1:, 1:]
    return np.linalg.solve(square[:4, :4], square[:4, -1])


def test_an_outlier_of_little_weight_that_comes_first_moves_no_digit():
    """Alone in the first block, and so in the first accumulator of a merge."""
    x = np.concatenate([np.full((1, 4), 1e9), X])
    y = np.concatenate([[Y[0]], Y])
    w = np.concatenate([[1e-6], np.ones(60)])
    alone, rest = with_intercept(x[:1], y[:1], w[:1]), with_intercept(x[1:], y[1:], w[1:])
    last = with_intercept(x[::-1], y[::-1], w[::-1])
    for factor in (
        with_intercept(x[:1], y[:1], w[:1]).add(np.column_stack([np.ones(60), X]), Y, w[1:]),
        alone.copy().merge(rest),
        rest.copy().merge(alone),
    ):
        assert np.array_equal(factor.origin, rest.origin)
        assert slopes(factor) == pytest.approx(slopes(last), rel=1e-10)


def test_the_origin_is_a_weighted_median():
    weights = np.where(np.arange(60) == 5, 1e3, 1.0)
    assert with_intercept(X, Y, weights).origin.tolist() == [0.0, *X[5], Y[5]]


def test_an_empty_first_fold_keeps_no_origin_at_zero():
    empty = TriangularFactor(["(intercept)", *NAMES], intercept=True)
    again, other = from_arrays(empty.names, to_arrays([empty, with_intercept(X + 1e9, Y)]))
    merged = again.copy().merge(other)
    assert np.array_equal(merged.origin, other.origin)
    assert equal_below(merged, other, scale=1.0)


def test_an_integer_weight_is_that_many_rows():
    weights = np.arange(60) % 4
    weighted = TriangularFactor(NAMES).add(X, Y, weights)
    assert equal(weighted, TriangularFactor(NAMES).add(np.repeat(X, weights, axis=0), np.repeat(Y, weights)))
    assert (weighted.rows, weighted.weight) == (45, float(weights.sum()))


def test_what_is_not_finite_is_named():
    wrong = X.copy()
    wrong[3, 2] = np.inf
    with pytest.raises(
        DataError, match=r"column c of the design matrix: expected finite numbers; received inf\. Impute or drop it\."
    ):
        TriangularFactor(NAMES).add(wrong, Y)
    with pytest.raises(DataError, match="the label: expected finite numbers; received nan"):
        TriangularFactor(NAMES).add(X, np.full(60, np.nan))
    with pytest.raises(DataError, match=r"weights: expected finite numbers of at least 0; received -1\.0"):
        TriangularFactor(NAMES).add(X, Y, np.full(60, -1.0))


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"x must be \[n, 4\] and y \[n\]"):
        TriangularFactor(NAMES).add(X, Y[:, None])
    with pytest.raises(ValueError, match="factors of other columns"):
        TriangularFactor(NAMES).merge(TriangularFactor(["a"]))


@pytest.mark.parametrize("parts", [1, 3])
def test_the_sum_of_the_weights_logarithms_is_kept_through_merges_places_and_files(parts):
    weights = np.where(np.arange(60) % 7 == 0, 0.0, GENERATOR.uniform(0.5, 3.0, 60))
    expected = np.log(weights[weights > 0]).sum()
    found = with_intercept(X[:0], Y[:0])
    for index in range(parts):
        found.merge(with_intercept(X[index::parts], Y[index::parts], weights[index::parts]))
    wide = ["(intercept)", *NAMES, "e"]
    [again] = from_arrays(wide, to_arrays([found.aligned(wide, [0, 1, 2, 3, 4])]))
    assert (found.log_weight, again.log_weight) == (pytest.approx(expected), found.log_weight)
    assert with_intercept(X, Y).log_weight == 0.0


@pytest.mark.parametrize("shape", [(0, 3), (3, 3), (900, 3), (4, 9), (400, 300), (300, 400)])
def test_a_triangle_is_numpys_up_to_signs(shape):
    matrix = np.random.default_rng(1).normal(size=shape)
    found = triangle(matrix)
    assert np.allclose(np.abs(found), np.abs(np.linalg.qr(matrix, mode="r")), rtol=1e-9, atol=1e-12)
    assert np.array_equal(found, np.triu(found))
    assert np.array_equal(triangle(found), found)


@pytest.mark.parametrize("rows", [0, 1, 299, 300, 5_000])
@pytest.mark.parametrize("width", [1, 5, 300])
@pytest.mark.parametrize("upper", [False, True])
def test_a_factor_over_more_rows_is_that_of_both(rows, width, upper):
    generator = np.random.default_rng(2)
    factor, below = np.triu(generator.normal(size=(width, width))), generator.normal(size=(rows, width))
    below = np.triu(below) if upper else below
    before = factor.copy(), below.copy()
    expected = np.linalg.qr(np.concatenate([factor, below]), mode="r")
    assert np.allclose(np.abs(stacked(factor, below)), np.abs(expected), rtol=1e-8, atol=1e-12)
    assert np.array_equal(factor, before[0])
    assert np.array_equal(below, before[1])


@pytest.mark.parametrize("width", [0, 1, 7, 300])
def test_the_inverse_of_a_triangle(width):
    factor = np.triu(np.random.default_rng(3).uniform(0.5, 1.0, (width, width))) + 4 * np.eye(width)
    assert np.allclose(inverted(factor) @ factor, np.eye(width), atol=1e-12)


def test_the_intercepts_ones_may_be_left_out():
    expected = with_intercept(X, Y, np.arange(60) % 3 + 1.0)
    found = TriangularFactor(expected.names, intercept=True).add(X, Y, np.arange(60) % 3 + 1.0)
    assert np.array_equal(found.square(), expected.square())
    wrong = np.where(np.arange(4) == 0, np.nan, X)
    with pytest.raises(DataError, match="column a of the design matrix"):
        TriangularFactor(expected.names, intercept=True).add(wrong, Y)
