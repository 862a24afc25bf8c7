import numpy as np
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_the_graph_is_the_design_matrix_times_the_weights():
    from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
    from components.trainer.model import LINEAR_LAYER, build_model

    design = DesignMatrix((Term("x", "x"), Term("c", "c", levels=text_levels("ab")[:3])))
    model = build_model(design)
    columns = {"x": np.array([1.5, -2.0], np.float32), "c": np.array([2, 0])}
    assert np.asarray(model(columns)).tolist() == [[0.0], [0.0]]
    kernel = np.array([0.5, 1.0, 2.0, 3.0], np.float32)
    model.get_layer(LINEAR_LAYER).set_weights([kernel[:, None], np.array([10.0], np.float32)])
    predicted = np.asarray(model(columns))
    assert predicted.shape == (2, 1)
    assert predicted[:, 0] == pytest.approx(10 + design.dense(columns) @ kernel)
