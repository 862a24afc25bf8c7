import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.graph.report.bins import BINS, counted, edges_of, inner, onto, pooled

COUNTS = st.lists(st.integers(0, 12), min_size=1, max_size=12)


def edges(values, whole=False):
    tenth, ninetieth = np.quantile(values, [0.1, 0.9])
    return edges_of(tenth, ninetieth, min(values), max(values), whole)


def test_edges_are_round_and_reach_over_the_inner_rows():
    values = np.random.default_rng(1).lognormal(2, 1, 5000)
    found = edges(values)
    width = found[1] - found[0]
    assert float(f"{width:.6g}") in {times * 10.0**power for power in range(-6, 6) for times in (1, 2, 5)}
    assert np.allclose(np.diff(found), width)
    assert np.allclose(np.round(np.array(found) / width), np.array(found) / width)
    low, high = np.quantile(values, [0.1, 0.9])
    assert found[0] <= low < high <= found[-1]
    assert BINS / 3 < len(found) < BINS + 3
    assert found[-1] < values.max(), "the far values are in the open bin"


@pytest.mark.parametrize("shift", [0.0, -1e9, 1e15])
def test_edges_of_numbers_far_from_0_rise(shift):
    found = edges(shift + np.arange(100.0))
    assert all(one < other for one, other in itertools.pairwise(found))


def test_whole_numbers_are_not_parted():
    found = edges(np.array([0, 1, 2, 3, 4, 4, 4, 5]), whole=True)
    assert found == [float(number) for number in range(7)]


def test_one_value_has_no_edges():
    assert edges_of(5, 5, 5, 5) == []
    assert edges_of(0, math.inf, 0, math.inf) == []


def test_counts_are_numpys():
    values = np.random.default_rng(2).normal(size=1000)
    ends = [-1.0, 0.0, 0.5]
    expected, _ = np.histogram(values, [-np.inf, *ends, np.inf])
    assert counted(values, ends).tolist() == expected.tolist()
    assert counted(np.array([-1.0, 0.5]), ends).tolist() == [0, 1, 0, 1], "an edge begins its bin"


@given(COUNTS, st.integers(1, 6))
def test_no_pooled_count_is_of_a_few_rows(counts, fewest):
    ends = [float(place) for place in range(len(counts) - 1)]
    left, found = pooled(ends, counts, fewest)
    assert set(left) <= set(ends)
    assert found == onto(ends, counts, left)
    assert len(found) == len(left) + 1
    assert left == [] or all(count == 0 or count >= fewest for count in found)


def test_bins_without_rows_stay_apart_and_a_rest_joins_those_before():
    assert pooled([1.0, 2.0], [9, 0, 9], 5) == ([1.0, 2.0], [9, 0, 9])
    assert pooled([1.0, 2.0], [9, 0, 3], 5) == ([], [12])
    assert pooled([1.0, 2.0], [3, 4, 6], 5) == ([2.0], [7, 6])


def test_what_is_drawn_has_as_many_rows():
    assert inner([1.0, 2.0, 4.0], [0, 5, 6, 7]) == ([1.0, 2.0, 4.0, 6.0], [5, 6, 7])
    assert inner([1.0, 2.0, 4.0], [3, 5, 6, 0]) == ([0.0, 1.0, 2.0, 4.0], [3, 5, 6])
    assert inner([1.0], [3, 5]) == ([], [])


@given(COUNTS)
def test_onto_some_edges_no_row_is_lost(counts):
    ends = list(range(len(counts) - 1))
    assert onto(ends, counts, ends) == counts
    assert onto(ends, counts, []) == [sum(counts)]
    assert sum(onto(ends, counts, ends[::2])) == sum(counts)
