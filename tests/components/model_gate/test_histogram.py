import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from components.model_gate.histogram import BINS, auc, auc_precision_recall, histogram, merge, tenths


def drawn(n, shift=0.0, spread=1.0, seed=0):
    """Labels, 32-bit probabilities, weights."""
    generator = np.random.default_rng(seed)
    probability = (1 / (1 + np.exp(-shift - spread * generator.normal(size=n)))).astype(np.float32)
    return (
        (generator.random(n) < probability).astype(float),
        probability.astype(float),
        generator.integers(1, 4, n).astype(float),
    )


# Usual ones; all probabilities below 0.01; a model that tells next to nothing; nearly all rows positive; steep.
@pytest.mark.parametrize(("shift", "spread"), [(0, 1), (-7, 0.6), (-4, 0.01), (6, 0.5), (2, 4)])
def test_areas_lie_within_their_bracket_of_scikit_learns(shift, spread):
    label, probability, weight = drawn(150_000, shift, spread)
    found = histogram(label, probability, weight, classes=True)
    assert found.halvings > 0, "more predictions than bins"
    assert BINS / 2 <= len(found.bins) <= BINS
    area, bracket = auc(found), auc(found).bracket
    assert abs(area.value - roc_auc_score(label, probability, sample_weight=weight)) <= bracket < 1e-4
    precise = auc_precision_recall(found)
    assert abs(precise.value - average_precision_score(label, probability, sample_weight=weight)) <= precise.bracket


def test_up_to_so_many_different_predictions_areas_are_exact():
    label, probability, weight = drawn(20_000)
    found = histogram(label, probability, weight, classes=True)
    assert (auc(found).bracket, auc_precision_recall(found).bracket) == (0, 0)
    assert auc(found).value == pytest.approx(roc_auc_score(label, probability, sample_weight=weight), rel=1e-12)
    assert auc_precision_recall(found).value == pytest.approx(
        average_precision_score(label, probability, sample_weight=weight), rel=1e-12
    )


def test_bins_do_not_depend_on_how_rows_are_parted():
    label, probability, weight = drawn(120_000)
    whole = histogram(label, probability, weight, classes=True)
    for size, order in ((997, 1), (50_000, -1)):
        parts = [
            histogram(label[i : i + size], probability[i : i + size], weight[i : i + size], classes=True)
            for i in range(0, len(label), size)
        ][::order]
        found = merge([merge(parts[:3]), merge(parts[3:])])
        assert found.halvings == whole.halvings
        np.testing.assert_array_equal(found.bins, whole.bins)
        np.testing.assert_allclose(found.sums, whole.sums, rtol=1e-12)
    assert len(merge([]).bins) == 0


def test_delongs_standard_error_by_its_definition():
    """The structural components, pair by pair."""
    label, probability, _ = drawn(400)
    ones, zeros = probability[label == 1], probability[label == 0]
    kernel = (ones[:, None] > zeros) + 0.5 * (ones[:, None] == zeros)
    variance = kernel.mean(axis=1).var(ddof=1) / len(ones) + kernel.mean(axis=0).var(ddof=1) / len(zeros)
    found = auc(histogram(label, probability, np.ones(400), classes=True))
    assert found.value == pytest.approx(kernel.mean(), rel=1e-12)
    assert found.error == pytest.approx(math.sqrt(variance), rel=1e-12)


def test_perfect_and_one_sided_predictions():
    label = np.array([0.0, 0.0, 1.0, 1.0])
    perfect = auc(histogram(label, label, np.ones(4), classes=True))
    assert (perfect.value, math.isnan(perfect.error)) == (1.0, True)
    assert auc(histogram(label, np.full(4, 0.3), np.ones(4), classes=True)).value == 0.5
    assert math.isnan(auc(histogram(np.ones(4), label, np.ones(4), classes=True)).value)
    assert math.isnan(auc_precision_recall(histogram(np.zeros(4), label, np.ones(4), classes=True)).value)


@pytest.mark.parametrize("classes", [True, False])
def test_bins_ascend_with_the_prediction(classes):
    values = np.array([-3.0, -1e-30, 0.0, 1e-38, 0.1, 0.5, np.nextafter(np.float32(0.5), np.float32(1)), 0.9, 1.0, 3e8])
    found = histogram(np.zeros(10), values, np.ones(10), classes)
    assert len(found.bins) == 10
    np.testing.assert_allclose(found.sums[3], values)


def test_tenths():
    prediction = np.repeat(np.arange(1.0, 21.0), 50)
    label = prediction * 2
    table = tenths(histogram(label, prediction, np.ones(1000), classes=False))
    assert [rows for rows, _, _ in table] == [100] * 10
    assert [mean for _, mean, _ in table] == [1.5 + 2 * tenth for tenth in range(10)]
    assert [mean for _, _, mean in table] == [3 + 4 * tenth for tenth in range(10)]
    weighted = tenths(histogram(label, prediction, prediction, classes=False))
    assert sum(rows for rows, _, _ in weighted) == 1000
    assert weighted[0][1] == pytest.approx(np.average(prediction[:300], weights=prediction[:300]))
    assert tenths(histogram(np.zeros(0), np.zeros(0), np.zeros(0), classes=False)) == []
    same = tenths(histogram(label, np.full(1000, 2.0), np.ones(1000), classes=False))
    assert same == [(1000, 2.0, pytest.approx(21.0))]
