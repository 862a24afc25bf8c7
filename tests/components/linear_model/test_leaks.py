import numpy as np
import pytest

from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.factors import TriangularFactor
from components.linear_model.leaks import find_leaks

GENERATOR = np.random.default_rng(8)
ROWS = 2_000
MILES, RIDERS = GENERATOR.uniform(0, 9, ROWS), GENERATOR.poisson(40, ROWS)
FLAG = GENERATOR.integers(0, 2, ROWS)
CITY = GENERATOR.integers(0, 4, ROWS)
CLICKED = (GENERATOR.random(ROWS) < 0.1).astype(float)
FARE = 1e3 + 3 * MILES + 2 * (CITY == 1) + GENERATOR.normal(size=ROWS)
DESIGN = DesignMatrix(
    (
        Term("miles", "miles", mean=4.5, std=2.6),
        Term("flag", "flag", mean=0.3, std=0.5),
        Term("city", "city", levels=text_levels("abcd")[:5]),
    )
)


def leaks(label, name="fare", miles=MILES, flag=FLAG, city=CITY, folds=5, weights=None):
    """As the pipeline has them, from factors of 32-bit floats; the adjusted R² is numpy's."""
    columns = {"miles": np.float32((miles - 4.5) / 2.6), "flag": np.float32((flag - 0.3) / 0.5), "city": city}
    matrix = np.column_stack([np.ones(ROWS), DESIGN.dense(columns)])
    label, fold = np.float32(label).astype(float), GENERATOR.permutation(ROWS) % folds
    names = [str(index) for index in range(matrix.shape[1])]
    factors = [
        TriangularFactor(names, intercept=True).add(
            matrix[fold == k], label[fold == k], None if weights is None else weights[fold == k]
        )
        for k in range(folds)
    ]
    fitted = matrix @ np.linalg.lstsq(matrix, label, rcond=1e-6)[0]
    squared = 1 - np.var(label - fitted) / np.var(label) if np.ptp(label) else float("nan")
    return find_leaks(DESIGN, np.array([factor.square() for factor in factors]), ROWS, name, squared)


@pytest.mark.parametrize("weights", [None, GENERATOR.uniform(0.5, 2, ROWS)])
def test_an_honest_table_has_none(weights):
    assert leaks(FARE, weights=weights) == []
    assert leaks(CLICKED, weights=weights) == []
    assert leaks(RIDERS, weights=weights) == []


def test_a_feature_that_alone_explains_the_label():
    [line] = leaks(FARE, miles=FARE - 995 + 0.3 * GENERATOR.normal(size=ROWS))
    assert line.startswith("a leak? miles alone explains 99.8")
    assert line.endswith(" % of fare's variance: is it known before the label is?")


def test_a_feature_with_a_level_for_nearly_each_row_is_none():
    design = DesignMatrix((Term("id", "id", levels=text_levels([str(index) for index in range(60)])[:60]),))
    few = np.sort(FARE[:61])
    matrix = np.column_stack(
        [np.ones(61), design.dense({"id": np.arange(61) % 60})]
    )  # two rows of one level, far apart
    factor = TriangularFactor([str(index) for index in range(61)]).add(matrix, few)
    assert find_leaks(design, np.array([factor.square()]), 61, "fare", 0.5) == []


def test_features_that_add_up_to_the_label():
    lines = leaks(3 * MILES + 20 * (CITY == 1))
    assert lines == ["a leak? the features together explain 100 % of fare's variance: is one of them made from it?"]


def test_a_level_and_a_flag_that_decide_the_label():
    label = np.where(CITY == 2, 0.0, FARE - 995)
    assert leaks(label) == [
        "a leak? fare seems to be 0 in all training rows of city[c], and varies elsewhere: is it known before the label is?"
    ]
    cured = (CLICKED == 0) & (GENERATOR.random(ROWS) < 0.3)
    assert leaks(CLICKED, "clicked", flag=cured) == [
        "a leak? clicked seems to be 0 in all training rows of flag = 1, and varies elsewhere: is it known before the label is?"
    ]
    assert leaks(1 - CLICKED, "kept", flag=~cured, weights=np.full(ROWS, 0.25)) == [
        "a leak? kept seems to be 1 in all training rows of flag = 0, and varies elsewhere: is it known before the label is?"
    ]


def test_a_small_level_of_a_common_label_is_chance():
    city = np.where((CLICKED == 0) & (np.cumsum(CLICKED == 0) <= 12), 3, np.minimum(CITY, 2))
    assert np.ptp(CLICKED[city == 3]) == 0
    assert leaks(CLICKED, city=city) == []


def test_equal_rates_in_all_folds_decide_no_0_1_label():
    """A designed experiment: 4 of 5 in every fold of one city, 1 of 20 elsewhere."""
    design = DesignMatrix((Term("city", "city", levels=text_levels("ab")[:2]),))
    factors = []
    for _ in range(5):
        city, clicked = np.repeat([0, 1], [5, 100]), np.r_[[1, 1, 1, 1, 0], np.arange(100) % 20 == 0].astype(float)
        matrix = np.column_stack([np.ones(105), design.dense({"city": city})])
        factors.append(TriangularFactor(["1", "a", "b"]).add(matrix, clicked).square())
    assert find_leaks(design, np.array(factors), 525, "clicked", 0.5) == []


def test_a_constant_label_and_a_level_without_rows_are_none():
    assert leaks(np.full(ROWS, 0.1)) == []
    assert leaks(FARE, city=np.zeros(ROWS, int), folds=2) == []
