import numpy as np
import pytest

from components.linear_model import counted, fit
from components.linear_model.blocks import Block
from components.linear_model.counted import Counted, is_worth_counting


def rows(n: int, levels: int, seed: int = 0) -> Block:
    generator = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), generator.integers(0, levels, (n, 2))]).astype(float)
    label = generator.integers(0, 2, n).astype(float)
    return Block(x, label, generator.uniform(1, 2, n), np.zeros(n), np.arange(n) % 5, np.arange(n, dtype=np.uint64))


def test_equal_rows_are_one_and_weigh_what_they_weigh_together():
    whole = rows(5000, 3)
    parts = [Counted(3).add(whole.take(slice(i, None, 4))) for i in range(4)]
    total = Counted(3)
    for part in reversed(parts):
        total.merge(part)
    found = Counted(3).load(total.arrays()).block()
    assert len(found.label) == 3 * 3 * 2 * 5
    assert found.weight.sum() == pytest.approx(whole.weight.sum())
    mine = (whole.x[:, 1] == 2) & (whole.x[:, 2] == 0) & (whole.label == 1) & (whole.fold == 4)
    its = (found.x[:, 1] == 2) & (found.x[:, 2] == 0) & (found.label == 1) & (found.fold == 4)
    assert found.weight[its].tolist() == pytest.approx([whole.weight[mine].sum()])


def test_too_many_different_rows_are_given_up(monkeypatch):
    monkeypatch.setattr(counted, "MOST_ROWS", 100)
    found = Counted(3).add(rows(5000, 40))
    assert found.block() is None
    assert Counted(3).load(found.arrays()).block() is None
    assert Counted(3).merge(found).block() is None


def test_it_is_worth_it_where_most_rows_have_their_like():
    assert is_worth_counting(rows(5000, 10))
    assert not is_worth_counting(rows(5000, 5000))


def test_a_fit_of_counted_rows_is_that_of_all_of_them(monkeypatch):
    generator = np.random.default_rng(1)
    levels = generator.integers(0, 4, (60_000, 3))
    x = np.column_stack([levels[:, i] == level for i in range(3) for level in (1, 2, 3)]).astype(float)
    y = generator.poisson(np.exp(x @ generator.normal(size=9) / 2)).astype(float)
    once = fit(x, y, family="poisson", folds=5)
    assert once.different_rows < 10_000
    monkeypatch.setattr("components.linear_model.likelihood.is_worth_counting", lambda sample: False)
    each = fit(x, y, family="poisson", folds=5)
    assert each.different_rows is None
    assert once.coefficients == pytest.approx(each.coefficients, rel=1e-12, abs=1e-12)
    assert once.standard_errors == pytest.approx(each.standard_errors, rel=1e-12)
    assert (once.rows, once.degrees_of_freedom) == (each.rows, each.degrees_of_freedom)
    assert once.cv_error == pytest.approx(each.cv_error, rel=1e-12)
