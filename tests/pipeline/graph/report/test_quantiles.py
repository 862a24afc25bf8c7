import itertools

import numpy as np
import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from pipeline.graph.report.quantiles import Quantiles


def statistics(values, number=10):
    """As TensorFlow Data Validation has a column's quantiles."""
    found = statistics_pb2.FeatureNameStatistics()
    histogram = found.num_stats.histograms.add(type=statistics_pb2.Histogram.QUANTILES)
    ends = np.quantile(values, np.linspace(0, 1, number + 1))
    for low, high in itertools.pairwise(ends):
        histogram.buckets.add(low_value=low, high_value=high, sample_count=len(values) / number)
    return found


def test_the_inner_share_is_between_quantiles():
    values = np.random.default_rng(0).exponential(size=10_000)
    found = Quantiles.of(statistics(values), None, None, clip=False)
    assert found.inner(0.8) == pytest.approx(tuple(np.quantile(values, [0.1, 0.9])))
    edges = np.quantile(values, [0.1, 0.3, 0.9])
    assert found.shares(edges) == pytest.approx([0.2, 0.6])


def test_numbers_that_are_not_valid_are_no_part_of_it():
    values = np.linspace(0, 100, 1001)
    found = Quantiles.of(statistics(values), 50.0, None, clip=False)
    assert found.inner(0.8) == pytest.approx((55.0, 95.0))
    assert found.shares(np.array([50.0, 75.0, 100.0])) == pytest.approx([0.5, 0.5])
    clipped = Quantiles.of(statistics(values), 50.0, 80.0, clip=True)
    assert clipped.inner(0.8) == pytest.approx((50.0, 80.0))


def test_where_most_rows_have_one_value_it_reaches_about_the_mean_within_what_is_known():
    values = np.concatenate([np.zeros(950), np.linspace(1, 2, 50)])
    found = Quantiles.of(statistics(values), None, None, clip=False)
    low, high = found.inner(0.8)
    assert low == high == 0.0
    low, high = found.about_mean(1.28)
    assert low == 0.0
    assert 0.0 < high < 2.0


def test_rows_on_the_first_edge_are_in_the_first_cell():
    found = Quantiles.of(statistics(np.repeat([0.0, 1.0], [450, 550])), None, None, clip=False)
    assert found.shares(np.array([0.0, 0.5, 1.0])) == pytest.approx([0.45, 0.55])


@pytest.mark.parametrize("limits", [(200.0, None), (None, -1.0)])
def test_no_valid_number_has_no_distribution(limits):
    assert Quantiles.of(None, None, None, clip=False) is None
    assert Quantiles.of(statistics(np.arange(100.0)), *limits, clip=False) is None
