"""The graph's rows in 64 bits, against numpy's."""

import numpy as np
import pytest

from components.linear_model.looked_up import Layout
from components.linear_model.scoring import transformed_columns
from tests.components.many_levels import many_levels, raw_rows

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.mark.parametrize(("levels", "looked_up"), [(300, 1), (20, 0)])
def test_the_graph_has_numpys_products(levels, looked_up):
    import tensorflow as tf

    from components.trainer.rows_graph import RowsGraph

    model = many_levels(levels)
    columns = transformed_columns(model, raw_rows(levels, 2, 40))
    layout = Layout.of(model.design)
    rows = layout.rows(columns)
    graph = RowsGraph(layout, {name: tf.constant(values) for name, values in columns.items()})
    covariance = model.interval.covariance
    assert len(layout.looked_up) == looked_up
    assert graph.numbers.numpy().tolist() == rows.numbers.tolist()
    assert graph.along(model.coefficients).numpy() == pytest.approx(rows.dot(model.coefficients), rel=1e-12, abs=1e-12)
    assert graph.dot(covariance.rows).numpy() == pytest.approx(rows.dot(covariance.rows), rel=1e-12, abs=1e-12)
    assert graph.sizes(model.dependences).numpy() == pytest.approx(rows.sizes(model.dependences), rel=1e-12)
    expected = rows.variances(covariance.dense())
    for form in (covariance, covariance.dense()):
        assert graph.variances(form).numpy() == pytest.approx(expected, rel=1e-12)
        assert rows.variances(form) == pytest.approx(expected, rel=1e-12)


def test_a_model_of_one_looked_up_term_alone_has_its_intercept():
    import tensorflow as tf

    from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
    from components.trainer.rows_graph import RowsGraph

    layout = Layout.of(DesignMatrix((Term("c", "c", levels=text_levels(list(map(str, range(300))))),)))
    graph = RowsGraph(layout, {"c": tf.constant([0, 301, 7], tf.int64)})
    assert graph.along(np.arange(303.0) + 5).numpy().tolist() == [5 + 6, 5 + 307, 5 + 13]
