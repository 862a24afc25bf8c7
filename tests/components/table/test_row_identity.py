from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from components.table.row_identity import (
    ROW_BITS,
    draw,
    file_code,
    folds,
    group_folds,
    identities,
    places,
    split_stream,
)


@given(st.integers(1, 60), st.integers(0, 400), st.integers(0, 10**9), st.integers(0, 5))
def test_each_block_of_consecutive_rows_has_each_number_once(size, blocks, code, stream):
    rows = identities(code % (1 << 28), np.arange(size * blocks))
    numbers = draw(rows, size, stream).reshape(blocks, size)
    assert (np.sort(numbers, axis=1) == np.arange(size)).all()


@given(st.integers(1, 20), st.randoms())
def test_a_rows_number_depends_on_nothing_but_its_identity(size, random):
    rows = np.concatenate([identities(code, np.arange(60)) for code in (3, 4)])
    order = random.sample(range(len(rows)), 70)
    assert draw(rows[order], size, 2).tolist() == draw(rows, size, 2)[order].tolist()


def test_numbers_are_uniform_and_independent_of_place_block_file_and_stream():
    """Chi-squared tests; a p-value below 1e-4 in one of six would be bad luck indeed."""
    rows = identities(file_code("trips"), np.arange(100_000))
    numbers = draw(rows, 5, split_stream(0))
    other = {
        "place": np.arange(100_000) % 5,
        "next block": np.roll(numbers, -5),
        "the block after the next": np.roll(numbers, -10),
        "file": draw(identities(file_code("trips2"), np.arange(100_000)), 5, split_stream(0)),
        "seed": draw(rows, 5, split_stream(1)),
        "fold": folds(rows, 5),
    }
    for what, found in other.items():
        table = np.zeros((5, 5))
        np.add.at(table, (numbers, found), 1)
        assert stats.chi2_contingency(table).pvalue > 1e-4, what


def test_a_table_of_twelve_distinct_rows_is_split_by_chance():
    """An A/B test of 20,000 rows: shares and rates are equal on both sides, in every fold too."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        label = rng.random(20_000) < 0.11
        rows = identities(file_code(f"ab{seed}"), np.arange(20_000))
        held_out = draw(rows, 5, split_stream(seed)) == 4
        assert held_out.mean() == 0.2
        table = [[np.sum(label & side), np.sum(~label & side)] for side in (held_out, ~held_out)]
        assert stats.chi2_contingency(table).pvalue > 1e-3
        sizes = np.bincount(folds(rows[~held_out], 5))
        assert abs(sizes / 3200 - 1).max() < 0.03


def test_groups_stay_in_one_fold():
    groups = np.random.default_rng(1).integers(0, 500, 5000)
    fold = group_folds(groups, 4)
    assert all(len(set(fold[groups == group])) == 1 for group in range(500))
    assert np.bincount(fold).min() > 1000


def test_a_file_of_too_many_rows_is_refused():
    with pytest.raises(
        ValueError, match=r"a file may have 34,359,738,368 rows; received row 34,359,738,368\. Cut the file\."
    ):
        identities(1, np.array([1 << ROW_BITS]))


def test_identities_of_different_files_differ():
    ends = np.array([0, (1 << ROW_BITS) - 1])
    found = np.concatenate([identities(code, ends) for code in (0, 1, (1 << 28) - 1)])
    assert len(set(found.tolist())) == 6
    assert (found >= 0).all()


def test_rows_are_named_by_file_and_number():
    files = {
        "trips-01.csv": file_code("trips-01"),
        "2024/trips.csv.gz": file_code("2024/trips"),
        "a.csv": 9,
        "b.csv": 9,
    }
    rows = np.concatenate([identities(code, np.array([16, 2_000_000])) for code in [*files.values()][:3]])
    assert places(rows, files) == [
        "trips-01.csv, row 17",
        "trips-01.csv, row 2000001",
        "2024/trips.csv.gz, row 17",
        "2024/trips.csv.gz, row 2000001",
        "a.csv or b.csv, row 17",
        "a.csv or b.csv, row 2000001",
    ]
    assert places(np.array([5]), {}) == ["file 0, row 6"]
    assert places(identities((1 << 28) - 1, np.array([(1 << ROW_BITS) - 1])), {"z.csv": (1 << 28) - 1}) == [
        f"z.csv, row {1 << ROW_BITS}"
    ]
