import numpy as np
import pytest

import components.linear_model.sample as module
from components.linear_model.blocks import Block, scattered
from components.linear_model.sample import Sample


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 30)


def rows(n=1_000, seed=0, ones=0.1):
    g = np.random.default_rng(seed)
    label = (g.random(n) < ones) * 1.0
    return Block(
        np.column_stack([np.ones(n), np.arange(n)]),
        label,
        g.uniform(0.5, 2, n),
        g.normal(size=n),
        np.arange(n) % 5,
        scattered(np.arange(n)),
    )


def of(block, order=None, sizes=(100,)):
    """A sample of rows that come in some order and in blocks of some sizes."""
    order = np.arange(len(block.label)) if order is None else order
    sample, begin, index = Sample(2), 0, 0
    while begin < len(order):
        end = begin + sizes[index % len(sizes)]
        sample.add(block.take(order[begin:end]))
        begin, index = end, index + 1
    return sample


def same(one, other):
    mine, its = one.arrays(), other.arrays()
    return set(mine) == set(its) and all(np.array_equal(mine[name], its[name]) for name in mine)


@pytest.mark.parametrize("seed", range(5))
def test_neither_order_nor_blocks_nor_parts_change_it(seed):
    block, g = rows(), np.random.default_rng(seed)
    whole = of(block)
    order = g.permutation(1_000)
    assert same(whole, of(block, order, tuple(g.integers(1, 400, 7))))
    cut = int(g.integers(1, 999))
    parts = [of(block.take(some)) for some in (order[:cut], order[cut:])]
    assert same(whole, parts[0].merge(parts[1]))


def test_the_least_draws_of_each_class_are_kept():
    block = rows()
    sample = of(block)
    zeros, others = np.flatnonzero(block.label == 0), np.flatnonzero(block.label != 0)
    assert sample.seen.tolist() == [len(zeros), len(others)]
    expected = [some[np.argsort(block.draw[some])[:30]] for some in (zeros, others)]
    kept = sample.rows()
    assert set(kept.x[:, 1]) == set(np.concatenate(expected))
    assert (np.diff(kept.draw.astype(object)) > 0).all()
    assert not sample.whole


def test_weights_say_how_many_rows_each_stands_for():
    block = rows()
    sample = of(block)
    weighted = sample.weighted()
    for value, seen in zip((weighted.label == 0, weighted.label != 0), sample.seen, strict=True):
        at = weighted.x[value, 1].astype(int)
        assert weighted.weight[value] == pytest.approx(block.weight[at] * seen / 30, rel=1e-15)


def test_a_small_table_is_whole():
    block = rows(40, ones=0.5)
    sample = of(block)
    assert sample.whole
    assert len(sample.rows().label) == 40
    assert sample.weighted().weight.sum() == pytest.approx(block.weight.sum(), rel=1e-15)


def test_no_rows_of_a_class():
    sample = of(rows(50, ones=0.0))
    assert sample.seen.tolist() == [50, 0]
    assert len(sample.weighted().label) == 30


def test_many_columns_bound_the_rows(monkeypatch):
    monkeypatch.setattr(module, "MOST_NUMBERS", 40)
    assert len(of(rows()).rows().label) == 40  # twice the 20 rows of 2 columns
    monkeypatch.setattr(module, "MOST_NUMBERS", 1)
    assert len(of(rows()).rows().label) == 20  # ten a class at least


def test_arrays_and_back():
    sample = of(rows())
    again = Sample(2).load(sample.arrays())
    assert same(sample, again)
    assert not again.whole
    assert same(of(rows(seed=0)).merge(of(rows(300, 9))), again.merge(of(rows(300, 9))))
