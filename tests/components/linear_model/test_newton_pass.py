import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from components.linear_model.blocks import Block
from components.linear_model.families import named
from components.linear_model.newton_pass import HALVINGS, At, NewtonPass

FAMILIES = ("binomial", "binomial(link=probit)", "binomial(link=cloglog)", "poisson", "gamma", "tweedie(power=1.3)")
N, Q = 120, 3
GENERATOR = np.random.default_rng(4)
X = np.column_stack([np.ones(N), GENERATOR.normal(size=(N, Q - 1))])
ETA = X @ [0.2, 0.5, -0.4]
LABELS = {
    "binomial": (GENERATOR.random(N) < 1 / (1 + np.exp(-ETA))) * 1.0,
    "poisson": GENERATOR.poisson(np.exp(ETA)) * 1.0,
    "gamma": np.exp(ETA) * GENERATOR.gamma(2.0, 0.5, N),
    "tweedie": np.array([GENERATOR.gamma(2.0, 0.5, count).sum() for count in GENERATOR.poisson(np.exp(ETA))]),
}
WEIGHT = GENERATOR.uniform(0.5, 3, N)
OFFSET = GENERATOR.normal(size=N) / 3
BETA, STEP = np.array([0.1, 0.3, -0.2]), np.array([0.3, -0.1, 0.2])


def block(family, weight=WEIGHT):
    fold = np.arange(N) % 3
    return Block(X, LABELS[family.split("(")[0]], weight, OFFSET, fold, np.arange(N, dtype=np.uint64))


def some(rows, which):
    return rows.take(which)


def at(family, **changes):
    return dataclasses.replace(At(family, BETA, STEP, 0.1), **changes)


def unsigned(factor):
    """A triangular factor's rows have either sign."""
    return factor.T @ factor


