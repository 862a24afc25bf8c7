import math

import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from components.linear_model.families import FAMILIES
from components.model_gate.formulas import FORMULAS
from components.model_gate.sums import merge, no_sums, rows_of, sums_of

GAUSSIAN = FAMILIES["gaussian"]


def test_one_weight_for_all_and_no_weight_at_all():
    sums = sums_of(GAUSSIAN, rows_of([1.0, 3.0], [1.0, 1.0], 1.0))
    assert FORMULAS["mean_squared_error"](sums)[0] == 2.0
    nothing = sums_of(GAUSSIAN, rows_of([1.0, 3.0], [1.0, 1.0], [0.0, 0.0]))
    assert (nothing.rows, nothing.weight) == (2.0, 0.0)
    assert all(math.isnan(formula(nothing)[0]) for formula in FORMULAS.values())
    merged = merge(GAUSSIAN, nothing, sums)
    assert (merged.rows, FORMULAS["mean_label"](merged)[0]) == (4.0, 2.0)


def test_arrays_that_do_not_match_are_an_error():
    for label, prediction, weight in (([1.0] * 3, [1.0], 1.0), ([1.0] * 3, [1.0] * 3, [1.0] * 2)):
        with pytest.raises(ValueError, match="expected a label, a prediction and a weight a row; received 3, "):
            rows_of(label, prediction, weight)


def test_the_standard_error_of_the_mean_is_statsmodels():
    y = np.random.default_rng(2).normal(5, 2, 40)
    sums = sums_of(GAUSSIAN, rows_of(y, y, 1.0))
    assert FORMULAS["mean_label"](sums)[1] == pytest.approx(DescrStatsW(y).std_mean, rel=1e-12)
    assert FORMULAS["r_squared"](sums) == (1.0, 0.0)
    assert math.isnan(FORMULAS["mean_label"](sums_of(GAUSSIAN, rows_of([1.0], [1.0], 1.0)))[1])


@pytest.mark.parametrize(
    ("family", "label"), [("poisson", 0.0), ("binomial", 0.0), ("binomial", 1.0), ("tweedie", 0.0)]
)
def test_a_part_whose_labels_all_lie_on_the_border_is_merged(family, label):
    """The deviance has no derivative there: a batch without a positive, or of zeros alone."""
    of = FAMILIES[family]
    others = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    prediction = np.full(5, 0.4)
    part = sums_of(of, rows_of(np.full(5, label), prediction, 1.0))
    for a, b in ((part, sums_of(of, rows_of(others, prediction, 1.0))), (part, part)):
        merged = merge(of, a, b)
        both = np.concatenate([np.full(5, label), others if a is not b else np.full(5, label)])
        whole = sums_of(of, rows_of(both, np.full(10, 0.4), 1.0))
        np.testing.assert_allclose(merged.totals, whole.totals, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(merged.products, whole.products, rtol=1e-12, atol=1e-12)
    assert merge(of, no_sums(), no_sums()).weight == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_means_that_hardly_differ_are_merged_without_loss(family):
    generator = np.random.default_rng(0)
    label = generator.integers(0, 2, 4000).astype(float) if family == "binomial" else generator.poisson(50, 4000) + 1.0
    other = np.concatenate([label[1:], label[:1]])
    if family != "binomial":
        other = other + 1e-7
    prediction = np.linspace(0.2, 0.8, 4000) * (1 if family == "binomial" else 100)
    of = FAMILIES[family]
    merged = merge(of, *(sums_of(of, rows_of(part, prediction, 1.0)) for part in (label, other)))
    whole = sums_of(of, rows_of(np.concatenate([label, other]), np.concatenate([prediction, prediction]), 1.0))
    for name in ("deviance_explained", "mean_deviance", "mean_label"):
        assert FORMULAS[name](merged) == pytest.approx(FORMULAS[name](whole), rel=1e-8)
