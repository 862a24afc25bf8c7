import numpy as np
import pytest

from components.linear_model.blocks import Block
from components.linear_model.bounded import Bounds
from components.linear_model.bounded_start import start_within
from components.linear_model.sample import Sample

G = np.random.default_rng(6)
X = np.column_stack([np.ones(500), G.normal(size=(500, 2))])
Y = G.poisson(np.exp(X[:, 1])) * 1.0
BOUNDS = Bounds.simple(np.array([-np.inf, 20.0, -np.inf]), np.array([np.inf, np.inf, 0.0]))


@pytest.fixture
def sample():
    ones = np.ones(500)
    rows = Block(X, Y, ones, 0 * ones, np.zeros(500, np.int64), np.arange(500).astype(np.uint64))
    return Sample(3).add(rows)


def test_the_mean_is_the_labels_again(sample):
    beta = start_within(BOUNDS, np.array([0.0, 1.0, 2.0]), sample, "poisson", True)
    assert beta[1:].tolist() == [20.0, 0.0]
    assert np.log(np.exp(X @ beta).mean() / Y.mean()) == pytest.approx(0.0, abs=0.1)


def test_what_is_within_stays(sample):
    within = np.array([7.0, 21.0, -1.0])
    assert start_within(BOUNDS, within, sample, "poisson", True).tolist() == within.tolist()
    assert start_within(BOUNDS, np.array([0.0, 1.0, 2.0]), sample, "poisson", False).tolist() == [0.0, 20.0, 0.0]