def close(one, other, rel=1e-12):
    mine, its = one.arrays(), other.arrays()
    for name in mine:
        if name in ("factors", "expected"):
            shapes = (-1, *mine[name].shape[-2:])
            pairs = zip(mine[name].reshape(shapes), its[name].reshape(shapes), strict=True)
            for a, b in pairs:
                assert unsigned(a) == pytest.approx(unsigned(b), rel=rel, abs=1e-11)
        else:
            assert mine[name] == pytest.approx(its[name], rel=rel, abs=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_pass_collects_is_what_its_definition_says(family):
    rows, kind = block(family), named(family)
    found = NewtonPass(at(family)).add(rows)
    eta = X @ BETA + OFFSET
    curves = kind.curves(rows.label, eta)
    observed, score = X.T @ (X * (WEIGHT * curves.observed)[:, None]), X.T @ (WEIGHT * curves.score)
    factor = found.factor()
    assert unsigned(factor)[:-1, :-1] == pytest.approx(observed, rel=1e-12)
    assert unsigned(factor)[:-1, -1] == pytest.approx(score, rel=1e-10)
    expected = X.T @ (X * (WEIGHT * curves.expected)[:, None])
    assert unsigned(found.information()) == pytest.approx(expected, rel=1e-12)
    deviances = [WEIGHT @ kind.deviance(rows.label, X @ (BETA - (1 - t) * STEP) + OFFSET) for t in HALVINGS]
    assert found.deviances == pytest.approx(deviances, rel=1e-12)
    assert (found.deviance, found.weight) == (found.deviances[0], found.sums[1])
    assert found.sums[:2].tolist() == [N, pytest.approx(WEIGHT.sum(), rel=1e-14)]
    null = kind.curves(rows.label, 0.1 + OFFSET)
    of_null = [kind.deviance(rows.label, 0.1 + OFFSET), null.score, null.observed]
    assert found.null == pytest.approx([WEIGHT @ value for value in of_null], rel=1e-12)
    assert found.margin == pytest.approx(kind.margin(rows.label, X @ STEP).min(), rel=1e-14)
    assert found.reach == pytest.approx(np.abs(X @ STEP).max(), rel=1e-14)


@pytest.mark.parametrize(
    ("family", "law"),
    [
        ("binomial", stats.bernoulli),
        ("binomial(link=probit)", stats.bernoulli),
        ("binomial(link=cloglog)", stats.bernoulli),
        ("poisson", stats.poisson),
        ("gamma", lambda mean: stats.gamma(1.0, scale=mean)),
    ],
)
def test_pearson_s_statistic_is_of_the_law_s_own_variance(family, law):
    from components.linear_model import array_functions

    rows = block(family)
    mean = named(family).link.inverse(X @ BETA + OFFSET, array_functions)
    expected = WEIGHT @ ((rows.label - mean) ** 2 / law(mean).var())
    assert NewtonPass(at(family)).add(rows).sums[2] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
@given(seed=st.integers(0, 10_000), parts=st.integers(1, 6))
def test_any_split_and_any_order_of_merging_is_the_same(family, seed, parts):
    g, rows = np.random.default_rng(seed), block(family)
    where = at(family, folds=3)
    whole = NewtonPass(where).add(rows)
    passes = []
    for part in np.array_split(g.permutation(N), parts):
        cut = g.integers(0, len(part) + 1)
        passes.append(NewtonPass(where).add(some(rows, part[:cut])).add(some(rows, part[cut:])))
    while len(passes) > 1:
        mine = passes.pop(int(g.integers(len(passes))))
        passes[int(g.integers(len(passes)))].merge(mine)
    close(passes[0], whole)


def test_weights_are_repeated_rows_but_for_their_number():
    times = GENERATOR.integers(1, 5, N)
    rows = block("poisson", times * 1.0)
    repeated = some(block("poisson", np.ones(N)), np.repeat(np.arange(N), times))
    one, other = (NewtonPass(at("poisson")).add(some) for some in (rows, repeated))
    assert (one.sums[0], other.sums[0]) == (N, times.sum())
    one.sums[0] = other.sums[0]
    close(one, other)


def test_a_fold_s_factor_is_of_its_rows_alone():
    rows = block("binomial")
    found = NewtonPass(at("binomial", folds=3)).add(rows)
    for fold in range(3):
        alone = NewtonPass(at("binomial")).add(some(rows, rows.fold == fold))
        assert unsigned(found.factors[fold]) == pytest.approx(unsigned(alone.factor()), rel=1e-12, abs=1e-12)
    assert unsigned(found.factor()) == pytest.approx(unsigned(NewtonPass(at("binomial")).add(rows).factor()), rel=1e-12)


def test_arrays_and_back():
    rows = block("gamma")
    found = NewtonPass(at("gamma", folds=3)).add(some(rows, slice(0, 70)))
    again = NewtonPass(at("gamma", folds=3)).load({name: value.copy() for name, value in found.arrays().items()})
    close(again, found, rel=0)
    rest = NewtonPass(at("gamma", folds=3)).add(some(rows, slice(70, None)))
    close(again.merge(rest), NewtonPass(at("gamma", folds=3)).add(rows))


def test_the_last_pass_takes_no_deviance_on_the_way():
    found = NewtonPass(at("binomial", halve=False)).add(block("binomial"))
    assert found.deviances.shape == (1,)
    first = NewtonPass(at("binomial", step=np.zeros(Q))).add(block("binomial"))
    assert (first.margin, first.reach) == (np.inf, 0.0)
    assert first.deviance == found.deviance


def test_a_pass_of_no_rows_adds_nothing():
    rows = block("poisson")
    found = NewtonPass(at("poisson")).add(some(rows, slice(0, 0))).merge(NewtonPass(at("poisson")).add(rows))
    close(found, NewtonPass(at("poisson")).add(rows))


@pytest.mark.parametrize("family", FAMILIES[:4])
def test_a_row_far_out_does_not_spoil_the_others(family):
    """Its mean rounds to its label: it says nothing of the step, and Pearson's statistic has no 0/0."""
    far = 1.0 if family.startswith("binomial") else 0.0
    eta = 800.0 if far else -800.0
    row = Block(
        np.array([[1.0, 0.0, 0.0]]),
        np.array([far]),
        np.ones(1),
        np.array([eta]),
        np.zeros(1, int),
        np.zeros(1, np.uint64),
    )
    rows, where = block(family), at(family)
    close(NewtonPass(where).add(row).add(rows), _plus_one_row(NewtonPass(where).add(rows), row, where))


def _plus_one_row(found, row, where):
    """With what a row adds that fits without an error."""
    found.reach = max(found.reach, abs(float(row.x[0] @ where.step)))
    found.margin = min(found.margin, float(named(where.family).margin(row.label, row.x @ where.step)[0]))
    found.sums[:2] += 1
    return found
