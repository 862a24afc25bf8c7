import numpy as np
import pytest
from scipy.spatial import distance

from pipeline.graph.report.bins import counted
from pipeline.graph.report.distributions import Distribution, Spread
from pipeline.graph.report.drift import Side, drifts, jensen_shannon

EDGES = np.linspace(-2, 2, 17).tolist()


def numbers(values, missing=0, column="x", edges=EDGES):
    rows = len(values) + missing
    spread = Spread(
        rows=rows,
        missing=missing,
        missing_share=missing / rows,
        mean=float(np.mean(values)),
        deviation=float(np.std(values)),
    )
    return Side(
        Distribution(
            column=column,
            role="feature",
            kind="numbers",
            spreads={"train": spread},
            edges={"train": edges},
            counts={"train": counted(np.asarray(values), edges).tolist()},
        ),
        "train",
    )


def texts(counts, other=0, missing=0, column="c"):
    rows = sum(counts.values()) + other + missing
    spread = Spread(rows=rows, missing=missing, missing_share=missing / rows)
    of = {"train": [*counts.values(), other]}
    return Side(
        Distribution(
            column=column, role="feature", kind="texts", spreads={"train": spread}, levels=list(counts), counts=of
        ),
        "train",
    )


def test_the_divergence_is_scipys():
    generator = np.random.default_rng(3)
    for _ in range(20):
        p, q = generator.dirichlet(np.ones(8), 2)
        p[0] = 0
        p /= p.sum()
        assert jensen_shannon(p, q) == pytest.approx(distance.jensenshannon(p, q, base=2) ** 2, rel=1e-12)
    assert jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == pytest.approx(1.0)


def test_rows_drawn_alike_seldom_drift():
    generator = np.random.default_rng(4)
    beyond = 0
    for _ in range(300):
        pairs = [(numbers(generator.normal(size=800)), numbers(generator.normal(size=3000))) for _ in range(2)]
        levels = [
            dict(zip("abc", generator.multinomial(rows, [0.5, 0.3, 0.2]).tolist(), strict=True)) for rows in (800, 3000)
        ]
        found = drifts([*pairs, (texts(levels[0]), texts(levels[1]))])
        beyond += any(one.distance > one.chance for one in found)
    assert beyond <= 3, "a false alarm in a thousand"


def test_the_bound_of_a_divergence_is_that_of_chance():
    """Of rows drawn alike, the median of the divergence is χ²'s by the same factor as the bound's quantile."""
    from scipy import stats

    generator = np.random.default_rng(5)
    found = [
        drifts([(numbers(generator.normal(size=2000)), numbers(generator.normal(size=5000)))])[0] for _ in range(400)
    ]
    factor = found[0].chance / stats.chi2.isf(1e-3, 17)
    assert np.median([one.distance for one in found]) == pytest.approx(factor * stats.chi2.median(17), rel=0.08)


def test_a_mean_that_moved_is_told_in_deviations():
    generator = np.random.default_rng(6)
    one, other = generator.normal(0.5, 1, 2000), generator.normal(0, 2, 5000)
    [found] = drifts([(numbers(one), numbers(other))])
    assert found.shift == pytest.approx((one.mean() - other.mean()) / other.std(), rel=1e-12)
    assert found.noteworthy
    assert (found.rows, found.before) == (2000, 5000)


def test_a_small_shift_of_very_many_rows_is_not_worth_a_word():
    generator = np.random.default_rng(7)
    [found] = drifts([(numbers(generator.normal(0.03, 1, 400_000)), numbers(generator.normal(size=400_000)))])
    assert found.distance > found.chance / 10
    assert not found.noteworthy


def test_missing_values_are_a_share_of_their_own():
    values = np.random.default_rng(8).normal(size=1000)
    [found] = drifts([(numbers(values, missing=500), numbers(values))])
    assert found.noteworthy
    [found] = drifts([(texts({"a": 500}, missing=500), texts({"a": 1000}))])
    assert (found.distance, found.noteworthy) == (0.5, True)


def test_the_level_that_moved_most_is_named():
    [found] = drifts([(texts({"a": 400, "b": 450, "c": 150}), texts({"b": 350, "a": 600, "d": 50}))])
    assert (found.where, round(found.distance, 12)) == ("a", 0.2), "c and d are other texts to both"
    assert found.shift is None


def test_edges_that_differ_are_compared_where_they_agree():
    values = np.random.default_rng(9).normal(size=2000)
    [found] = drifts([(numbers(values), numbers(values, edges=[-2.0, -1.0, 0.0, 1.0, 2.0]))])
    assert found.distance == 0


def test_what_can_not_be_compared_is_passed_over():
    assert drifts([(texts({"a": 5}), numbers([1.0, 2.0]))]) == []
    none = Distribution(
        column="x", role="feature", kind="numbers", spreads={"train": Spread(rows=0, missing=0, missing_share=0.0)}
    )
    [found] = drifts([(Side(none, "train"), numbers([1.0, 2.0]))])
    assert (found.distance, found.shift, found.noteworthy) == (None, None, False)


def test_those_that_moved_come_first():
    values = np.random.default_rng(10).normal(size=2000)
    found = drifts(
        [(numbers(values, column="same"), numbers(values)), (numbers(values + 1, column="moved"), numbers(values))]
    )
    assert [one.column for one in found] == ["moved", "same"]
