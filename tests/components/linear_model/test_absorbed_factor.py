"""A factor with a feature's levels eliminated stands for the same rows as one with their columns."""

import dataclasses

import numpy as np
import pytest

from components.errors import DataError
from components.linear_model.absorbed_factor import (
    ABSORBED_FROM,
    AbsorbedFactor,
    Levels,
    absorbed_levels,
    from_arrays,
    to_arrays,
)
from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.families import named
from tests.components.absorbed_fits import Table


def same(found, expected):
    """Whether two factors with all columns have equal products of columns."""
    mine, its = found.square(), expected.square()
    products = its.T @ its
    sizes = np.sqrt(np.diag(products))
    sizes[sizes == 0] = 1.0
    assert (mine.T @ mine - products) / np.outer(sizes, sizes) == pytest.approx(np.zeros_like(products), abs=1e-13)
    assert (found.rows, found.names) == (expected.rows, expected.names)
    assert (found.weight, found.log_weight) == pytest.approx((expected.weight, expected.log_weight), rel=1e-13)


@pytest.mark.parametrize("weights", [False, True])
def test_parts_that_merge_are_what_all_rows_give(weights):
    table = Table.drawn(500, 60, weights=weights)
    for mine, its in zip(table.gathered(True).parts, table.gathered(False).parts, strict=True):
        same(mine.dense(), its)


def test_scaled_and_less_a_column_as_with_all_columns():
    table = Table.drawn(500, 60)
    mine, its = table.gathered(True), table.gathered(False)
    offset = 1 + 1 + 62  # b
    for found, expected in zip(mine.scaled(), its.scaled(), strict=True):
        same(found.dense(), expected)
        same(found.less([1, offset]).dense(), expected.less([1, offset]))
        assert found.column_sums() == pytest.approx((expected.square()[0, 0] * expected.square()[0])[:-1], abs=1e-9)


def test_other_rows_with_other_levels_merge():
    table = Table.drawn(600, 60)
    first, second = table.take(slice(0, 300)), table.take(slice(300, 600))
    second = dataclasses.replace(second, city=second.city % 40, cities=40)  # of fewer cities
    merged = [of.gathered(True).merge(other.gathered(True)) for of, other in ((first, second), (second, first))]
    expected = first.gathered(False).merge(second.gathered(False))
    assert merged[0].present == expected.present
    for found in merged:
        assert found.levels.key == "city"
        for mine, its in zip(found.parts, expected.parts, strict=True):
            assert np.sum(mine.dense().square()[:, -1] ** 2) == pytest.approx(
                np.sum(its.square()[:, -1] ** 2), rel=1e-12
            )
    same(merged[0].parts[0].dense(), expected.parts[0])
    mixed = first.gathered(True).merge(second.gathered(False))  # one kind with the other
    assert mixed.levels is None
    same(mixed.parts[0], expected.parts[0])


def test_an_outlier_that_comes_first_costs_no_digits():
    levels = Levels("g", 1, 3)
    names = ["(intercept)", "g[a]", "g[b]", "g[c]", "x"]
    draw = np.random.default_rng(0)
    x, g = draw.normal(size=(1000, 1)), draw.integers(0, 3, 1000)
    y = 2 * x[:, 0] + g
    outlier = AbsorbedFactor(names, levels).add(np.array([0]), np.array([[1e12]]), np.array([0.0]))
    rest = AbsorbedFactor(names, levels).add(g, x, y)
    merged = outlier.merge(rest)
    assert abs(merged.origin[0]) < 1
    by_level = merged.by_rows()[1:, 1]
    assert by_level == pytest.approx([x[g == 1].mean(), x[g == 2].mean()], abs=1e-14)


def test_arrays_round_trip():
    parts = Table.drawn(300, 50).gathered(True).parts
    for mine, its in zip(parts, from_arrays(parts[0].names, "city", to_arrays(parts)), strict=True):
        assert mine.levels == its.levels
        assert mine.dense().square() == pytest.approx(its.dense().square(), abs=1e-12)


@pytest.mark.parametrize(
    "x, y, weight, words",
    [
        ([[np.nan]], [1.0], None, "column x of the design matrix: expected finite"),
        ([[1.0]], [np.inf], None, "the label: expected finite"),
        ([[1.0]], [1.0], [-1.0], "weights: expected finite numbers of at least 0"),
    ],
)
def test_values_that_are_none_are_refused(x, y, weight, words):
    factor = AbsorbedFactor(["(intercept)", "g[a]", "x"], Levels("g", 1, 1))
    with pytest.raises(DataError, match=words):
        factor.add(np.array([0]), np.array(x), np.array(y), weight and np.array(weight))


def test_factors_of_other_columns_do_not_merge():
    with pytest.raises(ValueError, match="other columns"):
        AbsorbedFactor(["(intercept)", "g[a]"], Levels("g", 1, 1)).merge(
            AbsorbedFactor(["(intercept)", "h[a]"], Levels("h", 1, 1))
        )


def test_what_is_eliminated_is_the_feature_with_the_most_levels_of_least_squares():
    def design(*counts):
        return DesignMatrix(
            tuple(
                Term(f"f{index}", f"f{index}", levels=text_levels([f"l{level}" for level in range(count)]))
                for index, count in enumerate(counts)
            )
        )

    assert absorbed_levels(design(10, ABSORBED_FROM, 400), named("gaussian")) == Levels(
        "f2", 1 + 12 + ABSORBED_FROM + 2, 402
    )
    assert absorbed_levels(design(10, ABSORBED_FROM - 3), named("gaussian")) is None
    assert absorbed_levels(design(10, ABSORBED_FROM), named("binomial")) is None
    assert absorbed_levels(DesignMatrix(()), named("gaussian")) is None
