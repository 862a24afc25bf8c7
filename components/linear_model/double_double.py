"""Double-double arithmetic on numpy arrays: a number is an unevaluated sum hi + lo of two float64, about 31 digits.

Source: Dekker 1971 (split, product), Knuth (two-sum), Hida, Li, Bailey 2001 (sums and products of pairs).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pair = tuple[Array, Array]

_SPLITTER = 134217729.0  # 2²⁷ + 1


def pair(value: Any) -> Pair:
    """A float64 array as a pair."""
    hi = np.asarray(value, np.float64)
    return hi, np.zeros_like(hi)


def _fast_two_sum(a: Array, b: Array) -> Pair:
    total = a + b
    return total, b - (total - a)


def _two_sum(a: Array, b: Array) -> Pair:
    total = a + b
    other = total - a
    return total, (a - (total - other)) + (b - other)


def _split(a: Array) -> Pair:
    big = _SPLITTER * a
    hi = big - (big - a)
    return hi, a - hi


def two_product(a: Array, b: Array) -> Pair:
    """The exact product of float64 arrays."""
    product = a * b
    a_hi, a_lo = _split(a)
    b_hi, b_lo = _split(b)
    return product, ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo


def add(a: Pair, b: Pair) -> Pair:
    """a + b, elementwise."""
    hi, lo = _two_sum(a[0], b[0])
    tail, rest = _two_sum(a[1], b[1])
    hi, lo = _fast_two_sum(hi, lo + tail)
    return _fast_two_sum(hi, lo + rest)


def subtract(a: Pair, b: Pair) -> Pair:
    """a − b, elementwise."""
    return add(a, (-b[0], -b[1]))


def scale(a: Pair, factor: Array) -> Pair:
    """A pair times a float64 array, elementwise."""
    hi, lo = two_product(a[0], factor)
    return _fast_two_sum(hi, lo + a[1] * factor)


def multiply(a: Pair, b: Pair) -> Pair:
    """a·b, elementwise."""
    hi, lo = two_product(a[0], b[0])
    return _fast_two_sum(hi, lo + (a[0] * b[1] + a[1] * b[0]))


def total(a: Pair) -> Pair:
    """Sum over the first axis, by halves."""
    hi, lo = a
    if not len(hi):
        return pair(np.zeros(hi.shape[1:]))
    while len(hi) > 1:
        if len(hi) % 2:
            zero = np.zeros((1, *hi.shape[1:]))
            hi, lo = np.concatenate([hi, zero]), np.concatenate([lo, zero])
        hi, lo = add((hi[0::2], lo[0::2]), (hi[1::2], lo[1::2]))
    return hi[0], lo[0]


def matmul(a: Array, b: Pair) -> Pair:
    """A float64 matrix [n, k] times a pair [k] or [k, m]."""
    return matmul_pair(pair(a), b)


def matmul_pair(a: Pair, b: Pair) -> Pair:
    """A pair [n, k] times a pair [k] or [k, m]."""
    rows, inner = a[0].shape
    b_hi, b_lo = b[0].reshape(inner, -1), b[1].reshape(inner, -1)
    result = pair(np.zeros((rows, b_hi.shape[1])))
    for k in range(inner):
        column = a[0][:, k, None], a[1][:, k, None]
        result = add(result, multiply(column, (b_hi[k][None, :], b_lo[k][None, :])))
    shape = (rows, *b[0].shape[1:])
    return result[0].reshape(shape), result[1].reshape(shape)


def invert_triangular(factor: Array) -> Pair:
    """The inverse of an upper triangular float64 matrix [p, p], to double-double accuracy (Newton's iteration)."""
    from scipy.linalg import solve_triangular

    identity = np.eye(len(factor))
    first = np.triu(solve_triangular(factor, identity))
    inverse = pair(first)
    for _ in range(3):
        residual = subtract(pair(identity), matmul(factor, inverse))
        inverse = add(inverse, matmul(first, residual))
    return inverse
