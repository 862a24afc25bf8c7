import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from components.linear_model.blocks import Block
from components.linear_model.threshold import REACH, ScorePass, best_eta


def block(eta, label, weight, fold):
    n = len(eta)
    return Block(np.column_stack([np.ones(n), eta]), label, weight, np.zeros(n), fold, np.arange(n, dtype=np.uint64))


@pytest.fixture
def rows():
    generator = np.random.default_rng(0)
    eta = generator.normal(-2, 2, 3000)
    label = (generator.random(3000) < 1 / (1 + np.exp(-eta))).astype(float)
    return block(eta, label, generator.uniform(0.5, 2, 3000), np.arange(3000) % 3)


BETAS = np.array([[0.0, 1.0], [0.5, 1.0], [0.0, 0.5]])


@pytest.mark.parametrize(("metric", "score"), [("f1", f1_score), ("accuracy", accuracy_score)])
def test_no_other_threshold_is_better_by_scikit_learn(rows, metric, score):
    counts = ScorePass(BETAS).add(rows).counts
    assert counts.sum() == pytest.approx(rows.weight.sum())
    eta = (BETAS[rows.fold] * rows.x).sum(axis=1)

    def at(threshold):
        return score(rows.label, eta >= threshold, sample_weight=rows.weight)

    best = at(best_eta(counts, metric))
    assert best == pytest.approx(max(at(threshold) for threshold in np.linspace(-6, 6, 601)), abs=2e-3)
    assert best > at(2.0)


def test_parts_of_the_rows_merge_in_any_order(rows):
    half = len(rows.label) // 2
    first, second = (rows.take(part) for part in (slice(half), slice(half, None)))
    merged = ScorePass(BETAS).add(second).merge(ScorePass(BETAS).add(first))
    whole = ScorePass(BETAS).add(rows)
    assert merged.counts == pytest.approx(whole.counts)
    assert ScorePass(BETAS).load(merged.arrays()).counts is merged.counts


def test_scores_beyond_the_reach_are_in_the_outer_bins():
    far = block(np.array([-900.0, 900.0]), np.array([0.0, 1.0]), np.ones(2), np.zeros(2, np.int64))
    counts = ScorePass(BETAS[:1]).add(far).counts
    assert (counts[0, 0], counts[1, -1]) == (1.0, 1.0)
    assert abs(best_eta(counts, "f1")) < REACH
