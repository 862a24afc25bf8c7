import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import spearmanr

from components.table.files import Chunk
from pipeline.cli.init.leaks import is_function_of_label, is_time, rank_correlation, sampled, sums_to_label
from pipeline.cli.init.profile import Place, Profile

RANDOM = np.random.default_rng(3)


@pytest.mark.parametrize("digits", [0, 1, 9])
def test_the_rank_correlation_is_scipys(digits):
    x = RANDOM.normal(size=200).round(digits)
    y = (x + RANDOM.normal(size=200)).round(digits)
    assert rank_correlation(x, y) == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)
    gaps = np.where(np.arange(200) % 3 == 0, np.nan, x)
    assert rank_correlation(gaps, y) == pytest.approx(spearmanr(gaps, y, nan_policy="omit").statistic, abs=1e-12)


def test_few_pairs_and_constants_say_nothing():
    assert rank_correlation(np.arange(9.0), np.arange(9.0)) == 0
    assert rank_correlation(np.zeros(50), np.arange(50.0)) == 0


def test_level_logarithm_complement_and_share_are_functions_of_the_label():
    y = RANDOM.random(500) + 0.1
    for x in (y, np.log(y), -np.log(y), 1 - y, y**2, (100 * y).round(1)):
        assert is_function_of_label(x, y)
    assert not is_function_of_label(y + 0.05 * RANDOM.normal(size=500), y)


def test_two_trends_of_one_series_are_no_functions_of_each_other_but_a_level_and_its_logarithm_are():
    years = np.arange(100.0)
    income = np.exp(0.03 * years + 0.003 * RANDOM.normal(size=100))
    consumption = 0.6 * income + 0.01 * years
    assert rank_correlation(income, consumption) > 0.999
    assert not is_function_of_label(consumption, income)
    assert not is_function_of_label(years**2, income)
    assert is_function_of_label(np.log(income).round(7), income)


@pytest.mark.parametrize(
    ("name", "expected"), [("year", True), ("t", True), ("quarter_2", True), ("tenure", False), ("rate", False)]
)
def test_names_that_tell_the_time(name, expected):
    assert is_time(name) is expected


def test_two_levels_are_compared_as_0_and_1():
    column = pa.array(["approved", "rejected", None, "approved"])
    profile = Profile("decision")
    profile.add(column, lambda row: Place(Chunk("t.parquet", 0, None), row, 1))
    np.testing.assert_array_equal(sampled([column], profile), [1, 0, np.nan, 1])


def test_two_columns_that_make_up_the_label_are_found():
    a, b, c = RANDOM.integers(0, 1000, (3, 300)).astype(float)
    gaps = np.where(np.arange(300) % 7 == 0, np.nan, b)
    assert sums_to_label({"a": a, "c": c, "b": gaps}, a + b) == [("a", "b")]
    assert sums_to_label({"a": a, "b": b, "c": c}, b - a) == [("a", "b")]
    assert sums_to_label({"a": a / 100, "b": b / 100}, (a - b) / 100) == [("a", "b")]
    assert sums_to_label({"a": a, "b": b}, a + b + c) == []
    ones = RANDOM.integers(0, 2, (2, 300)).astype(float)
    assert sums_to_label({"p": ones[0], "q": 1 - ones[0]}, np.ones(300)) == []
    assert sums_to_label({"p": np.full(300, np.nan), "a": a}, a) == []
