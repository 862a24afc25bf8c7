import numpy as np
import pytest
from sklearn.metrics import r2_score, root_mean_squared_error

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_metrics_equal_scikit_learns_in_any_grouping():
    from components.model_gate import metrics

    generator = np.random.default_rng(0)
    y = generator.normal(1e6, 1.0, 300)  # a large mean, to show cancellation
    p = y + generator.normal(0, 0.5, 300)
    w = generator.random(300)
    sums = [(w[i], y[i], 0.0, w[i] * (y[i] - p[i]) ** 2) for i in range(300)]
    left = metrics._EMPTY
    for part in sums:
        left = metrics.merge(left, part)
    halves = [metrics._EMPTY, metrics._EMPTY]
    for i, part in enumerate(sums):
        halves[i % 2] = metrics.merge(halves[i % 2], part)
    for total in (left, metrics.merge(*halves)):
        assert metrics.r_squared(total) == pytest.approx(r2_score(y, p, sample_weight=w), rel=1e-9)
        assert metrics.root_mean_squared_error(total) == pytest.approx(
            root_mean_squared_error(y, p, sample_weight=w), rel=1e-9
        )
    assert np.isnan(metrics.r_squared((1.0, 2.0, 0.0, 0.5)))
