"""The interval of the mean error is that of the errors themselves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pipeline.graph.report.mean_error import MeanError, mean_error


@pytest.mark.parametrize("classes", [False, True])
def test_the_interval_is_students_of_the_errors(classes: bool) -> None:
    rng = np.random.default_rng(1)
    label = rng.integers(0, 2, 70).astype(float) if classes else rng.normal(3, 2, 70)
    prediction = rng.uniform(size=70) if classes else label + rng.normal(0.3, 1, 70)
    error = prediction - label
    square = {"brier_score": (error**2).mean()} if classes else {"root_mean_squared_error": np.sqrt((error**2).mean())}
    values = {"example_count": 70.0, "mean_prediction": prediction.mean(), "mean_label": label.mean(), **square}
    found = mean_error(values, weighted=False)
    low, high = stats.ttest_1samp(error, 0.0).confidence_interval(0.95)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((error.mean(), low, high), rel=1e-9)


def test_without_rows_enough_or_with_weights_there_is_no_interval() -> None:
    values = {"example_count": 1.0, "mean_prediction": 2.0, "mean_label": 1.5, "root_mean_squared_error": 0.5}
    alone = MeanError(value=0.5)
    assert mean_error(values, weighted=False) == alone
    assert mean_error({**values, "example_count": 9.0}, weighted=True) == alone
    assert mean_error({**values, "example_count": 9.0, "root_mean_squared_error": None}, weighted=False) == alone
    assert mean_error({**values, "mean_label": None}, weighted=False) is None
