import numpy as np
import pytest

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
    for group in group_rows(extracts, ["company", "hour"]):
        features = group[tfma.FEATURES_KEY]
        key = tuple(features["company"].tolist()), tuple(features["hour"].tolist())
        groups[key] = [group[tfma.LABELS_KEY].ravel().tolist(), group[tfma.PREDICTIONS_KEY]["baseline"].tolist()]
    assert groups == {
        ((b"a",), (1,)): [[10.0], [5.0]],
        ((b"b",), (1,)): [[20.0], [6.0]],
        ((), (1,)): [[30.0], [7.0]],
        ((b"a",), (2,)): [[40.0], [8.0]],
    }
    [whole] = group_rows(extracts, [])
    assert whole[tfma.PREDICTIONS_KEY]["candidate"].tolist() == [0, 1, 2, 3]
    assert tfma.EXAMPLE_WEIGHTS_KEY not in whole


def test_a_row_without_a_label_is_an_error():
    import tensorflow_model_analysis as tfma
    from tensorflow_model_analysis.api import types

    from components.model_gate.extractors import group_rows

    label = types.VarLenTensorValue(np.array([1.0]), np.array([[0, 0]]), np.array([2, 1]))
    extracts = {tfma.LABELS_KEY: label, tfma.FEATURES_KEY: {}, tfma.INPUT_KEY: np.array([b"r"] * 2, object)}
    with pytest.raises(ValueError, match="expected a value in each of 2 rows; received 1 values"):
        list(group_rows(extracts, []))


def test_a_column_called_like_the_signatures_input_is_hidden_from_the_model_and_not_from_slices():
    """Seen: a label called `examples` was fed to the model, and every run ended with an error."""
    import tensorflow_model_analysis as tfma

    from components.model_gate.extractors import group_rows, hide_input

    features = {"examples": np.array([[1.0], [2.0]]), "x": np.zeros((2, 1))}
    extracts = {tfma.FEATURES_KEY: features, tfma.INPUT_KEY: np.array([b"r"] * 2, object)}
    hidden = hide_input(extracts)
    assert list(hidden[tfma.FEATURES_KEY]) == ["x"]
    assert [group[tfma.FEATURES_KEY]["examples"].tolist() for group in group_rows(hidden, ["examples"])] == [
        [1.0],
        [2.0],
    ]
    assert hide_input(hidden | {tfma.FEATURES_KEY: {"x": features["x"]}})[tfma.FEATURES_KEY] == {"x": features["x"]}
