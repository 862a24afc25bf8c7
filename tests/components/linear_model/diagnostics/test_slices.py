"""Slices: their sums, and coefficients without them."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from components.linear_model.blocks import Block, Texts
from components.linear_model.diagnostics.seen import Lens
from components.linear_model.diagnostics.slices import MOST, Slices

Array = NDArray[np.float64]

RNG = np.random.default_rng(1)
ROWS = 400
REGION = RNG.integers(0, 3, ROWS).astype(np.int32)
KIND = RNG.integers(0, 2, ROWS).astype(np.int32)
X = np.column_stack([np.ones(ROWS), RNG.normal(size=ROWS), REGION == 1])
Y = X @ [1.0, 2.0, 0.5] + RNG.normal(size=ROWS) * (1 + REGION)
FITTED = sm.OLS(Y, X).fit()
ROOT = np.linalg.inv(np.linalg.qr(X)[1])
LENS = Lens("gaussian", FITTED.params, ROOT, FITTED.scale, FITTED.df_resid, 3, ROWS)


def _block(rows: slice, regions: tuple[str | None, ...] = ("a", None, "c\0")) -> Block:
    ones, count = np.ones(ROWS), np.zeros(ROWS, np.int64)
    texts = (Texts(REGION, regions), Texts(KIND, ("x", "y")))
    return Block(X, Y, ones, ones * 0, count, count.astype(np.uint64), slices=texts).take(rows)


def _collected(sets: list[tuple[int, ...]]) -> Slices:
    make = functools.partial(Slices, sets, 3)
    first, second = make(), make()
    first.add(LENS.see(_block(slice(0, 150))))
    second.add(LENS.see(_block(slice(150, ROWS))))
    loaded = make().load(second.arrays())
    first.merge(loaded)
    return make().load(first.arrays())


def test_coefficients_without_a_slice_are_those_of_the_other_rows() -> None:
    found = _collected([(1,), (0, 1)])
    told = found.told(0)
    assert told is not None
    assert [values for values, *_ in told] == [("x",), ("y",)] or [values for values, *_ in told] == [("y",), ("x",)]
    for (kind,), figures, moved, lost in told:
        mine = KIND == "xy".index(kind or "")
        residual = FITTED.resid[mine]
        np.testing.assert_allclose(figures, [mine.sum(), mine.sum(), residual.sum(), residual @ residual], atol=1e-10)
        expected = sm.OLS(Y[~mine], X[~mine]).fit().params
        np.testing.assert_allclose(FITTED.params - ROOT @ moved, expected, rtol=1e-10)
        assert lost.shape == (3, 0)
    together = found.told(1)
    assert together is not None
    assert {values for values, *_ in together} == {(region, kind) for region in ("a", None, "c\0") for kind in "xy"}


def test_a_slice_that_alone_determines_a_coefficient_loses_it() -> None:
    told = _collected([(0,)]).told(0)
    assert told is not None
    [(_, _, moved, lost)] = [entry for entry in told if entry[0] == (None,)]
    assert lost.shape == (3, 1)
    np.testing.assert_allclose(np.abs(ROOT @ lost)[:2], 0, atol=1e-9)  # the level's own coefficient, no other
    rest = REGION != 1
    expected = sm.OLS(Y[rest], X[rest][:, :2]).fit().params
    np.testing.assert_allclose((FITTED.params - ROOT @ moved)[:2], expected, rtol=1e-9)


@pytest.mark.parametrize("split", [1, 3])
def test_too_many_slices_are_not_told(split: int) -> None:
    texts = Texts(np.arange(ROWS, dtype=np.int32), tuple(map(str, range(ROWS))))
    ones, count = np.ones(ROWS), np.zeros(ROWS, np.int64)
    block = Block(X, Y, ones, ones * 0, count, count.astype(np.uint64), slices=(texts,))
    total = Slices([(0,)], 3)
    for part in np.array_split(np.arange(ROWS), split):
        own = Slices([(0,)], 3)
        own.add(LENS.see(block.take(part)))
        total.merge(own)
    assert ROWS > MOST
    assert total.told(0) is None
    assert Slices([(0,)], 3).load(total.arrays()).told(0) is None
