import dataclasses

import numpy as np
import pytest

from components.linear_model.design_matrix import DesignMatrix, Term
from components.linear_model.portable import MODEL_FILE
from tests.components.models import made_model

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_rows_with_the_same_values_stay_together():
    import tensorflow_model_analysis as tfma
    from tensorflow_model_analysis.api import types

    from components.model_gate.extractors import group_rows

    company = types.VarLenTensorValue(
        np.array([b"a", b"b", b"a"], object), np.array([[0, 0], [1, 0], [3, 0]]), np.array([4, 1])
    )
    extracts = {
        tfma.FEATURES_KEY: {"company": company, "hour": np.array([[1], [1], [1], [2]]), "other": np.zeros((4, 1))},
        tfma.LABELS_KEY: np.array([[10.0], [20.0], [30.0], [40.0]]),
        tfma.PREDICTIONS_KEY: {"candidate": np.arange(4.0), "baseline": np.arange(4.0) + 5},
        tfma.EXAMPLE_WEIGHTS_KEY: None,
        tfma.INPUT_KEY: np.array([b"r"] * 4, object),
    }
    groups = {}
    for group in group_rows(extracts, ["company", "hour"], {}):
        features = group[tfma.FEATURES_KEY]
        key = tuple(features["company"].tolist()), tuple(features["hour"].tolist())
        groups[key] = [group[tfma.LABELS_KEY].ravel().tolist(), group[tfma.PREDICTIONS_KEY]["baseline"].tolist()]
    assert groups == {
        ((b"a",), (1,)): [[10.0], [5.0]],
        ((b"b",), (1,)): [[20.0], [6.0]],
        ((), (1,)): [[30.0], [7.0]],
        ((b"a",), (2,)): [[40.0], [8.0]],
    }
    [whole] = group_rows(extracts, [], {})
    assert whole[tfma.PREDICTIONS_KEY]["candidate"].tolist() == [0, 1, 2, 3]
    assert tfma.EXAMPLE_WEIGHTS_KEY not in whole


def test_a_row_without_a_label_is_an_error():
    import tensorflow_model_analysis as tfma
    from tensorflow_model_analysis.api import types

    from components.model_gate.extractors import group_rows

    label = types.VarLenTensorValue(np.array([1.0]), np.array([[0, 0]]), np.array([2, 1]))
    extracts = {tfma.LABELS_KEY: label, tfma.FEATURES_KEY: {}, tfma.INPUT_KEY: np.array([b"r"] * 2, object)}
    with pytest.raises(ValueError, match="expected a value in each of 2 rows; received 1 values"):
        list(group_rows(extracts, [], {}))


def test_a_column_called_like_the_signatures_input_is_hidden_from_the_model_and_not_from_slices():
    """Seen: a label called `examples` was fed to the model, and every run ended with an error."""
    import tensorflow_model_analysis as tfma

    from components.model_gate.extractors import group_rows, hide_input

    features = {"examples": np.array([[1.0], [2.0]]), "x": np.zeros((2, 1))}
    extracts = {tfma.FEATURES_KEY: features, tfma.INPUT_KEY: np.array([b"r"] * 2, object)}
    hidden = hide_input(extracts)
    assert list(hidden[tfma.FEATURES_KEY]) == ["x"]
    assert [group[tfma.FEATURES_KEY]["examples"].tolist() for group in group_rows(hidden, ["examples"], {})] == [
        [1.0],
        [2.0],
    ]
    assert hide_input(hidden | {tfma.FEATURES_KEY: {"x": features["x"]}})[tfma.FEATURES_KEY] == {"x": features["x"]}


def test_a_probability_comes_with_the_class_that_its_own_model_serves(tmp_path):
    import tensorflow_model_analysis as tfma

    from components.model_gate.extractors import group_rows, threshold_of

    made = made_model([{"name": "x", "kind": "numeric"}], DesignMatrix((Term("x", "x"),)))
    classes = dataclasses.replace(made, family="binomial", classes=["no", "yes"], threshold=0.3)
    for name, model in (("candidate", classes), ("baseline", made)):
        (tmp_path / name).mkdir()
        (tmp_path / name / MODEL_FILE).write_text(model.to_text())
    thresholds = {name: threshold_of(str(tmp_path / name)) for name in ("candidate", "baseline")}
    assert thresholds == {"candidate": 0.3, "baseline": None}
    assert threshold_of(str(tmp_path)) is None
    probabilities = np.array([0.2, 0.3, 0.4], np.float32)  # 0.3 in 32 bits is above 0.3 in 64
    extracts = {
        tfma.FEATURES_KEY: {},
        tfma.INPUT_KEY: np.array([b"r"] * 3, object),
        tfma.PREDICTIONS_KEY: {"candidate": probabilities, "baseline": probabilities[:, None]},
    }
    [both] = group_rows(extracts, [], thresholds)
    assert both[tfma.PREDICTIONS_KEY]["candidate"].tolist() == [
        [p, c] for p, c in zip(probabilities, (0, 1, 1), strict=True)
    ]
    assert both[tfma.PREDICTIONS_KEY]["baseline"].shape == (3, 1)
    [alone] = group_rows(extracts | {tfma.PREDICTIONS_KEY: probabilities}, [], {"": 0.3})
    np.testing.assert_array_equal(alone[tfma.PREDICTIONS_KEY], both[tfma.PREDICTIONS_KEY]["candidate"])
