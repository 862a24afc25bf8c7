import pickle

import numpy as np
import pytest

from components.linear_model.families import FAMILIES
from tests.components.model_gate.cases import THRESHOLD, expected, rows

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def totals(family, label, prediction, weight, size=10**9):
    """Of all rows, so many added at once, and parts of five merged as workers send them."""
    from components.model_gate.metrics import Totals

    whole, part = Totals(family), Totals(family)
    for index, start in enumerate(range(0, len(label), size)):
        taken = slice(start, start + size)
        part.add(label[taken], prediction[taken], weight[taken] if len(weight) > 1 else weight)
        if index % 5 == 4:
            whole.merge(pickle.loads(pickle.dumps(part.compact())))  # noqa: S301
            part = Totals(family)
    whole.merge(part)
    return whole


@pytest.mark.parametrize("size", [1, 7, 3000])
@pytest.mark.parametrize("family", FAMILIES)
def test_all_metrics_of_a_family_equal_scikit_learns_in_any_grouping(family, size):
    label, prediction, weight = rows(family, 600 if size == 1 else 3000)
    found = totals(family, label, prediction, weight, size)
    names = FAMILIES[family].metric_names
    assert {name: found.metric(name)[0] for name in names} == pytest.approx(
        expected(family, label, prediction, weight), rel=1e-6
    )
    assert found.metric("example_count")[0] == len(label)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_standard_errors_equal_the_bootstraps_and_do_not_depend_on_the_grouping(family, weighted):
    label, prediction, weight = rows(family, 2000, seed=1)
    weight = weight if weighted else np.ones(1)
    whole, parts = totals(family, label, prediction, weight), totals(family, label, prediction, weight, 137)
    draws = [
        totals(family, label[drawn], prediction[drawn], weight[drawn] if weighted else weight)
        for drawn in np.random.default_rng(2).integers(0, len(label), (500, len(label)))
    ]
    for name in FAMILIES[family].metric_names:
        error = whole.metric(name)[1]
        assert parts.metric(name)[1] == pytest.approx(error, rel=1e-6, nan_ok=True)
        if name == "auc_precision_recall":
            assert np.isnan(error), "none is known that is honest"
        else:
            assert error == pytest.approx(np.std([drawn.metric(name)[0] for drawn in draws]), rel=0.15), name


def test_classes_of_a_model_that_has_none_are_not_told():
    """A live model of least squares, beside a candidate of classes."""
    label, prediction, weight = rows("binomial")
    found = totals("binomial", label, prediction[:, 0], weight)
    assert {name for name in FAMILIES["binomial"].metric_names if np.isnan(found.metric(name)[0])} == {
        *("accuracy", "precision", "recall", "f1")
    }
    assert found.tables().confusion is None


def test_probabilities_of_0_and_1_are_clipped_as_scikit_learn_clips_32_bit_ones():
    label = np.array([0.0, 1.0, 1.0, 0.0])
    mean = np.array([0.0, 1.0, 0.0, 0.25], np.float32)
    prediction = np.column_stack([mean, mean >= THRESHOLD])
    found = totals("binomial", label, prediction, np.ones(1))
    from sklearn.metrics import log_loss

    assert found.metric("log_loss")[0] == pytest.approx(log_loss(label, mean), rel=1e-6)


def test_rows_of_one_class_tell_what_they_can():
    _, prediction, weight = rows("binomial", 50)
    found = totals("binomial", np.zeros(50), prediction, weight, 7)
    for name in ("auc", "auc_precision_recall", "deviance_explained", "recall", "calibration"):
        assert np.isnan(found.metric(name)[0]), name
    assert found.metric("accuracy")[0] == pytest.approx(np.average(prediction[:, 1] == 0, weights=weight))
    assert found.tables().brackets == {"auc": None, "auc_precision_recall": None}


def test_the_tables():
    from sklearn.metrics import confusion_matrix

    label, prediction, weight = rows("binomial", 1000)
    tables = totals("binomial", label, prediction, weight, 99).tables()
    (tn, fp), (fn, tp) = confusion_matrix(label, prediction[:, 1], sample_weight=weight)
    cells = tables.confusion
    assert cells is not None
    assert [cells.true_negative, cells.false_positive, cells.false_negative, cells.true_positive] == [tn, fp, fn, tp]
    assert sum(tenth.rows for tenth in tables.tenths) == 1000
    assert totals("poisson", *rows("poisson", 100)).tables().confusion is None
