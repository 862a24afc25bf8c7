import numpy as np
import pytest

from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.factors import TriangularFactor
from components.linear_model.families import named
from components.linear_model.separation import no_maximum, separated_levels

DESIGN = DesignMatrix(
    (Term("x", "x", mean=2.0, std=3.0), Term("pay", "pay", levels=text_levels(["cash", "card", "cheque"])))
)


def levels_of(label, level, family, weights=None, bounded=()):
    x = np.zeros((len(label), 1 + DESIGN.width))
    x[:, 0], x[:, 1] = 1, np.linspace(-1, 1, len(label))
    x[np.arange(len(label)), 2 + np.asarray(level)] = 1
    factor = TriangularFactor(["(intercept)", *DESIGN.column_names], intercept=True).add(x, np.array(label), weights)
    counted = x if weights is None else x[weights > 0]
    present = np.count_nonzero(counted, axis=0).tolist()
    return separated_levels(DESIGN, factor.square(), present, named(family), bounded)


def test_levels_of_one_label_are_named_with_their_rows():
    generator = np.random.default_rng(0)
    level = np.repeat([0, 1, 2], [200, 31, 40])
    label = np.where(level == 1, 1.0, np.where(level == 2, 0.0, generator.integers(0, 2, 271)))
    assert levels_of(label, level, "binomial") == ["pay[card]: 31 rows, all 1", "pay[cheque]: 40 rows, all 0"]
    error = no_maximum(levels_of(label, level, "binomial"), named("binomial"))
    assert str(error).startswith(
        "the labels are separated by level: pay[card]: 31 rows, all 1; pay[cheque]: 40 rows, all 0. "
    )
    assert "model.l2" in str(error)
    assert "model.prior: log_f" in str(error)


def test_one_other_row_is_enough():
    level = np.repeat([0, 1], [300, 10_000])
    label = np.where(np.arange(10_300) % 2, 1.0, 0.0)
    label[level == 1] = 0.0
    label[-1] = 1.0
    assert levels_of(label, level, "binomial") == []


def test_counts_are_separated_by_levels_of_zeros_alone():
    level = np.repeat([0, 1, 2], 20)
    label = np.where(level == 0, 3.0, np.where(level == 1, 0.0, 1.0))
    assert levels_of(label, level, "poisson") == ["pay[card]: 20 rows, all 0"]
    assert levels_of(label, level, "tweedie(power=1.5)") == ["pay[card]: 20 rows, all 0"]
    assert levels_of(label + 1, level, "gamma") == []
    assert "log_f" not in str(no_maximum(["pay[card]: 20 rows, all 0"], named("poisson")))


def test_rows_of_weight_zero_say_nothing():
    level = np.repeat([0, 1], [50, 10])
    label = np.tile([0.0, 1.0], 30)
    weights = np.where((level == 1) & (label == 1), 0.0, np.random.default_rng(0).uniform(0.1, 9, 60))
    assert levels_of(label, level, "binomial", weights) == ["pay[card]: 5 rows, all 0"]


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_a_level_without_rows_separates_nothing(family):
    assert levels_of(np.tile([0.0, 1.0], 30), np.zeros(60, int), family) == []


def test_levels_that_bounds_may_hold_are_for_the_passes_to_find():
    level = np.repeat([0, 1], 20)
    label = np.where(level == 0, np.arange(40) % 2, 1.0)
    assert levels_of(label, level, "binomial", bounded=["x"]) == ["pay[card]: 20 rows, all 1"]
    assert levels_of(label, level, "binomial", bounded=["pay"]) == []
